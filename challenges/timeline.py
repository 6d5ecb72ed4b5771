"""The timeline as people see it: phases as windows, other milestones as moments, each over, now or to come."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils.translation import get_language

from challenges.models import Milestone, Phase
from core.words import localised

ICONS = {"batch": "box-arrow-up", "announcement": "megaphone", "reveal": "list-ol"}


def phase_state(phase: Phase, moment: datetime) -> str:
    """upcoming, open or closed: what the clock says, never what a job has done."""
    if phase.is_open(moment):
        return "open"
    return "upcoming" if moment < phase.opens else "closed"


def phase_title(phase: Phase) -> str:
    return localised(phase.title, get_language() or "en") or phase.name.replace("-", " ").capitalize()


def moments(phases: Iterable[Phase], milestones: Iterable[Milestone], now: datetime) -> list[dict[str, Any]]:
    """Rows of the component `timeline`, in the order of time. Phases must come with their question."""
    rows = [
        {
            "at": phase.opens,
            "until": phase.closes,
            "title": phase_title(phase),
            "note": str(phase.question),
            "state": {"open": "now", "upcoming": "next", "closed": "done"}[phase_state(phase, now)],
        }
        for phase in phases
    ]
    rows += [
        {
            "at": one.run_at,
            "title": localised(one.title, get_language() or "en") or one.key,
            "note": str(one.question) if one.question else "",
            "icon": ICONS.get(one.key.partition(":")[0], ""),
            "state": "done" if one.run_at <= now else "next",
        }
        for one in milestones
        if not one.key.startswith("phase:")
    ]
    return sorted(rows, key=lambda row: row["at"])
