"""What happened to a subject, stage by stage, for those who may know: written by each stage as it hands over."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class Progress(models.Model):
    """One step of one subject, in words that the site says in the reader's language.

    Nothing here names a grade, a set, a centre or a truth: a centre reads these rows, and whoever reads them may see
    only that its exam went on.
    """

    class Audience(models.TextChoices):
        CENTRE = "centre"
        TEAM = "team"
        ORGANISER = "organiser"

    subject_kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=40)
    stage = models.CharField(max_length=30)
    state = models.CharField(max_length=30)
    reason = models.CharField(max_length=40, blank=True)
    where = models.CharField(max_length=200, blank=True)
    template = models.TextField(blank=True)
    values = models.JSONField(default=dict, blank=True)
    audience = models.CharField(max_length=12, choices=Audience.choices, default=Audience.CENTRE)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["subject_kind", "subject_id", "at"], name="progress_by_subject")]
        ordering = ["at", "id"]
        verbose_name_plural = "progress"

    def __str__(self) -> str:
        return f"{self.subject_kind} {self.subject_id}: {self.stage} {self.state}"
