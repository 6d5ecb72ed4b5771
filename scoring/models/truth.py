"""The sealed truth of an evaluation batch. Only the scorer opens the store it lies in."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from batches.models import Batch


class Truth(models.Model):
    """One version of the truth of one batch: a sealed archive, and the public manifest that validation may know."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="truths")
    version = models.PositiveIntegerField()
    blob_key = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    public_manifest = models.JSONField()
    cases = models.PositiveIntegerField()
    reason = models.TextField(blank=True)  # why a later version replaced the one before
    sealed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    sealed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["batch", "-version"]
        constraints = [models.UniqueConstraint(fields=["batch", "version"], name="one_truth_per_version")]

    def __str__(self) -> str:
        return f"truth {self.version} of batch {self.batch_id}"
