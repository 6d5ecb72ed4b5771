"""Pictures of single cases, each with its table: ROC curves, case strips, the plane of generated images.

They are drawn from what `leaderboard.plot_data` kept with the ranking. Who may see them: `leaderboard.permissions`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from challenges.question_words import number
from scoring.plots.case_strip import case_strip
from scoring.plots.plane import plane
from scoring.plots.roc import roc

SPECIFICITIES = (0.8, 0.9, 0.95)  # at which a table says the sensitivity
SUMMARY = ("cases", "least", "lower", "median", "upper", "greatest", "mean")


def case_pictures(board: Mapping[str, Any], plots: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`{title, words, svg, table}` of each, in the order of the board's columns; table: {head, rows}."""
    drawn, by_roc = [], plots.get("roc", {})
    for column in board["columns"]:
        if found := by_roc.get(column["name"]):
            of = str(column["title"]) if len(by_roc) > 1 else ""
            drawn.append(_roc(column, board["lines"], found, of))
        if found := plots.get("cases", {}).get(column["name"]):
            drawn.append(_cases(column, found))
    return [*drawn, _plane(plots["plane"])] if plots.get("plane") else drawn


def _roc(
    column: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], found: Mapping[str, Any], of: str
) -> dict[str, Any]:
    teams, by_team = found["teams"], {line["team"]: line for line in lines}
    curves = [None if points is None else np.array(points, float) for points in found["curves"]]
    areas = [_area(by_team.get(team, {}), column["name"]) for team in teams]
    title = gettext("%(score)s: ROC curves") % {"score": of} if of else gettext("ROC curves")
    words = gettext(
        "Each curve shows how many of the positive cases a team finds (upwards) for how many false alarms among the "
        "negative ones (to the right): the nearer to the upper left corner, the better; the dashed line is chance."
    )
    svg = roc(
        teams,
        curves,
        areas,
        title=title,
        description=words,
        false_positive_rate=gettext("False alarms (1 – specificity)"),
        true_positive_rate=gettext("Sensitivity"),
    )
    at = [gettext("Sensitivity at specificity %(value)s") % {"value": number(value)} for value in SPECIFICITIES]
    rows = [
        [team, area, *("–" if curve is None else number(_sensitivity(curve, value)) for value in SPECIFICITIES)]
        for team, area, curve in zip(teams, areas, curves, strict=True)
    ]
    return _picture(title, words, svg, [gettext("Team"), str(column["title"]), *at], rows)


def _area(line: Mapping[str, Any], name: str) -> str:
    """The score as the board says it, with its interval."""
    value = line.get("scores", {}).get(name)
    low, high = line.get("intervals", {}).get(name) or (None, None)
    interval = "" if low is None or high is None else f" [{number(low)}–{number(high)}]"
    return "–" if value is None else number(value) + interval


def _sensitivity(curve: np.ndarray, specificity: float) -> float:
    """The greatest one that a threshold reaches with at least this specificity."""
    return round(float(curve[curve[:, 0] <= 1 - specificity + 1e-9, 1].max()), 3)


def _cases(column: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    error = found["how"] == "absolute_error"
    unit = column["error_unit"] if error else column["unit"]
    values = {"score": column["title"]}
    title = gettext("%(score)s: the error in each case") % values if error else gettext("%(score)s: each case") % values
    words = gettext(
        "A dot is one case, at the same height in every row; the bar is the team's median and the diamond its mean."
    )
    label = gettext("Absolute error") if error else str(column["title"])
    summaries = found["summary"]
    svg = case_strip(
        found["teams"],
        np.array([[math.nan if value is None else value for value in row] for row in found["values"]], float),
        np.array([[_or_nan(one["median"]), _or_nan(one["mean"])] for one in summaries], float),
        title=title,
        description=words,
        label=f"{label}, {unit}" if unit else label,
        median=gettext("median"),
        mean=gettext("mean"),
    )
    head = [
        gettext("Team"),
        gettext("Cases"),
        gettext("Least"),
        gettext("Lower quartile"),
        gettext("Median"),
        gettext("Upper quartile"),
        gettext("Greatest"),
        gettext("Mean"),
    ]
    rows = [
        [team, *("–" if one[name] is None else number(one[name]) for name in SUMMARY)]
        for team, one in zip(found["teams"], summaries, strict=True)
    ]
    return _picture(title, words, svg, head, rows)


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def _plane(found: Mapping[str, Any]) -> dict[str, Any]:
    names = [gettext("Real cases"), *found["teams"]]
    title = gettext("Real and generated cases")
    words = gettext(
        "Each dot is a case; cases that look alike to the network lie close together (t-SNE), so good images lie among "
        "the real ones; distances between far groups mean nothing. A ring marks the cases that the jury looked at."
    )
    source = np.array(found["source"], int)
    svg = plane(
        np.array(found["positions"], float).reshape(-1, 2),
        found["source"],
        names,
        found["jury"],
        title=title,
        description=words,
        jury_label=gettext("looked at by the jury"),
    )
    drawn = np.bincount(source, minlength=len(names)).tolist()
    judged = np.bincount(source[found["jury"]], minlength=len(names)).tolist()
    head = [gettext("Cases of"), gettext("All"), gettext("Drawn here"), gettext("Looked at by the jury")]
    rows = [[name, *map(number, counts)] for name, *counts in zip(names, found["cases"], drawn, judged, strict=True)]
    return _picture(title, words, svg, head, rows)


def _picture(title: str, words: str, svg: str, head: list[str], rows: list[list[str]]) -> dict[str, Any]:
    return {"title": title, "words": words, "svg": safe(svg), "table": {"head": head, "rows": rows}}


def safe(svg: str) -> SafeString:
    return mark_safe(svg)  # noqa: S308  (every text in it was escaped where it was drawn)
