"""One scoring run of one submission against one version of the truth, and the numbers it gave."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from scoring.models.submission import Submission
from scoring.models.truth import Truth


class Evaluation(models.Model):
    """What was run: versions, seeds and hashes, so that anybody may run it again. The newest one counts.

    Without a truth its scores were computed elsewhere and entered by an organiser.
    """

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="evaluations")
    truth = models.ForeignKey(Truth, null=True, blank=True, on_delete=models.PROTECT, related_name="evaluations")
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    number = models.PositiveIntegerField()
    question_revision = models.PositiveIntegerField()
    seed = models.BigIntegerField(default=0)
    provenance = models.JSONField(default=dict)  # versions of engines, hashes of inputs and weights
    artefacts_key = models.CharField(max_length=200, blank=True)  # embeddings and the like, in the sealed store
    cases = models.PositiveIntegerField(default=0)
    done_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["submission", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["submission", "number"], name="one_evaluation_per_number"),
            models.CheckConstraint(
                condition=~Q(truth=None) | ~Q(entered_by=None), name="evaluation_has_a_truth_or_a_sender"
            ),
        ]

    def __str__(self) -> str:
        return f"evaluation {self.number} of submission {self.submission_id}"


class Score(models.Model):
    """One score of one evaluation. `value` null is undefined, with the reason why."""

    class Part(models.TextChoices):
        ALL = "all"
        PUBLIC = "public"
        PRIVATE = "private"

    evaluation = models.ForeignKey(Evaluation, on_delete=models.CASCADE, related_name="scores")
    name = models.CharField(max_length=40)
    part = models.CharField(max_length=8, choices=Part.choices, default=Part.ALL)
    value = models.FloatField(null=True, blank=True)
    low = models.FloatField(null=True, blank=True)  # 95 % interval
    high = models.FloatField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    details = models.JSONField(default=dict, blank=True)  # what lies behind it: counts, scores of classes, tables

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["evaluation", "name", "part"], name="one_score_per_name_and_part")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.part}) of evaluation {self.evaluation_id}"


class CaseScore(models.Model):
    """One score of one case: for statistics, seen by organisers alone."""

    evaluation = models.ForeignKey(Evaluation, on_delete=models.CASCADE, related_name="case_scores")
    public_id = models.CharField(max_length=40)
    name = models.CharField(max_length=40)
    value = models.FloatField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["evaluation", "public_id", "name"], name="one_score_per_case")]

    def __str__(self) -> str:
        return f"{self.name} of {self.public_id}"
