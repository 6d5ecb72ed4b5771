"""One judgement of an exam against its question's inclusion criteria."""

from django.db import models
from django.utils import timezone

from uploads.models import Exam


class QualityCheck(models.Model):
    """All judgements at once: [{"criterion", "outcome", "reason", "where", "template", "values"}]."""

    exam = models.ForeignKey(Exam, on_delete=models.CASCADE, related_name="quality_checks")
    number = models.PositiveIntegerField()
    outcome = models.CharField(max_length=10)  # accept | refuse | review
    question_revision = models.PositiveIntegerField()
    judgements = models.JSONField(default=list)
    facts = models.JSONField(default=dict)
    done_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["exam", "-number"]
        constraints = [models.UniqueConstraint(fields=["exam", "number"], name="one_quality_check_per_number")]

    def __str__(self) -> str:
        return f"quality check {self.number} of exam {self.exam_id}"
