"""Which exam belongs to which set. Patients never cross from one set to another."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from challenges.models import Question
from core.models import Moving
from uploads.models import Exam


class Split(Moving):
    """One division of a question's kept exams, from a seed that anybody can repeat; frozen when its first batch is out."""

    class State(models.TextChoices):
        DRAFT = "draft"
        FROZEN = "frozen"
        REPLACED = "replaced"

    MOVES = {"draft": frozenset({"frozen", "replaced"})}

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="splits")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    seed = models.BigIntegerField()
    rule = models.JSONField()  # sets with sizes, stratification
    balance = models.JSONField(default=dict)  # counts per set and stratum, for the organiser
    sha256 = models.CharField(max_length=64)  # over the sorted (exam, set) pairs
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["question", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["question", "number"], name="one_split_per_number"),
            models.UniqueConstraint(
                fields=["question"], condition=~Q(state="replaced"), name="one_split_in_force_per_question"
            ),
        ]

    def __str__(self) -> str:
        return f"split {self.number} of question {self.question_id}"

    @property
    def challenge_id(self) -> int:
        return self.question.challenge_id


class SplitItem(models.Model):
    """One exam in one set."""

    split = models.ForeignKey(Split, on_delete=models.CASCADE, related_name="items")
    exam = models.ForeignKey(Exam, on_delete=models.PROTECT, related_name="split_items")
    set_name = models.CharField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["split", "exam"], name="one_set_per_exam")]
        indexes = [models.Index(fields=["split", "set_name"], name="exams_of_a_set")]

    def __str__(self) -> str:
        return f"exam {self.exam_id} in {self.set_name}"
