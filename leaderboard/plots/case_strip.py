"""One score, every case: a strip of dots for each team, with its median and mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from leaderboard.plots.axis import Axis, horizontal
from leaderboard.plots.svg import ACCENT, WARM, dots, element, fit, label_width, line, picture, text, tip
from leaderboard.plots.writing import named, number

ROW = 30
TOP = 12
GOLDEN = 0.6180339887498949


def case_strip(
    teams: Sequence[str],
    values: NDArray[np.float64],
    marks: NDArray[np.float64],
    *,
    title: str,
    description: str,
    label: str,
    median: str,
    mean: str,
    width: float = 640,
) -> str:
    """Values (t, n) of each case; a case has the same height in every strip, which says nothing of its value.

    marks (t, 2): medians, drawn as a bar, and means, as a diamond. Cases without a value are left out.
    """
    left, right = label_width(teams) + 12, width - 14
    finite = np.concatenate([values.ravel(), marks.ravel()])
    finite = finite[np.isfinite(finite)]
    axis = Axis.around(finite.min(), finite.max(), left, right) if len(finite) else Axis(0, 1, left, right)
    bottom = TOP + ROW * len(teams)
    parts = horizontal(axis, TOP, bottom, label)
    # Multiples of the golden ratio spread the dots evenly without chance.
    height = (np.arange(1, values.shape[1] + 1) * GOLDEN % 1 - 0.5) * (ROW - 12)
    diameter, opacity = (6.0, 0.85) if values.shape[1] <= 40 else (4.5, 0.7) if values.shape[1] <= 200 else (3.4, 0.6)
    for index, team in enumerate(teams):
        y = TOP + ROW * (index + 0.5)
        shown = np.isfinite(values[index])
        points = zip(map(axis, values[index][shown].tolist()), (y + height[shown]).tolist(), strict=True)
        parts.append(text(left - 10, y + 4.5, fit(team, left - 10), anchor="end"))
        parts.append(dots(points, diameter, ACCENT, opacity, "plot-cases"))
        if np.isfinite(marks[index]).all():
            parts.append(_marks(axis, y, team, marks[index].tolist(), median, mean))
    parts += _key(left, bottom + 56, median, mean)
    return picture(title, description, width, bottom + 68, parts)


def _marks(axis: Axis, y: float, team: str, values: Sequence[float], median: str, mean: str) -> str:
    middle, average = values
    words = tip(named(team, f"{median} {number(middle, '.4g')}, {mean} {number(average, '.4g')}"))
    return element("g", words, _bar(axis(middle), y), _diamond(axis(average), y))


def _bar(x: float, y: float) -> str:
    return line(x, y - ROW / 2 + 4, x, y + ROW / 2 - 4, stroke="currentColor", stroke_opacity=1, stroke_width=2.5)


def _diamond(x: float, y: float) -> str:
    # Hollow: a dot under it is seen.
    outline = f"M{x:.2f} {y - 6:.2f}l6 6l-6 6l-6 -6z"
    return element("path", d=outline, fill="none", stroke=WARM, stroke_width=2.2, class_="plot-mean")


def _key(x: float, y: float, median: str, mean: str) -> list[str]:
    second = x + 30 + 7.5 * len(median)
    return [
        line(x + 4, y - 9, x + 4, y + 5, stroke="currentColor", stroke_opacity=1, stroke_width=2.5),
        text(x + 14, y + 2.5, median, 12.5),
        _diamond(second, y - 2),
        text(second + 12, y + 2.5, mean, 12.5),
    ]
