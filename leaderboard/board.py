"""A board as plain data, the same for the page and the API: lines with places, scores, intervals and tie groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.cache import cache
from django.utils.translation import get_language, gettext

from challenges.models import Question, Team
from challenges.permissions import team_of
from core.words import localised, say
from leaderboard.history import note_of, versions_of
from leaderboard.models import Placing, Ranking
from leaderboard.permissions import is_out, ranking_for, results_are_final, takes_submissions
from leaderboard.rounding import rounded
from scoring.permissions import is_organiser

KEPT_SECONDS = 24 * 3600


def board(
    user: Any, question: Question, *, phase: str = "", part: str = "", number: int | None = None
) -> dict[str, Any] | None:
    """What this person may see; None where a wished phase, part or number is not out for them.

    `{"challenge", "question", "phase", "part", "number", "computed_at", "published_at", "out", "sha256", "rule", "columns",
    "lines", "ranked_set", "agreement", "not_resampled", "awaits_jury", "cases_out", "shows_cases",
    "shows_uncertainty", "own",
    "note", "earlier", "replaced_by", "awaits"}`.
    `not_resampled`: the scores without an interval, each with the reason; the intervals of places do not include their
    uncertainty. `cases_out`: pictures of single cases are for everybody; `shows_cases`: this person may see them.
    `shows_uncertainty`: while teams can still send answers, only organisers see what is made by resampling. Before anything
    is out, `lines` is empty and `number` None.
    """
    ranking = ranking_for(user, question, phase=phase, part=part, number=number)
    own = team_of(user, question.challenge)
    named = {
        "challenge": question.challenge.slug,
        "question": question.slug,
        "title": str(question),
        "own": own.name if own is not None else None,
    }
    if ranking is None:
        return None if phase or part or number is not None else {**named, **nothing_out()}
    rows = cache.get_or_set(f"board:{ranking.pk}:{ranking.sha256}", lambda: rows_of(ranking), KEPT_SECONDS)
    assert rows is not None
    cases_out = results_are_final(ranking)
    shows_cases = cases_out or is_organiser(user, question)
    shows_uncertainty = shows_cases or not takes_submissions(ranking)
    if not shows_uncertainty:
        rows = without_uncertainty(rows)
    return {
        **named,
        **rows,
        "columns": [{**column, "title": _title(column["title"])} for column in rows["columns"]],
        "not_resampled": {name: say(reason) for name, reason in rows["not_resampled"].items()},
        "published_at": ranking.published_at,
        "out": is_out(ranking),
        "cases_out": cases_out,
        "shows_cases": shows_cases,
        "shows_uncertainty": shows_uncertainty,
        "note": note_of(ranking),
        **versions_of(user, ranking),
    }


def number_in(text: str) -> int | None:
    """The number of a ranking in an address; None where the newest one is meant."""
    return int(text[:9]) if text.isascii() and text.isdigit() else None


def nothing_out() -> dict[str, Any]:
    return {
        "phase": None,
        "part": None,
        "number": None,
        "computed_at": None,
        "published_at": None,
        "out": False,
        "sha256": "",
        "rule": {},
        "columns": [],
        "lines": [],
        "ranked_set": [],
        "agreement": None,
        "not_resampled": {},
        "awaits_jury": False,
        "cases_out": False,
        "shows_cases": False,
        "shows_uncertainty": False,
        "note": "",
        "earlier": [],
        "replaced_by": None,
        "awaits": "",
    }


def without_uncertainty(rows: dict[str, Any]) -> dict[str, Any]:
    """The board while teams can still send answers: the same lines with places and rounded scores only.

    Each answer tells something of the labels of its cases, and an interval tells half as much again.
    """
    hidden: dict[str, Any] = {"ranks": {}, "intervals": {}, "places": None, "first_probability": None, "tie_groups": {}}
    lines = [{**line, **hidden} for line in rows["lines"]]
    return {**rows, "lines": lines, "agreement": None, "not_resampled": {}}


def rows_of(ranking: Ranking) -> dict[str, Any]:
    """A ranking never changes, so neither do its rows: asked once, kept by whoever asks often."""
    snapshot, digits = ranking.snapshot, int(ranking.snapshot.get("digits", 4))
    columns = snapshot.get("columns", [])
    names = [column["name"] for column in columns]
    statistics = ranking.statistics or {}
    placings = list(ranking.placings.select_related("team"))
    places = [placing.place for placing in placings if placing.place is not None]
    return {
        "phase": ranking.phase.name,
        "part": ranking.part,
        "number": ranking.number,
        "computed_at": ranking.computed_at,
        "sha256": ranking.sha256,
        "rule": snapshot.get("rule", {}),
        "columns": columns,
        "lines": [_line(placing, names, digits, statistics, places) for placing in placings],
        "ranked_set": snapshot.get("ranked_set", []),
        "agreement": _stability(statistics),
        "not_resampled": statistics.get("not_resampled", {}),
        "awaits_jury": bool(snapshot.get("awaits_jury")),
    }


def _line(
    placing: Placing, names: list[str], digits: int, statistics: Mapping[str, Any], places: list[int]
) -> dict[str, Any]:
    uncertainty = statistics.get("bootstrap", {}).get("teams", {}).get(placing.team.name, {})
    return {
        "place": placing.place,
        "tied": placing.place is not None and places.count(placing.place) > 1,
        "team": placing.team.name,
        "slug": placing.team.slug,
        "status": placing.status,
        "scores": {name: rounded(placing.scores.get(name), digits) for name in names},
        "ranks": placing.ranks,
        "total": rounded(placing.total, digits),
        "intervals": {
            name: [rounded(interval["low"], digits), rounded(interval["high"], digits)]
            for name, interval in uncertainty.get("scores", {}).items()
            if name in names
        },
        "places": [uncertainty["place"]["low"], uncertainty["place"]["high"]] if uncertainty else None,
        "first_probability": rounded(uncertainty.get("first_probability"), 3),
        "tie_groups": _groups(placing.team, statistics),
        "reason": placing.reason,
    }


def _groups(team: Team, statistics: Mapping[str, Any]) -> dict[str, list[int]]:
    """By score, the groups (numbered from the best) within which no difference is significant and the team stands."""
    return {
        name: [number for number, group in enumerate(test["groups"], start=1) if team.name in group]
        for name, test in statistics.get("significance", {}).items()
    }


def _stability(statistics: Mapping[str, Any]) -> dict[str, Any] | None:
    """Kendall's tau of the ranking under the bootstrap: how far the order depends on which cases were drawn."""
    bootstrap = statistics.get("bootstrap")
    if not bootstrap:
        return None
    tau = {name: rounded(value, 3) for name, value in bootstrap["kendall_tau"].items()}
    return {"kendall_tau": tau, "replicates": bootstrap["replicates"], "level": bootstrap["level"]}


def _title(title: Any) -> str:
    return gettext(title) if isinstance(title, str) and title else localised(title, get_language() or "en")
