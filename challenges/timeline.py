"""The timeline as people see it: phases as windows, other milestones as moments, each over, now or to come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import get_language, gettext, gettext_noop

from challenges.models import Milestone, Phase
from core.words import localised

ICONS = {"batch": "box-arrow-up", "announcement": "megaphone", "reveal": "list-ol"}


def phase_state(phase: Phase, moment: datetime) -> str:
    """upcoming, open or closed: what the clock says, never what a job has done."""
    if phase.is_open(moment):
        return "open"
    return "upcoming" if moment < phase.opens else "closed"


USUAL = {
    "inclusion": gettext_noop("Inclusion"),
    "registration": gettext_noop("Registration"),
    "training": gettext_noop("Training"),
    "validation": gettext_noop("Validation"),
    "public": gettext_noop("Public phase"),
    "preliminary": gettext_noop("Preliminary phase"),
    "final": gettext_noop("Final phase"),
}


def phase_title(phase: Phase) -> str:
    """The title in the question file; without one the usual word of such a phase, or its name."""
    return localised(phase.title, get_language() or "en") or gettext(usual_title(phase.name))


def usual_title(name: str) -> str:
    """The title in English; the caller translates it."""
    return USUAL.get(name) or name.replace("-", " ").capitalize()


@dataclass(frozen=True)
class Moment:
    """A row of the component `timeline`: a window with its end, or a single minute. `state`: done, now or next."""

    at: datetime
    title: str
    note: str
    state: str
    until: datetime | None = None
    icon: str = ""


def moments(phases: Iterable[Phase], milestones: Iterable[Milestone], now: datetime) -> list[Moment]:
    """In the order of time. Phases must come with their question."""
    rows = [
        Moment(
            at=phase.opens,
            until=phase.closes,
            title=phase_title(phase),
            note=str(phase.question),
            state={"open": "now", "upcoming": "next", "closed": "done"}[phase_state(phase, now)],
        )
        for phase in phases
    ]
    rows += [
        Moment(
            at=milestone.run_at,
            title=localised(milestone.title, get_language() or "en") or milestone.key,
            note=str(milestone.question) if milestone.question else "",
            icon=ICONS.get(milestone.key.partition(":")[0], ""),
            state="done" if milestone.run_at <= now else "next",
        )
        for milestone in milestones
        if not milestone.key.startswith("phase:")
    ]
    return sorted(rows, key=lambda moment: moment.at)
