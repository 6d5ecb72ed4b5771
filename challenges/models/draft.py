"""A question file in the making: it may still have mistakes, and only organisers see it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from challenges.models.challenge import Challenge
from challenges.models.question import Question


class QuestionDraft(models.Model):
    """The text that becomes a question, or the next revision of `question`, when it is loaded; the row then goes."""

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="drafts")
    question = models.ForeignKey(Question, null=True, on_delete=models.CASCADE, related_name="drafts")
    title = models.CharField(max_length=200)  # as the list shows it
    text = models.TextField()
    version = models.PositiveIntegerField(default=1)  # of the text: two organisers at once do not undo each other
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-changed_at", "-id"]

    def __str__(self) -> str:
        return self.title
