"""What is released, when, to whom, with a manifest of hashes."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from batches.models.split import Split
from challenges.models import Challenge, Question, Team
from core.actors import Reader
from core.clock import SiteNow
from core.models import Moving
from uploads.models import Exam


class BatchQuerySet(models.QuerySet["Batch"]):
    def visible_to(self, user: Reader) -> BatchQuerySet:
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
            released_at__lte=SiteNow(),
        )
        was_out = Q(state=Batch.State.BUILT) | Q(state=Batch.State.PLANNED, version__gt=1)
        return self.filter(organised | (entered & was_out)).distinct()


class Batch(Moving):
    """One set of a split as an immutable archive. It is out when it is built and `released_at <= now`."""

    class State(models.TextChoices):
        PLANNED = "planned"
        BUILT = "built"
        REVOKED = "revoked"

    class Face(models.TextChoices):
        """What teams get of a head that a face can be rendered from."""

        KEEP = "keep"
        BLANK = "blank"

    MOVES = {
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
    version = models.PositiveIntegerField(
        default=1
    )  # of the manifest: one more each time it is built after its release
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

    def was_out(self, now: datetime) -> bool:
        """Whether anybody may have fetched it."""
        return self.version > 1 or (self.state == self.State.BUILT and self.released_at <= now)

    @property
    def is_being_rebuilt(self) -> bool:
        """It was out, and is being built again without a case that was withdrawn, or with a value that was corrected."""
        return self.state == self.State.PLANNED and self.version > 1

    @property
    def challenge_id(self) -> int:
        return self.question.challenge_id


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
    """A receipt: who fetched which version of which batch for which team, when."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="downloads")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="downloads")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=1)
    started_at = models.DateTimeField(default=timezone.now)
    address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return f"download {self.pk} of batch {self.batch_id}"


class DeletionRequest(models.Model):
    """A case left a batch that this person had fetched: the person is told, deletes every copy, and says so."""

    item = models.ForeignKey(BatchItem, on_delete=models.CASCADE, related_name="deletion_requests")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="deletion_requests")
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)
    mailed_at = models.DateTimeField(null=True, blank=True)
    attested_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["requested_at", "id"]
        constraints = [models.UniqueConstraint(fields=["item", "user"], name="one_deletion_request_per_person")]

    def __str__(self) -> str:
        return f"deletion request {self.pk}"
