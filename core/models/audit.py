"""Who changed what, when and why: written with the change, chained by the sweep, never edited."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class AuditRecord(models.Model):
    """One change. `sequence` and `chain` (HMAC over the record and the one before) are filled in by the sweep."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )  # null: the platform itself
    verb = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=40)
    challenge_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    before = models.CharField(max_length=40, blank=True)
    after = models.CharField(max_length=40, blank=True)
    reason = models.TextField(blank=True)
    detail = models.JSONField(default=dict, blank=True)
    sequence = models.BigIntegerField(null=True, blank=True, unique=True)
    chain = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [models.Index(fields=["subject_kind", "subject_id"], name="audit_by_subject")]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_kind} {self.subject_id}"
