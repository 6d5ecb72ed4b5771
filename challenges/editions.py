"""The next edition of a challenge: its questions, charters and centres as they are, with every date moved by the same days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.timezone import get_default_timezone
from django.utils.translation import gettext_noop

from challenges.centres import add_centre
from challenges.charter import charter_in_force, publish_charter
from challenges.frame import create_challenge, load_question, plan_milestone
from challenges.models import Challenge, Charter
from concours.known_names import known_names
from concours.questions.dates import first_opening, shift_dates
from concours.questions.schema import load_spec
from core.actors import Actor
from core.audit import record
from core.errors import InvalidInputError


@dataclass(frozen=True)
class EditionNames:
    """What the new edition is called."""

    slug: str
    title: Mapping[str, str]


def next_edition(
    *, challenge: Challenge, names: EditionNames, first: date, with_centres: bool, actor: Actor
) -> Challenge:
    """A draft whose first window, over all questions, opens on the day `first`. Nobody is invited and no exam goes along.

    Raises SpecError where a question file no longer holds, and then nothing is made.
    """
    texts, days = _moved_files(challenge, first)
    with transaction.atomic():
        edition = create_challenge(
            slug=names.slug,
            title=names.title,
            summary=challenge.summary,
            contact=challenge.contact,
            actor=actor,
        )
        for text in texts:
            load_question(challenge=edition, text=text, actor=actor)
        for audience in Charter.Audience.values:
            charter = charter_in_force(challenge, audience)
            if charter is not None:
                publish_charter(challenge=edition, audience=audience, text=charter.text, actor=actor)
        for milestone in challenge.milestones.filter(question=None).exclude(key__contains=":"):
            moved = _moved(milestone.run_at, days)
            plan_milestone(challenge=edition, key=milestone.key, title=milestone.title, run_at=moved)
        if with_centres:
            for centre in challenge.centres.filter(withdrawn_at=None):
                add_centre(challenge=edition, name=centre.name, city=centre.city, actor=actor)
        record(
            verb="edition begun",
            subject=edition,
            actor=actor,
            detail={"from": challenge.slug, "days": days},
            challenge_id=edition.pk,
        )
    return edition


def _moved_files(challenge: Challenge, first: date) -> tuple[list[str], int]:
    """The questions' files with their dates moved by the same number of days, and that number."""
    texts = [question.current().source for question in challenge.questions.all()]
    specs = [load_spec(text, known_names()) for text in texts]
    openings = [opening.date() for spec in specs if (opening := first_opening(spec)) is not None]
    if not openings:
        raise InvalidInputError(gettext_noop("This challenge has no question with dates; there is nothing to repeat."))
    shift = first - min(openings)
    zone = get_default_timezone()
    moved = []
    for text, spec in zip(texts, specs, strict=True):
        opening = first_opening(spec)
        moved.append(text if opening is None else shift_dates(text, spec, opening.date() + shift, zone))
    return moved, shift.days


def _moved(moment: datetime, days: int) -> datetime:
    """Hours stay what the clock on the wall says."""
    local = moment.astimezone(get_default_timezone())
    return (local.replace(tzinfo=None) + timedelta(days=days)).replace(tzinfo=get_default_timezone())
