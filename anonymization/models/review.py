"""What the platform is not sure of, for a person to decide."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from challenges.models import Challenge
from core.actors import Reader
from core.models import Moving
from uploads.models import Exam


class ReviewQuerySet(models.QuerySet["Review"]):
    def visible_to(self, user: Reader) -> ReviewQuerySet:
        """Reviews are decided by organisers. A centre reads the reason in its exam's progress."""
        return self.filter(exam__question__challenge__in=Challenge.objects.organised_by(user))


class Review(Moving):
    """One open point of one exam: at de-identification, at the second check or at quality control."""

    class State(models.TextChoices):
        OPEN = "open"
        CONFIRMED = "confirmed"  # goes on
        REFUSED = "refused"

    MOVES = {"open": frozenset({"confirmed", "refused"})}

    exam = models.ForeignKey(Exam, on_delete=models.CASCADE, related_name="reviews")
    stage = models.CharField(max_length=20)  # deidentify | second_check | quality
    points = models.JSONField(default=list)  # [{"reason", "where", "template", "values"}]
    boxes = models.JSONField(default=list, blank=True)  # [{"file", "frame", "box": [x0, y0, x1, y1]}]
    choices = models.JSONField(default=list, blank=True)  # series to choose among: `choices.Choice`, by image
    chosen = models.JSONField(default=dict, blank=True)  # {image: [series uids]}
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    note = models.TextField(blank=True)
    opened_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        ordering = ["opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["exam", "stage"], condition=Q(state="open"), name="one_open_review_per_stage"
            ),
            models.CheckConstraint(
                condition=Q(state="open") | Q(decided_at__isnull=False), name="decided_review_has_its_moment"
            ),
        ]

    def __str__(self) -> str:
        return f"review of exam {self.exam_id} at {self.stage}"

    @property
    def challenge_id(self) -> int:
        return self.exam.challenge_id
