"""Centres: who sends exams."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext_noop

from challenges.models import Centre, Challenge
from core.actors import Actor
from core.audit import record
from core.errors import InvalidInputError


def add_centre(*, challenge: Challenge, name: str, actor: Actor, city: str = "") -> Centre:
    try:
        with transaction.atomic():
            centre = Centre.objects.create(challenge=challenge, name=name, slug=slugify(name)[:60], city=city)
            record(verb="centre added", subject=centre, actor=actor, challenge_id=challenge.pk)
    except IntegrityError as error:
        raise InvalidInputError(gettext_noop("A centre named '%(name)s' already takes part."), name=name) from error
    return centre
