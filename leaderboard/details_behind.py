"""What lies behind each team's scores on a board whose results are final: counts, the scores of classes, confusion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from challenges.frame import spec_of
from challenges.question_words import score_title
from concours.formats.json import Json
from leaderboard.models import Ranking
from scoring.details import Details, details_of
from scoring.models import Score

SAID_ALREADY = frozenset({"cases"})  # the number of cases stands on the board


@dataclass(frozen=True)
class ScoreDetails:
    """One score of one team; `title` names both."""

    title: str
    details: Details


def details_behind(ranking: Ranking) -> list[ScoreDetails]:
    """In the order of the board, then of the scores; a score that says nothing more than its value is left out."""
    spec = spec_of(ranking.question)
    placings = list(ranking.placings.filter(evaluation__isnull=False).select_related("team"))
    rows = Score.objects.filter(
        evaluation__in=[ranked.evaluation_id for ranked in placings], part=ranking.part
    ).order_by("id")
    of_evaluation: dict[int | None, list[tuple[str, Details]]] = {}
    for row in rows:
        if says_more(row.details):
            of_evaluation.setdefault(row.evaluation_id, []).append(
                (score_title(spec, row.name), details_of(row.details))
            )
    return [
        ScoreDetails(f"{placing.team.name} – {title}", details)
        for placing in placings
        for title, details in of_evaluation.get(placing.evaluation_id or 0, [])
    ]


def says_more(details: Mapping[str, Json]) -> bool:
    return not set(details) <= SAID_ALREADY
