"""The pictures of a board, drawn from what its ranking says of uncertainty; words in the reader's language."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from django.utils.translation import gettext

from leaderboard.case_pictures import case_pictures, safe
from scoring.plots.dot_interval import dot_interval
from scoring.plots.rank_distribution import rank_distribution
from scoring.plots.significance import significance_matrix

MOST_TEAMS = 60  # more lines than this are no picture any more


def sections(board: Mapping[str, Any], statistics: Mapping[str, Any], digits: int) -> list[dict[str, Any]]:
    """`{id, title, note, pictures: [{title, words, svg, table}]}` of what there is to draw, teams in the board's order.

    Pictures of single cases are drawn where the board says `shows_cases`: never look past it.
    """
    found = [
        {
            "id": "sure",
            "title": gettext("How sure is this?"),
            "note": "",
            "pictures": _of_scores(board, statistics, digits),
        }
    ]
    if board["shows_cases"]:
        only = gettext("Only organisers see this until the results are out and no phase takes submissions any more.")
        found.append(
            {
                "id": "cases",
                "title": gettext("Behind the scores"),
                "note": "" if board["cases_out"] else only,
                "pictures": case_pictures(board, statistics.get("plots", {})),
            }
        )
    return [section for section in found if section["pictures"]]


def _of_scores(board: Mapping[str, Any], statistics: Mapping[str, Any], digits: int) -> list[dict[str, Any]]:
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
    words = gettext("A dot and an interval for each team, in the order of the board.")
    svg = dot_interval(
        [line["team"] for line in lines],
        np.array([_number(one.get("value")) for one in known]),
        np.array([[_number(one.get("low")), _number(one.get("high"))] for one in known]),
        title=title,
        description=words,
        label=f"{column['title']}, {column['unit']}" if column["unit"] else str(column["title"]),
        digits=digits,
    )
    return {"title": title, "words": words, "svg": safe(svg)}


def _places(lines: list[dict[str, Any]], bootstrap: Mapping[str, Any]) -> dict[str, Any]:
    chosen = [bootstrap["teams"][line["team"]] for line in lines]
    shares = np.array([[_number(share) for share in one["place_distribution"]][: len(lines)] for one in chosen])
    title = gettext("How sure the places are")
    words = gettext(
        "How often each team takes each place when the cases are drawn again; a ring marks the place on the board."
    )
    svg = rank_distribution(
        [line["team"] for line in lines],
        np.nan_to_num(shares),
        np.array([_number(line["place"]) for line in lines]),
        title=title,
        description=words,
        label=gettext("Place"),
    )
    return {"title": title, "words": words, "svg": safe(svg)}


def _differences(column: Mapping[str, Any], lines: list[dict[str, Any]], test: Mapping[str, Any]) -> dict[str, Any]:
    order = [test["teams"].index(line["team"]) for line in lines if line["team"] in test["teams"]]
    if len(order) < 2:
        return {}
    matrix = np.array([[_number(value) for value in row] for row in test["adjusted"]])[np.ix_(order, order)]
    title = gettext("%(score)s: which differences can be told") % {"score": column["title"]}
    words = gettext("Paired tests between teams, corrected for their number.")
    svg = significance_matrix(
        [test["teams"][index] for index in order],
        matrix,
        title=title,
        description=words,
        better=gettext("the team of the row is better"),
        not_told_apart=gettext("not told apart"),
        alpha=float(test["alpha"]),
    )
    return {"title": title, "words": words, "svg": safe(svg)}
