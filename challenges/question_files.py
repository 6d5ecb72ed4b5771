"""A question file as its organiser meets it: every mistake in words, and a new text for a question that exists."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_noop

from challenges.frame import load_question
from challenges.known import known
from challenges.models import Question
from challenges.spec import SpecError, load_spec
from core.errors import InvalidInputError
from core.words import say


def said_mistakes(error: SpecError) -> list[dict[str, Any]]:
    """Every mistake as {line, where, message} in the reader's language, in the order of the lines."""
    return [{"line": one.line, "where": one.where, "message": say(one.template, one.values)} for one in error.mistakes]


def update_question(*, question: Question, text: str, actor: Any) -> Question:
    """A new revision of this very question. Raises SpecError, or InvalidInputError where the file names another one."""
    spec = load_spec(text, known=known())
    if spec.slug != question.slug:
        raise InvalidInputError(
            gettext_noop("This file is of the question '%(named)s', not of '%(slug)s'. Load it as a new question."),
            named=spec.slug,
            slug=question.slug,
        )
    return load_question(challenge=question.challenge, text=text, actor=actor)
