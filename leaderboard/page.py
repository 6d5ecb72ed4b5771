"""A board as the page shows it: table and pictures as one fragment, rendered once a ranking, language and reader's team."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.utils.formats import number_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from challenges.frame import spec_of
from challenges.models import Question
from challenges.question_words import field_unit, number, score_title, score_unit
from concours.questions.schema.rules import ONE_SCORE
from core.pages import render_part
from leaderboard.board import KEPT_SECONDS, board
from leaderboard.board_records import (
    BoardTable,
    NotResampledScore,
    OrderStability,
    PodiumPlace,
    ScoreCell,
    ScoreColumn,
    ShownLine,
)
from leaderboard.details_behind import details_behind
from leaderboard.models import Ranking
from leaderboard.pictures import sections


def fragment(
    user: Any, question: Question, phase: str, part: str, number: int | None = None
) -> tuple[dict[str, Any] | None, SafeString]:
    """What `board` says, and its lines as HTML. A ranking never changes, so its HTML is kept under its hash."""
    shown = board(user, question, phase=phase, part=part, number=number)
    if shown is None or shown["number"] is None:
        return shown, SafeString("")
    shows = (shown["shows_cases"], shown["cases_out"], shown["shows_uncertainty"])
    shown_as = (shown["sha256"], shown["number"], get_language(), *shows)
    key = ":".join(["board-page", *map(str, shown_as), shown["own"] or ""]).replace(" ", "_")
    html = cache.get(key)
    if html is None:
        html = str(render_part("leaderboard/lines.html", board_table(question, shown)))
        cache.set(key, html, KEPT_SECONDS)
    return shown, mark_safe(html)  # noqa: S308  (rendered by our own template)


def board_table(question: Question, shown: dict[str, Any]) -> BoardTable:
    """The lines of a board document, numbers as the reader writes them."""
    ranking = Ranking.objects.get(
        question=question, phase__name=shown["phase"], part=shown["part"], number=shown["number"]
    )
    spec = spec_of(question)
    columns = [
        ScoreColumn(
            name=column["name"],
            title=column["title"],
            direction=column.get("direction", ""),
            unit=score_unit(spec, column["name"]),
            error_unit=field_unit(spec, column["name"]),
            axis=_axis(column["name"], shown["lines"]),
        )
        for column in shown["columns"]
    ]
    lines = [_line(line, columns, shown["own"], int(ranking.snapshot.get("digits", 4))) for line in shown["lines"]]
    has_total = shown["rule"].get("rule") != ONE_SCORE or len(columns) > 1
    return BoardTable(
        columns=columns,
        lines=lines,
        has_total=has_total and any(line.total for line in lines),
        has_intervals=any(line.places for line in lines),
        rule=shown["rule"].get("rule", ""),
        agreement=_stability(shown["agreement"]),
        not_resampled=[
            NotResampledScore(score_title(spec, name), reason) for name, reason in shown["not_resampled"].items()
        ],
        shows_uncertainty=shown["shows_uncertainty"],
        behind=details_behind(ranking) if shown["shows_cases"] else [],
        sections=sections(shown, columns, ranking.statistics or {}, int(ranking.snapshot.get("digits", 4))),
    )


def _axis(name: str, lines: list[dict[str, Any]]) -> tuple[float, float] | None:
    """The common axis of a score's intervals."""
    ends = [end for line in lines for end in line["intervals"].get(name, []) if end is not None]
    return (min(ends), max(ends)) if ends and min(ends) < max(ends) else None


def _padded(value: float, digits: int) -> str:
    """With all digits of the board, so that the figures of a column stand below each other: 0.5000."""
    return str(number_format(value, decimal_pos=digits))


def _cell(line: dict[str, Any], column: ScoreColumn, digits: int) -> ScoreCell:
    value = line["scores"].get(column.name)
    low, high = line["intervals"].get(column.name) or (None, None)
    rank = line["ranks"].get(column.name)
    return ScoreCell(
        value=None if value is None else _padded(value, digits),
        plain=value,
        low=low,
        high=high,
        axis=column.axis,
        words=f"{_padded(low, digits)} – {_padded(high, digits)}" if low is not None and high is not None else "",
        rank="" if rank is None else number(rank),
    )


def _line(line: dict[str, Any], columns: list[ScoreColumn], own: str | None, digits: int) -> ShownLine:
    return ShownLine(
        place=line["place"],
        tied=line["tied"],
        team=line["team"],
        status=line["status"],
        reason=line["reason"],
        cells=[_cell(line, column, digits) for column in columns],
        mine=own is not None and line["team"] == own,
        total="" if line["total"] is None else _padded(line["total"], digits),
        places=_places(line["places"]),
    )


def _places(places: list[float] | None) -> str:
    if not places:
        return ""
    low, high = places
    return number(low) if low == high else f"{number(low)} – {number(high)}"


def _stability(agreement: dict[str, Any] | None) -> OrderStability | None:
    if not agreement or agreement["kendall_tau"].get("mean") is None:
        return None
    return OrderStability(number(agreement["kendall_tau"]["mean"]), number(agreement["replicates"]))


def podium(shown: dict[str, Any]) -> list[PodiumPlace]:
    """At most three teams at the first three places."""
    placed = [line for line in shown["lines"] if line["place"] is not None and line["place"] <= 3]
    ranked_by = [column for column in shown["columns"] if column["ranked_by"]]
    leading = ranked_by[0] if len(ranked_by) == 1 else None
    return [
        PodiumPlace(
            place=line["place"],
            team=line["team"],
            value=line["total"] if leading is None else line["scores"].get(leading["name"]),
            title="" if leading is None else leading["title"],
        )
        for line in placed[:3]
    ]
