"""The jury of generated images: cases of all teams, shuffled and blind, marked by radiologists."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from challenges.models import Question, Role, role_held
from core.actors import Reader
from scoring.models.submission import Submission


class JuryCase(models.Model):
    """One generated case that stands for a cluster of a team's embeddings. Jurors know it by its random id alone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="jury_cases")
    submission = models.ForeignKey(
        Submission, null=True, blank=True, on_delete=models.CASCADE, related_name="jury_cases"
    )
    index = models.PositiveIntegerField()  # which of the submission's cases (0-based)
    cluster = models.PositiveIntegerField()
    images_key = models.CharField(max_length=200)  # images x rows x columns, uint8 NPY, in the submissions' store
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["submission", "index"], name="one_jury_case_per_index")]

    def __str__(self) -> str:
        return f"jury case {self.pk}"


class JurySessionQuerySet(models.QuerySet["JurySession"]):
    def visible_to(self, user: Reader) -> JurySessionQuerySet:
        """A session is its juror's, as long as the person is in the jury."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(role_held(user, Role.Kind.JUROR, "question"), juror=user)


class JurySession(models.Model):
    """One juror's pass through all cases, in an order drawn from a published seed."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="jury_sessions")
    juror = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="jury_sessions")
    seed = models.BigIntegerField()
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JurySessionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["question", "juror"], name="one_jury_session_per_juror")]

    def __str__(self) -> str:
        return f"jury session {self.pk}"


class JuryMark(models.Model):
    """One mark (0 to 4) of one juror for one criterion of one case."""

    session = models.ForeignKey(JurySession, on_delete=models.CASCADE, related_name="marks")
    case = models.ForeignKey(JuryCase, on_delete=models.CASCADE, related_name="marks")
    criterion = models.CharField(max_length=40)
    mark = models.PositiveSmallIntegerField()
    marked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "case", "criterion"], name="one_mark_per_criterion"),
            models.CheckConstraint(condition=Q(mark__lte=4), name="marks_go_from_0_to_4"),
        ]

    def __str__(self) -> str:
        return f"mark {self.pk}"
