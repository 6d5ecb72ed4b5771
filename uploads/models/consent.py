"""That the patient had the information letter, and what the patient chose."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from uploads.models.exam import Exam


class Consent(models.Model):
    """Recorded by the centre with the exam: letter given, not refused."""

    exam = models.OneToOneField(Exam, on_delete=models.CASCADE, related_name="consent")
    letter_given = models.BooleanField()
    refused = models.BooleanField(default=False)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(letter_given=True) | Q(refused=False), name="no_refusal_without_a_letter"
            )
        ]

    def __str__(self) -> str:
        return f"consent for exam {self.exam_id}"
