"""The boards before: which snapshots a later computation replaced, and why."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.days import day_words
from leaderboard.models import Ranking
from scoring.models import Rescore

CORRECTED = _("The reference standard was corrected on %(date)s: %(reason)s.")
CAUSES: dict[str, str | Promise] = {
    "withdrawal": _("Cases were withdrawn."),
    "correction": _("The reference standard was corrected."),
    "request": _("The submissions were scored again."),
}


def note_of(ranking: Ranking) -> str:
    """Why this ranking replaced the one before: the cause, and the organiser's words where there are any."""
    if ranking.cause == Rescore.Cause.CORRECTION and ranking.reason:
        day = day_words(ranking.computed_at)
        return str(CORRECTED) % {"date": day, "reason": ranking.reason.rstrip(".")}
    return " ".join(part for part in (str(CAUSES.get(ranking.cause, "")), ranking.reason) if part)


def versions_of(user: Any, ranking: Ranking) -> dict[str, Any]:
    """`{"earlier": [...], "replaced_by": None | {...}, "awaits": ""}` of one phase and part, as this person may see them.

    `earlier`: the last snapshot before each computation that had a cause, newest first, with why it was replaced. `replaced_by`:
    the next such computation after this one. `awaits`: why a newer one was computed that is not published yet.
    """
    rows = Ranking.objects.filter(phase=ranking.phase_id, part=ranking.part).defer("snapshot", "statistics")
    visible = Exists(Ranking.objects.visible_to(user).filter(pk=OuterRef("pk")))
    every = list(rows.annotate(is_visible=visible).order_by("number"))
    seen = [row for row in every if row.is_visible]
    earlier: list[dict[str, Any]] = []
    replaced_by = None
    for before, after in pairwise(seen):
        if not after.cause or (after.cause == before.cause and after.reason == before.reason):
            continue
        if before.number < ranking.number:
            earlier.append({**_named(before), "note": note_of(after)})
        elif replaced_by is None:
            replaced_by = {**_named(after), "note": note_of(after)}
    last = seen[-1].number if seen else 0
    hidden = next((row for row in reversed(every) if row.number > last and row.cause), None)
    return {
        "earlier": earlier[::-1],
        "replaced_by": replaced_by,
        "awaits": note_of(hidden) if hidden is not None and replaced_by is None else "",
    }


def _named(ranking: Ranking) -> dict[str, Any]:
    return {
        "number": ranking.number,
        "computed_at": ranking.computed_at,
        "published_at": ranking.published_at,
        "sha256": ranking.sha256,
    }
