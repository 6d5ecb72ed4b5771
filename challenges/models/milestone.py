"""The timeline: rows with the moment at which something is done."""

from __future__ import annotations

from django.db import models

from challenges.models.challenge import Challenge
from challenges.models.question import Question


class Milestone(models.Model):
    """A moment of the timeline. `action` names what the platform does at `run_at` (a registered stage), or is empty.

    Windows and releases hold by predicate (`opens <= now < closes`, `released_at <= now`); a milestone's action does only
    the side effects: mails, archives built beforehand, rankings computed.
    """

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="milestones")
    question = models.ForeignKey(Question, null=True, blank=True, on_delete=models.CASCADE, related_name="milestones")
    key = models.CharField(max_length=60)  # e.g. "phase:final:opens": the same thing planned again moves its row
    title = models.JSONField(default=dict)
    run_at = models.DateTimeField()
    action = models.CharField(max_length=30, blank=True)
    subject_id = models.CharField(max_length=40, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["run_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["challenge", "question", "key"], name="one_milestone_per_question"),
            models.UniqueConstraint(
                fields=["challenge", "key"], condition=models.Q(question=None), name="one_milestone_per_challenge"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} of challenge {self.challenge_id}"
