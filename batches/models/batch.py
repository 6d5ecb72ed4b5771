"""What is released, when, to whom, with a manifest of hashes."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from batches.models.split import Split
from challenges.models import Challenge, Question, Team
from uploads.models import Exam


class BatchQuerySet(models.QuerySet["Batch"]):
    def visible_to(self, user: Any) -> BatchQuerySet:
        """Organisers see every batch; members of approved teams that entered the question see those that are released.

        Whether the charter is signed is asked at the door of each download (`batches.permissions.may_download`).
        """
        if not user.is_authenticated:
            return self.none()
        if user.is_superuser:
            return self
        organised = Q(question__challenge__in=Challenge.objects.organised_by(user))
        entered = Q(
            question__entries__team__memberships__user=user,
            question__entries__team__state=Team.State.APPROVED,
            question__entries__excluded_reason="",
            released_at__lte=Now(),
            state=Batch.State.BUILT,
        )
        return self.filter(organised | entered).distinct()


class Batch(models.Model):
    """One set of a split as an immutable archive. It is out when it is built and `released_at <= now`."""

    class State(models.TextChoices):
        PLANNED = "planned"
        BUILT = "built"
        REVOKED = "revoked"

    class Face(models.TextChoices):
        """What teams get of a head that a face can be rendered from."""

        KEEP = "keep"
        BLANK = "blank"

    MOVES: ClassVar[dict[str, frozenset[str]]] = {
        "planned": frozenset({"built", "revoked"}),
        "built": frozenset({"revoked"}),
        "revoked": frozenset({"planned"}),
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="batches")
    split = models.ForeignKey(Split, null=True, blank=True, on_delete=models.PROTECT, related_name="batches")
    name = models.SlugField(max_length=40)
    set_name = models.CharField(max_length=40)
    is_evaluation = models.BooleanField(default=False)
    face = models.CharField(max_length=10, choices=Face.choices, default=Face.KEEP)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    released_at = models.DateTimeField()
    seed = models.CharField(max_length=64, blank=True)  # secret: what public ids and order are drawn from
    manifest = models.JSONField(default=dict, blank=True)
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    archive_key = models.CharField(max_length=200, blank=True)
    archive_sha256 = models.CharField(max_length=64, blank=True)
    archive_bytes = models.BigIntegerField(default=0)
    built_at = models.DateTimeField(null=True, blank=True)

    objects = BatchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "batches"
        ordering = ["released_at", "name"]
        constraints = [
            models.UniqueConstraint(fields=["question", "name"], name="one_batch_per_name"),
            models.CheckConstraint(condition=~Q(state="built") | ~Q(archive_key=""), name="built_batch_has_an_archive"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of question {self.question_id}"


class BatchItem(models.Model):
    """An exam as teams know it: a random public id and, where patients have several exams, a random patient group."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="items")
    exam = models.ForeignKey(Exam, on_delete=models.PROTECT, related_name="batch_items")
    public_id = models.CharField(max_length=40)
    patient_group = models.CharField(max_length=40, blank=True)
    position = models.PositiveIntegerField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["batch", "position"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "exam"], name="one_item_per_exam"),
            models.UniqueConstraint(fields=["batch", "public_id"], name="one_item_per_public_id"),
        ]

    def __str__(self) -> str:
        return f"{self.public_id} of batch {self.batch_id}"


class Download(models.Model):
    """A receipt: who fetched which batch for which team, when."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="downloads")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="downloads")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField(default=timezone.now)
    address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return f"download {self.pk} of batch {self.batch_id}"
