"""Finds what a person names in a request; what they may not see does not exist (404)."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils.translation import gettext_noop

from challenges.models import Challenge, Question
from challenges.permissions import require_organiser
from core.errors import InvalidInputError


def visible_challenge(user: Any, slug: str) -> Challenge:
    challenge = Challenge.objects.visible_to(user).filter(slug=slug).first()
    if challenge is None:
        raise Http404
    return challenge


def organised_challenge(user: Any, slug: str) -> Challenge:
    """404 for those who may not see it, NotAllowedError for those who may see but not organise it."""
    challenge = visible_challenge(user, slug)
    require_organiser(user, challenge)
    return challenge


def visible_question(user: Any, name: str) -> Question:
    """`name` is `<challenge>/<question>`."""
    challenge, _slash, slug = name.partition("/")
    question = (
        Question.objects.visible_to(user)
        .filter(challenge__slug=challenge, slug=slug)
        .select_related("challenge")
        .first()
    )
    if question is None:
        raise Http404
    return question


def organised_question(user: Any, name: str) -> Question:
    question = visible_question(user, name)
    require_organiser(user, question.challenge)
    return question


def named_question(challenge: Challenge, name: str) -> Question:
    """A question of this challenge by its slug, or by challenge/slug."""
    slug = name.rpartition("/")[2]
    question = challenge.questions.filter(slug=slug).first()
    if question is None:
        raise InvalidInputError(gettext_noop("This challenge has no question '%(name)s'."), name=name[:80])
    return question
