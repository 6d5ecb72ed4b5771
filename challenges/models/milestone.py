"""The timeline: rows with the moment at which something is done."""

from __future__ import annotations

from django.db import models

from challenges.models.challenge import Challenge
from challenges.models.question import Question


class Milestone(models.Model):
    """A moment of the timeline, to be shown. Windows and releases hold by predicate (`opens <= now < closes`,
    `released_at <= now`); what has to be done at a moment is a row of the queue with that `run_at`.
    """

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="milestones")
    question = models.ForeignKey(Question, null=True, blank=True, on_delete=models.CASCADE, related_name="milestones")
    key = models.CharField(max_length=60)  # e.g. "phase:final:opens": the same thing planned again moves its row
    title = models.JSONField(default=dict)
    run_at = models.DateTimeField()

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
