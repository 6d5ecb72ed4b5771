"""A value or a file of an exam is corrected: what becomes of it, who decided, and why."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from core.actors import Reader
from core.models import Moving
from uploads.models import Exam


class CorrectionQuerySet(models.QuerySet["Correction"]):
    def visible_to(self, user: Reader) -> CorrectionQuerySet:
        """Whoever sees the exam: people of its centre, and organisers."""
        return self.filter(exam__in=Exam.objects.visible_to(user).order_by())


class Correction(Moving):
    """A new value, table or mask for one field of one exam.

    `value` or the blob is here while a person has to decide; then the annotation has it, and the truth alone once it is sealed.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed"  # waits for an organiser
        CONFIRMED = "confirmed"  # decided; the sealed truths are being made again
        CORRECTED = "corrected"  # every place has it
        REJECTED = "rejected"

    class Scope(models.TextChoices):
        """What was fixed when it was decided."""

        OPEN = "open"  # nothing: before the sets are frozen
        FROZEN = "frozen"  # the sets
        SEALED = "sealed"  # the truth: two organisers

    MOVES = {
        "proposed": frozenset({"confirmed", "corrected", "rejected"}),
        "confirmed": frozenset({"corrected"}),
    }

    exam = models.ForeignKey(Exam, on_delete=models.CASCADE, related_name="corrections")
    field = models.CharField(max_length=40)
    value = models.JSONField(null=True, blank=True)
    blob_key = models.CharField(max_length=200, blank=True)
    blob_name = models.CharField(max_length=20, blank=True)  # its format, as in Annotation
    sha256 = models.CharField(max_length=64, blank=True)
    texts = models.JSONField(default=list, blank=True)  # [GatedText] with words to decide on
    points = models.JSONField(default=list, blank=True)  # [Judgement] that a person has to check
    before = models.PositiveIntegerField(default=0)  # the version that it corrects; 0 where there was none
    version = models.PositiveIntegerField(null=True, blank=True)  # the version that it became
    reason = models.CharField(max_length=300)  # in plain words; teams read it once the sets are frozen
    scope = models.CharField(max_length=10, choices=Scope.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    note = models.CharField(max_length=300, blank=True)  # of who decided
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        ordering = ["-proposed_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["exam", "field"], condition=Q(state="proposed"), name="one_proposed_correction_per_field"
            ),
            models.CheckConstraint(
                condition=Q(state="proposed") | Q(decided_at__isnull=False), name="decided_correction_has_its_moment"
            ),
            models.CheckConstraint(
                condition=Q(state="proposed") | (Q(value__isnull=True) & Q(blob_key="") & Q(texts=[])),
                name="decided_correction_keeps_no_value",
            ),
            models.CheckConstraint(
                condition=~Q(scope="sealed")
                | Q(state__in=["proposed", "rejected"])
                | ~Q(decided_by=models.F("proposed_by")),
                name="sealed_correction_has_four_eyes",
            ),
        ]
        indexes = [models.Index(fields=["state", "exam"], name="corrections_by_state")]

    def __str__(self) -> str:
        return f"correction of {self.field} of exam {self.exam_id}"

    @property
    def challenge_id(self) -> int:
        return self.exam.challenge_id
