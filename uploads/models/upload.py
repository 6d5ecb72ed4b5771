"""A resumable upload. While it is received its file on the staging disk is the truth: the offset is the file's size."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from challenges.models import Centre, Question, Team
from core.actors import Reader
from core.models import Moving


class UploadQuerySet(models.QuerySet["Upload"]):
    def visible_to(self, user: Reader) -> UploadQuerySet:
        """An upload is its owner's alone: 404 for everybody else."""
        return self.filter(owner=user) if user.is_authenticated else self.none()


class Upload(Moving):
    """Bytes on their way in: an exam (for a centre) or a submission (for a team)."""

    class Kind(models.TextChoices):
        EXAM = "exam"
        SUBMISSION = "submission"
        PARTIAL = "partial"  # a part of a concatenation

    class State(models.TextChoices):
        RECEIVING = "receiving"
        STORED = "stored"  # every byte is on the disk, at `stored_at`
        RECEIVED = "received"  # handed over: exams or a submission stand in its place
        REFUSED = "refused"
        EXPIRED = "expired"

    MOVES = {
        "receiving": frozenset({"stored", "expired"}),
        "stored": frozenset({"received", "refused", "expired"}),
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="uploads")
    # A part is sent before the upload that it belongs to is announced: it has no question.
    question = models.ForeignKey(Question, null=True, blank=True, on_delete=models.PROTECT, related_name="uploads")
    centre = models.ForeignKey(Centre, null=True, blank=True, on_delete=models.PROTECT, related_name="uploads")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="uploads")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    state = models.CharField(max_length=12, choices=State.choices, default=State.RECEIVING)
    source_name = models.CharField(max_length=255, blank=True)  # may name a patient: erased with the quarantine
    length = models.BigIntegerField(null=True, blank=True)  # bytes; null while deferred
    metadata = models.JSONField(default=dict, blank=True)
    blob_key = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=40, blank=True)
    faults = models.JSONField(default=list, blank=True)  # [{"reason", "where", "template", "values"}]
    notes = models.JSONField(default=list, blank=True)  # set aside: [{"kind", "count", "names"}]
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    stored_at = models.DateTimeField(null=True, blank=True)  # when the last byte was durable, by the database's clock

    objects = UploadQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["state", "expires_at"], name="uploads_that_expire")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["receiving", "expired"]) | models.Q(stored_at__isnull=False),
                name="stored_upload_has_its_moment",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="refused") | ~models.Q(reason=""), name="refused_upload_has_a_reason"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="partial") | models.Q(question__isnull=False),
                name="whole_upload_has_a_question",
            ),
        ]

    def __str__(self) -> str:
        return f"upload {self.pk}"

    @property
    def target_question(self) -> Question:
        """The question of a whole upload. A part has none: the database's constraint says so, and this raises ValueError."""
        if self.question is None:
            raise ValueError("a part of an upload has no question")
        return self.question

    @property
    def challenge_id(self) -> int | None:
        """None for a part, which belongs to no question yet."""
        return self.question.challenge_id if self.question is not None else None
