"""Texts that wait for a person, and what people decided about words."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from challenges.models import Challenge, Question, Role, role_held
from core.actors import Reader
from uploads.models import Exam


class ExamTextQuerySet(models.QuerySet["ExamText"]):
    def visible_to(self, user: Reader) -> ExamTextQuerySet:
        """Organisers see every text of their challenges, readers of a question those that a person has to read."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        reads = role_held(user, Role.Kind.READER, "exam__question")
        own = Q(exam__question__challenge__in=Challenge.objects.organised_by(user))
        return self.annotate(reads=reads).filter(own | Q(reads=True, step=ExamText.Step.ANNOTATORS))

    def waiting(self) -> ExamTextQuerySet:
        """Texts that are not done, of exams that are still in the question."""
        gone = [Exam.State.REFUSED, Exam.State.WITHDRAWN, Exam.State.DROPPED]
        return self.exclude(step=ExamText.Step.DONE).exclude(exam__state__in=gone)


class ExamText(models.Model):
    """One text of one exam until it is de-identified. Then its pieces are erased; the annotation has the safe text."""

    class Step(models.TextChoices):
        REVIEW = "review"  # with the exam's review: its words are decided there
        WORDS = "words"  # for the list of the question's rare words
        ANNOTATORS = "annotators"  # for a person who reads it
        DONE = "done"

    exam = models.ForeignKey(Exam, on_delete=models.CASCADE, related_name="texts")
    place = models.CharField(max_length=120)  # the field, or field.row.column
    step = models.CharField(max_length=12, choices=Step.choices)
    pieces = models.JSONField(default=list, blank=True)  # [[text, state, kind]]; a removed piece has no text
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = ExamTextQuerySet.as_manager()

    class Meta:
        ordering = ["exam", "place"]
        constraints = [
            models.UniqueConstraint(fields=["exam", "place"], name="one_text_per_place"),
            models.CheckConstraint(condition=~Q(step="done") | Q(pieces=[]), name="done_text_has_no_pieces"),
        ]
        indexes = [models.Index(fields=["step", "exam"], name="texts_by_step")]

    def __str__(self) -> str:
        return f"text {self.place} of exam {self.exam_id}"


class WordDecisionQuerySet(models.QuerySet["WordDecision"]):
    def visible_to(self, user: Reader) -> WordDecisionQuerySet:
        return self.filter(question__challenge__in=Challenge.objects.organised_by(user))


class WordDecision(models.Model):
    """What a person decided about one word for all texts of a question, those that come later included.

    A word that identifies is known by its digest under the challenge's key alone; a word that stays is kept for the list.
    """

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="word_decisions")
    digest = models.CharField(max_length=64)
    word = models.CharField(max_length=60, blank=True)  # empty where it identifies
    replacement = models.CharField(max_length=60, blank=True)  # of a word that identifies; empty is the mark
    stays = models.BooleanField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(default=timezone.now)

    objects = WordDecisionQuerySet.as_manager()

    class Meta:
        ordering = ["question", "digest"]
        constraints = [
            models.UniqueConstraint(fields=["question", "digest"], name="one_decision_per_word"),
            models.CheckConstraint(condition=Q(stays=True) | Q(word=""), name="identifying_word_is_not_kept"),
        ]

    def __str__(self) -> str:
        return f"decision {self.pk} of question {self.question_id}"
