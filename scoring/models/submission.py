"""What a team sent for a phase."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from challenges.models import Challenge, Phase, Team
from core.actors import Reader
from core.models import Moving
from uploads.models import Upload

# Why a submission was cancelled that came second under one idempotency key.
REPEATED_COPY = "repeated_copy"
REPEATED_SCORED = "repeated_scored"  # another file, whose score was computed already: it costs an attempt


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def visible_to(self, user: Reader) -> SubmissionQuerySet:
        """A submission is its team's and the organisers'."""
        if not user.is_authenticated:
            return self.none()
        if user.is_superuser:
            return self
        own = Q(team__memberships__user=user)
        return self.filter(own | Q(team__challenge__in=Challenge.objects.organised_by(user))).distinct()


class Submission(Moving):
    """One file of one team in one phase. In time when its last byte was durable before the phase closed."""

    class State(models.TextChoices):
        RECEIVED = "received"
        VALID = "valid"
        REJECTED = "rejected"  # all errors at once; counts against no quota
        SCORED = "scored"
        FAILED = "failed"  # the platform's fault, with a reason; a person can retry
        CANCELLED = "cancelled"

    MOVES = {
        "received": frozenset({"valid", "rejected", "failed", "cancelled"}),
        "valid": frozenset({"scored", "rejected", "failed", "cancelled"}),
        "failed": frozenset({"received", "valid", "cancelled"}),
        "scored": frozenset({"valid", "cancelled"}),
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="submissions")
    phase = models.ForeignKey(Phase, on_delete=models.PROTECT, related_name="submissions")
    upload = models.OneToOneField(Upload, on_delete=models.PROTECT, related_name="submission")
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.RECEIVED)
    received_at = models.DateTimeField()  # the upload's last durable byte, by the database's clock
    blob_key = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    idempotency_key = models.CharField(max_length=80, null=True, blank=True)  # null: none given
    faults = models.JSONField(default=list, blank=True)  # [{"reason", "where", "template", "values"}]
    reason = models.TextField(blank=True)
    description = models.TextField(blank=True)
    declared = models.JSONField(default=dict, blank=True)  # by the team: network size, seconds a case …
    measured = models.JSONField(default=dict, blank=True)  # the same by the organisers; it replaces what is declared
    is_final = models.BooleanField(null=True, blank=True)  # the team's choice; null: the platform's rule decides
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        ordering = ["-received_at"]
        constraints = [
            models.UniqueConstraint(fields=["team", "idempotency_key"], name="one_submission_per_idempotency_key"),
            models.UniqueConstraint(
                fields=["team", "phase"], condition=Q(is_final=True), name="one_final_submission_per_phase"
            ),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(reason=""), name="failed_submission_has_a_reason"),
            models.CheckConstraint(
                condition=~Q(state="rejected") | ~Q(faults=[]), name="rejected_submission_has_its_errors"
            ),
        ]
        indexes = [models.Index(fields=["phase", "team", "received_at"], name="submissions_of_a_team")]

    def __str__(self) -> str:
        return f"submission {self.pk}"

    @property
    def challenge_id(self) -> int:
        return self.team.challenge_id
