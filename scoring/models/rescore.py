"""Why the submissions of a phase are scored once more, asked for by a person or caused by a truth that changed."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from challenges.models import Phase


class Rescore(models.Model):
    """One order. It is done when no scored submission of the phase is older; the ranking that follows bears its reason."""

    class Cause(models.TextChoices):
        WITHDRAWAL = "withdrawal"  # a case left the truth
        CORRECTION = "correction"  # a value or mask of the truth was corrected
        REQUEST = "request"  # an organiser asked for it, for example after a metric was repaired

    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="rescores")
    cause = models.CharField(max_length=12, choices=Cause.choices)
    reason = models.CharField(max_length=300, blank=True)
    ordered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    ordered_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-ordered_at", "-id"]

    def __str__(self) -> str:
        return f"rescore {self.pk} of phase {self.phase_id}"
