"""One reader's blind look at one exam, and the decision where readers disagree."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from challenges.models import Role, role_held
from core.models import Moving
from uploads.models import Exam


class Grade(models.TextChoices):
    """Quality of an exam and its annotation, A the best."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


class ReadingQuerySet(models.QuerySet["Reading"]):
    def visible_to(self, user: Any) -> ReadingQuerySet:
        """A reading is its reader's, as long as the person reads; it shows neither centre nor anybody else's grade."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(role_held(user, Role.Kind.READER, "exam__question"), reader=user)


class Reading(Moving):
    """An exam in a reader's queue. `order` is shuffled per reader, so that queues say nothing of arrival."""

    class State(models.TextChoices):
        WAITING = "waiting"
        GRADED = "graded"
        CANNOT_JUDGE = "cannot_judge"
        CANCELLED = "cancelled"

    MOVES = {
        "waiting": frozenset({"graded", "cannot_judge", "cancelled"}),
        "graded": frozenset({"waiting", "graded", "cannot_judge"}),
        "cannot_judge": frozenset({"waiting", "graded"}),
        "cancelled": frozenset({"waiting"}),
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    exam = models.ForeignKey(Exam, on_delete=models.CASCADE, related_name="readings")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="readings")
    order = models.PositiveBigIntegerField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    grade = models.CharField(max_length=1, choices=Grade.choices, blank=True)
    criteria = models.JSONField(default=dict, blank=True)
    comment = models.TextField(blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    graded_at = models.DateTimeField(null=True, blank=True)
    seconds = models.FloatField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    objects = ReadingQuerySet.as_manager()

    class Meta:
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["exam", "reader"], name="one_reading_per_exam_and_reader"),
            models.CheckConstraint(condition=~Q(state="graded") | ~Q(grade=""), name="graded_reading_has_a_grade"),
        ]
        indexes = [models.Index(fields=["reader", "state", "order"], name="a_readers_queue")]

    def __str__(self) -> str:
        return f"reading {self.pk}"

    @property
    def challenge_id(self) -> int:
        return self.exam.challenge_id


class Adjudication(models.Model):
    """The grade in force of one exam: the only reader's, the consensus, or an adjudicator's decision."""

    exam = models.OneToOneField(Exam, on_delete=models.CASCADE, related_name="adjudication")
    grade = models.CharField(max_length=1, choices=Grade.choices)
    method = models.CharField(max_length=12)  # single | agreement | majority | adjudicator
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    note = models.TextField(blank=True)
    decided_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"adjudication of exam {self.exam_id}"
