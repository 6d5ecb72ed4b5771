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
from leaderboard.board_records import BoardPicture, PictureTable, ScoreColumn
from leaderboard.plots.case_strip import case_strip
from leaderboard.plots.plane import plane
from leaderboard.plots.roc import roc

SPECIFICITIES = (0.8, 0.9, 0.95)  # at which a table says the sensitivity
SUMMARY = ("cases", "least", "lower", "median", "upper", "greatest", "mean")


def case_pictures(
    lines: Sequence[Mapping[str, Any]], columns: Sequence[ScoreColumn], plots: Mapping[str, Any]
) -> list[BoardPicture]:
    """Each with its table, in the order of the board's columns."""
    pictures, by_roc = [], plots.get("roc", {})
    for column in columns:
        if curves := by_roc.get(column.name):
            title = str(column.title) if len(by_roc) > 1 else ""
            pictures.append(_roc(column, lines, curves, title))
        if values := plots.get("cases", {}).get(column.name):
            pictures.append(_cases(column, values))
    return [*pictures, _plane(plots["plane"])] if plots.get("plane") else pictures


def _roc(column: ScoreColumn, lines: Sequence[Mapping[str, Any]], plot: Mapping[str, Any], score: str) -> BoardPicture:
    """`score`: its title, where the board has ROC curves of several."""
    teams, by_team = plot["teams"], {line["team"]: line for line in lines}
    curves = [None if points is None else np.array(points, float) for points in plot["curves"]]
    areas = [_area(by_team.get(team, {}), column.name) for team in teams]
    title = gettext("%(score)s: ROC curves") % {"score": score} if score else gettext("ROC curves")
    words = gettext(
        "Each curve shows the share of positive cases that a team detects (vertical) against the share "
        "of false positives among the negative cases (horizontal). The closer to the upper left corner, "
        "the better; the dashed line is chance."
    )
    svg = roc(
        teams,
        curves,
        areas,
        title=title,
        description=words,
        false_positive_rate=gettext("False positive rate (1 – specificity)"),
        true_positive_rate=gettext("Sensitivity"),
    )
    at = [gettext("Sensitivity at specificity %(value)s") % {"value": number(value)} for value in SPECIFICITIES]
    rows = [
        [team, area, *("–" if curve is None else number(_sensitivity(curve, value)) for value in SPECIFICITIES)]
        for team, area, curve in zip(teams, areas, curves, strict=True)
    ]
    return _picture(title, words, svg, [gettext("Team"), str(column.title), *at], rows)


def _area(line: Mapping[str, Any], name: str) -> str:
    """The score as the board says it, with its interval."""
    value = line.get("scores", {}).get(name)
    low, high = line.get("intervals", {}).get(name) or (None, None)
    interval = "" if low is None or high is None else f" [{number(low)}–{number(high)}]"
    return "–" if value is None else number(value) + interval


def _sensitivity(curve: np.ndarray, specificity: float) -> float:
    """The greatest one that a threshold reaches with at least this specificity."""
    return round(float(curve[curve[:, 0] <= 1 - specificity + 1e-9, 1].max()), 3)


def _cases(column: ScoreColumn, plot: Mapping[str, Any]) -> BoardPicture:
    error = plot["how"] == "absolute_error"
    unit = column.error_unit if error else column.unit
    values = {"score": column.title}
    title = (
        gettext("%(score)s: error in each case") % values if error else gettext("%(score)s: individual cases") % values
    )
    words = gettext(
        "Each dot is one case, at the same height in every row; the bar is the team's median and the diamond its mean."
    )
    label = gettext("Absolute error") if error else str(column.title)
    summaries = plot["summary"]
    svg = case_strip(
        plot["teams"],
        np.array([[math.nan if value is None else value for value in row] for row in plot["values"]], float),
        np.array([[_or_nan(summary["median"]), _or_nan(summary["mean"])] for summary in summaries], float),
        title=title,
        description=words,
        label=f"{label}, {unit}" if unit else label,
        median=gettext("median"),
        mean=gettext("mean"),
    )
    head = [
        gettext("Team"),
        gettext("Cases"),
        gettext("Minimum"),
        gettext("Lower quartile"),
        gettext("Median"),
        gettext("Upper quartile"),
        gettext("Maximum"),
        gettext("Mean"),
    ]
    rows = [
        [team, *("–" if summary[name] is None else number(summary[name]) for name in SUMMARY)]
        for team, summary in zip(plot["teams"], summaries, strict=True)
    ]
    return _picture(title, words, svg, head, rows)


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def _plane(plot: Mapping[str, Any]) -> BoardPicture:
    names = [gettext("Real cases"), *plot["teams"]]
    title = gettext("Real and generated cases")
    words = gettext(
        "Each dot is a case; cases that are similar for the network are close together (t-SNE), so good "
        "images lie among the real ones. Distances between far groups have no meaning. A ring marks the "
        "cases shown to the jury."
    )
    source = np.array(plot["source"], int)
    svg = plane(
        np.array(plot["positions"], float).reshape(-1, 2),
        plot["source"],
        names,
        plot["jury"],
        title=title,
        description=words,
        jury_label=gettext("shown to the jury"),
    )
    drawn = np.bincount(source, minlength=len(names)).tolist()
    judged = np.bincount(source[plot["jury"]], minlength=len(names)).tolist()
    head = [gettext("Cases of"), gettext("All"), gettext("Shown in the plot"), gettext("Shown to the jury")]
    rows = [[name, *map(number, counts)] for name, *counts in zip(names, plot["cases"], drawn, judged, strict=True)]
    return _picture(title, words, svg, head, rows)


def _picture(title: str, words: str, svg: str, head: list[str], rows: list[list[str]]) -> BoardPicture:
    return BoardPicture(title, words, safe(svg), PictureTable(head, rows))


def safe(svg: str) -> SafeString:
    return mark_safe(svg)  # noqa: S308  (every text in it was escaped where it was drawn)
