"""A clinical question of a challenge, its file's revisions and its phases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import get_language

from challenges.models.challenge import Challenge
from core.words import localised

if TYPE_CHECKING:
    from datetime import datetime


class QuestionQuerySet(models.QuerySet["Question"]):
    def visible_to(self, user: Any) -> QuestionQuerySet:
        return self.filter(challenge__in=Challenge.objects.visible_to(user))


class Question(models.Model):
    """What its newest revision's file says, plus the few columns that pages and constraints need."""

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="questions")
    slug = models.SlugField(max_length=60)
    title = models.JSONField(default=dict)
    summary = models.JSONField(default=dict, blank=True)
    kind = models.CharField(max_length=30)
    position = models.PositiveSmallIntegerField(default=0)
    revision = models.PositiveIntegerField(default=0)  # the number of the revision in force

    objects = QuestionQuerySet.as_manager()

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["challenge", "slug"], name="one_question_per_slug")]

    def __str__(self) -> str:
        return localised(self.title, get_language() or "en") or self.slug

    def current(self) -> QuestionRevision:
        """The revision in force."""
        return self.revisions.get(number=self.revision)


class QuestionRevision(models.Model):
    """The question file as it was given, kept for ever: what was scored under it can be scored again."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    source = models.TextField()  # the YAML text
    sha256 = models.CharField(max_length=64)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["question", "number"], name="one_revision_per_number")]

    def __str__(self) -> str:
        return f"{self.question_id} r{self.number}"


class PhaseQuerySet(models.QuerySet["Phase"]):
    def accepting(self, kind: str) -> PhaseQuerySet:
        """The phases in which people send something of this kind: exams, submissions."""
        return self.filter(accepts=kind)


class Phase(models.Model):
    """A named window of a question: open while `opens <= now < closes`. Being open is a predicate, never an action."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="phases")
    name = models.SlugField(max_length=40)
    title = models.JSONField(default=dict, blank=True)
    opens = models.DateTimeField()
    closes = models.DateTimeField()
    batch = models.CharField(
        max_length=40, blank=True
    )  # the name of the batch that submissions answer; empty: inclusion
    decides = models.BooleanField(default=False)
    accepts = models.CharField(max_length=20, default="nothing")  # what people send, as the question file says

    objects = PhaseQuerySet.as_manager()

    class Meta:
        ordering = ["opens", "id"]
        constraints = [
            models.UniqueConstraint(fields=["question", "name"], name="one_phase_per_name"),
            models.CheckConstraint(
                condition=models.Q(opens__lt=models.F("closes")), name="phase_opens_before_it_closes"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.question_id} {self.name}"

    def is_open(self, moment: datetime) -> bool:
        return self.opens <= moment < self.closes
