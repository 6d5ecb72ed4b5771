"""A question file as its organiser meets it: every mistake in words, and a new text for a question that exists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.timezone import get_default_timezone
from django.utils.translation import gettext_noop

from challenges.frame import load_question
from challenges.models import Question
from concours.known_names import known_names
from concours.questions.dates import named_dates, shift_dates
from concours.questions.schema import SpecError, load_spec
from core.actors import Actor
from core.errors import InvalidInputError
from core.words import say


@dataclass(frozen=True)
class QuestionMistake:
    """A mistake of a question file in the reader's language."""

    line: int
    where: str
    message: str


def question_mistakes(error: SpecError) -> list[QuestionMistake]:
    """Every mistake, in the order of the lines."""
    return [
        QuestionMistake(mistake.line, mistake.where, say(mistake.template, mistake.values))
        for mistake in error.mistakes
    ]


def update_question(*, question: Question, text: str, actor: Actor) -> Question:
    """A new revision of this very question. Raises SpecError, or InvalidInputError where the file names another one."""
    spec = load_spec(text, known_names=known_names())
    if spec.slug != question.slug:
        raise InvalidInputError(
            gettext_noop("This file describes the question '%(named)s', not '%(slug)s'. Load it as a new question."),
            named=spec.slug,
            slug=question.slug,
        )
    return load_question(challenge=question.challenge, text=text, actor=actor)


@dataclass(frozen=True)
class MovedDate:
    """One date of a file, under its place in it."""

    where: str
    before: datetime
    after: datetime


@dataclass(frozen=True)
class MovedFile:
    """A question file with all dates moved by the same number of days."""

    text: str
    dates: tuple[MovedDate, ...]


def moved_to(text: str, first: date) -> MovedFile:
    """The file as it is when its first window opens on the day `first`; hours stay those of the site's clock. Nothing is loaded.

    Raises SpecError.
    """
    before = load_spec(text, known_names=known_names())
    moved = shift_dates(text, before, first, get_default_timezone())
    after = dict(named_dates(load_spec(moved, known_names=known_names())))
    return MovedFile(moved, tuple(MovedDate(where, moment, after[where]) for where, moment in named_dates(before)))
