"""The pictures of a board, drawn from what its ranking says of uncertainty; words in the reader's language."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from django.utils.formats import get_format
from django.utils.translation import gettext

from core.words import labelled
from leaderboard.board_records import BoardPicture, PictureSection, ScoreColumn
from leaderboard.case_pictures import case_pictures, safe
from leaderboard.plots.dot_interval import dot_interval
from leaderboard.plots.rank_distribution import rank_distribution
from leaderboard.plots.significance import significance_matrix
from leaderboard.plots.writing import Writing, written_as

MOST_TEAMS = 60  # more lines than this are no picture any more


def sections(
    board: Mapping[str, Any], columns: Sequence[ScoreColumn], statistics: Mapping[str, Any], digits: int
) -> list[PictureSection]:
    """What there is to draw, teams in the board's order, with names and numbers as the reader's language writes them.

    Uncertainty is drawn where the board says `shows_uncertainty`, single cases where it says `shows_cases`: never look past
    them.
    """
    decimal = get_format("DECIMAL_SEPARATOR")
    with written_as(Writing(decimal, labelled("", ""), "; " if decimal == "," else ", ")):
        listed = []
        if board["shows_uncertainty"]:
            pictures = _of_scores(board["lines"], columns, statistics, digits)
            listed.append(PictureSection("sure", gettext("Uncertainty"), "", pictures))
        if board["shows_cases"]:
            only = gettext(
                "Only organisers can see this until the results are published and no phase accepts submissions any more."
            )
            pictures = case_pictures(board["lines"], columns, statistics.get("plots", {}))
            note = "" if board["cases_out"] else only
            listed.append(PictureSection("cases", gettext("Details of the scores"), note, pictures))
    return [section for section in listed if section.pictures]


def _of_scores(
    board_lines: Sequence[dict[str, Any]], columns: Sequence[ScoreColumn], statistics: Mapping[str, Any], digits: int
) -> list[BoardPicture]:
    bootstrap = statistics.get("bootstrap")
    if not bootstrap:
        return []
    lines = [line for line in board_lines if line["team"] in bootstrap["teams"]][:MOST_TEAMS]
    if len(lines) < 2:
        return []
    pictures = [_scores(column, lines, bootstrap, digits) for column in columns]
    pictures.append(_places(lines, bootstrap))
    for column in columns:
        test = statistics.get("significance", {}).get(column.name)
        if test:
            pictures.append(_differences(column, lines, test))
    return [picture for picture in pictures if picture]


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else math.nan


def _scores(
    column: ScoreColumn, lines: list[dict[str, Any]], bootstrap: Mapping[str, Any], digits: int
) -> BoardPicture | None:
    intervals = [bootstrap["teams"][line["team"]]["scores"].get(column.name) or {} for line in lines]
    if not any(interval.get("low") is not None for interval in intervals):
        return None
    title = gettext("%(score)s with its 95 %% interval") % {"score": column.title}
    words = gettext("A dot and an interval for each team, in the order of the board.")
    svg = dot_interval(
        [line["team"] for line in lines],
        np.array([_number(interval.get("value")) for interval in intervals]),
        np.array([[_number(interval.get("low")), _number(interval.get("high"))] for interval in intervals]),
        title=title,
        description=words,
        label=f"{column.title}, {column.unit}" if column.unit else str(column.title),
        digits=digits,
    )
    return BoardPicture(title, words, safe(svg))


def _places(lines: list[dict[str, Any]], bootstrap: Mapping[str, Any]) -> BoardPicture:
    chosen = [bootstrap["teams"][line["team"]] for line in lines]
    shares = np.array([[_number(share) for share in team["place_distribution"]][: len(lines)] for team in chosen])
    title = gettext("Rank uncertainty")
    words = gettext(
        "How often each team takes each place when the cases are resampled; a ring marks the place on the board."
    )
    svg = rank_distribution(
        [line["team"] for line in lines],
        np.nan_to_num(shares),
        np.array([_number(line["place"]) for line in lines]),
        title=title,
        description=words,
        label=gettext("Place"),
    )
    return BoardPicture(title, words, safe(svg))


def _differences(column: ScoreColumn, lines: list[dict[str, Any]], test: Mapping[str, Any]) -> BoardPicture | None:
    order = [test["teams"].index(line["team"]) for line in lines if line["team"] in test["teams"]]
    if len(order) < 2:
        return None
    matrix = np.array([[_number(value) for value in row] for row in test["adjusted"]])[np.ix_(order, order)]
    title = gettext("%(score)s: significant differences") % {"score": column.title}
    words = gettext("Paired tests between teams, corrected for multiple comparisons.")
    svg = significance_matrix(
        [test["teams"][index] for index in order],
        matrix,
        title=title,
        description=words,
        better=gettext("the team of the row is better"),
        not_told_apart=gettext("no significant difference"),
        alpha=float(test["alpha"]),
    )
    return BoardPicture(title, words, safe(svg))
