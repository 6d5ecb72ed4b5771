"""One score: a dot and an interval for each team."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from leaderboard.plots.axis import Axis, horizontal
from leaderboard.plots.svg import ACCENT, element, fit, label_width, line, picture, text, tip
from leaderboard.plots.writing import interval as written_interval
from leaderboard.plots.writing import named, number

ROW = 26
TOP = 12


def dot_interval(
    teams: Sequence[str],
    values: NDArray[np.float64],
    intervals: NDArray[np.float64],
    *,
    title: str,
    description: str,
    label: str,
    digits: int = 3,
    width: float = 640,
) -> str:
    """A row for each team, in the order given, with values (t,) and intervals (t, 2); a missing value leaves a dash."""
    left, right = label_width(teams) + 10, width - 12
    figures = [_figure(value, digits) if np.isfinite(value) else "–" for value in values]
    right -= label_width(figures) + 8
    finite = np.concatenate([intervals.ravel(), values])
    finite = finite[np.isfinite(finite)]
    axis = Axis.around(finite.min(), finite.max(), left, right) if len(finite) else Axis(0, 1, left, right)
    bottom = TOP + ROW * len(teams)
    parts = horizontal(axis, TOP, bottom, label)
    for index, team in enumerate(teams):
        y = TOP + ROW * (index + 0.5)
        parts.append(text(left - 10, y + 4.5, fit(team, left - 10), anchor="end"))
        parts.append(text(width - 8, y + 4.5, figures[index], anchor="end", font_variant_numeric="tabular-nums"))
        if np.isfinite(values[index]):
            parts.append(_mark(axis, y, team, values[index], intervals[index], digits))
    return picture(title, description, width, bottom + 48, parts)


def _mark(axis: Axis, y: float, team: str, value: float, interval: NDArray[np.float64], digits: int) -> str:
    shapes = [element("circle", cx=axis(value), cy=y, r=4, fill=ACCENT, class_="plot-dot")]
    words = named(team, _figure(value, digits))
    if np.all(np.isfinite(interval)):
        low, high = axis(interval[0]), axis(interval[1])
        shapes += [_bar(low, y, high, y), _bar(low, y - 7, low, y + 7), _bar(high, y - 7, high, y + 7)]
        words += f" {written_interval(_figure(interval[0], digits), _figure(interval[1], digits))}"
    return element("g", tip(words), *shapes)


def _figure(value: float, digits: int) -> str:
    """With `digits` decimals, and one less for each further digit before the point: 0.9312, 32400."""
    before = math.floor(math.log10(abs(value))) if abs(value) >= 10 else 0
    return number(value, f".{max(0, digits - before)}f")


def _bar(x1: float, y1: float, x2: float, y2: float) -> str:
    return line(x1, y1, x2, y2, stroke=ACCENT, stroke_opacity=1, stroke_width=1.8, class_="plot-interval")
