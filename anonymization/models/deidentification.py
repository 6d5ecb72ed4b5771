"""One run of the engine and of the second check over one exam."""

from django.db import models
from django.utils import timezone

from uploads.models import Exam


class Deidentification(models.Model):
    """What was done, tag by tag, and what the second check found: actions and kinds, never values."""

    exam = models.ForeignKey(Exam, on_delete=models.CASCADE, related_name="deidentifications")
    number = models.PositiveIntegerField()
    outcome = models.CharField(max_length=10)  # written | refused | review
    engine_version = models.CharField(max_length=40)
    profile_sha256 = models.CharField(max_length=64)
    report = models.JSONField(default=dict)
    findings = models.JSONField(default=list, blank=True)  # the second check: [{"file", "where", "kind"}]
    done_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["exam", "-number"]
        constraints = [models.UniqueConstraint(fields=["exam", "number"], name="one_deidentification_per_number")]

    def __str__(self) -> str:
        return f"de-identification {self.number} of exam {self.exam_id}"
