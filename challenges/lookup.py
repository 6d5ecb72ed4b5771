"""Finds what a person names in a request; what they may not see does not exist (404)."""

from __future__ import annotations

from typing import Any

from django.http import Http404

from challenges.models import Challenge, Question
from challenges.people import require_organiser


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
