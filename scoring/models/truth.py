"""The sealed truth of an evaluation batch. Only the scorer opens the store it lies in."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from batches.models import Batch


class Truth(models.Model):
    """One version of the truth of one batch: a sealed archive, and the public manifest that validation may know.

    `blob_key` is empty where the archive is erased, since a case of it was withdrawn, and where no case is left at all.
    """

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="truths")
    version = models.PositiveIntegerField()
    blob_key = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    public_manifest = models.JSONField()
    cases = models.PositiveIntegerField()
    reason = models.CharField(max_length=20, blank=True)  # why it replaced the one before: withdrawal, correction
    corrections = models.JSONField(default=list, blank=True)  # ids of the corrections that it contains
    faults = models.JSONField(default=list, blank=True)  # why no submission can be scored on it: [Fault]
    sealed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    sealed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["batch", "-version"]
        constraints = [models.UniqueConstraint(fields=["batch", "version"], name="one_truth_per_version")]

    def __str__(self) -> str:
        return f"truth {self.version} of batch {self.batch_id}"
