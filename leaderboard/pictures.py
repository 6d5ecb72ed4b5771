"""The pictures of a board, drawn from what its ranking says of uncertainty; words in the reader's language."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from scoring.plots.dot_interval import dot_interval
from scoring.plots.rank_distribution import rank_distribution
from scoring.plots.significance import significance_matrix

MOST_TEAMS = 60  # more lines than this are no picture any more


def pictures(board: Mapping[str, Any], statistics: Mapping[str, Any], digits: int) -> list[dict[str, Any]]:
    """`{title, svg}` of each picture that the statistics allow, teams in the order of the board."""
    bootstrap = statistics.get("bootstrap")
    if not bootstrap:
        return []
    lines = [line for line in board["lines"] if line["team"] in bootstrap["teams"]][:MOST_TEAMS]
    if len(lines) < 2:
        return []
    drawn = [_scores(column, lines, bootstrap, digits) for column in board["columns"]]
    drawn.append(_places(lines, bootstrap))
    for column in board["columns"]:
        test = statistics.get("significance", {}).get(column["name"])
        if test:
            drawn.append(_differences(column, lines, test))
    return [one for one in drawn if one]


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else math.nan


def _scores(
    column: Mapping[str, Any], lines: list[dict[str, Any]], bootstrap: Mapping[str, Any], digits: int
) -> dict[str, Any]:
    name = column["name"]
    known = [bootstrap["teams"][line["team"]]["scores"].get(name) or {} for line in lines]
    if not any(known):
        return {}
    title = gettext("%(score)s with its 95 %% interval") % {"score": column["title"]}
    svg = dot_interval(
        [line["team"] for line in lines],
        np.array([_number(one.get("value")) for one in known]),
        np.array([[_number(one.get("low")), _number(one.get("high"))] for one in known]),
        title=title,
        description=gettext("A dot and an interval for each team, in the order of the board."),
        label=f"{column['title']}, {column['unit']}" if column["unit"] else str(column["title"]),
        digits=digits,
    )
    return {"title": title, "svg": _safe(svg)}


def _places(lines: list[dict[str, Any]], bootstrap: Mapping[str, Any]) -> dict[str, Any]:
    chosen = [bootstrap["teams"][line["team"]] for line in lines]
    shares = np.array([[_number(share) for share in one["place_distribution"]][: len(lines)] for one in chosen])
    title = gettext("How sure the places are")
    svg = rank_distribution(
        [line["team"] for line in lines],
        np.nan_to_num(shares),
        np.array([_number(line["place"]) for line in lines]),
        title=title,
        description=gettext(
            "How often each team takes each place when the cases are drawn again; a ring marks the place on the board."
        ),
        label=gettext("Place"),
    )
    return {"title": title, "svg": _safe(svg)}


def _differences(column: Mapping[str, Any], lines: list[dict[str, Any]], test: Mapping[str, Any]) -> dict[str, Any]:
    order = [test["teams"].index(line["team"]) for line in lines if line["team"] in test["teams"]]
    if len(order) < 2:
        return {}
    matrix = np.array([[_number(value) for value in row] for row in test["adjusted"]])[np.ix_(order, order)]
    title = gettext("%(score)s: which differences can be told") % {"score": column["title"]}
    svg = significance_matrix(
        [test["teams"][index] for index in order],
        matrix,
        title=title,
        description=gettext("Paired tests between teams, corrected for their number."),
        better=gettext("the team of the row is better"),
        not_told_apart=gettext("not told apart"),
        alpha=float(test["alpha"]),
    )
    return {"title": title, "svg": _safe(svg)}


def _safe(svg: str) -> SafeString:
    return mark_safe(svg)  # noqa: S308  (every text in it was escaped where it was drawn)
