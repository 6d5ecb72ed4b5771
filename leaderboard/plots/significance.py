"""Which differences between teams the tests can tell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from leaderboard.plots.svg import ACCENT, QUIET, element, fit, label_width, picture, text, tip
from leaderboard.plots.writing import named, number

HEAD = 26
KEY = 34


def significance_matrix(
    teams: Sequence[str],
    adjusted: NDArray[np.float64],
    *,
    title: str,
    description: str,
    better: str,
    not_told_apart: str,
    alpha: float = 0.05,
    width: float = 640,
) -> str:
    """Teams best first; a filled square: the team of the row is better than the team of the column, corrected p <
    alpha.

    A small dot: not told apart. adjusted: (t, t). Columns carry the number of the row they stand for.
    """
    left = label_width([f"{index + 1}  {team}" for index, team in enumerate(teams)]) + 10
    cell = min(30.0, (width - left - 10) / max(1, len(teams)))
    bottom = HEAD + cell * len(teams)
    parts = []
    for row, team in enumerate(teams):
        y = HEAD + cell * (row + 0.5)
        parts.append(text(left - 8, y + 4.5, fit(f"{row + 1}  {team}", left - 8), anchor="end"))
        if row and (cell >= 17 or row % 5 == 4):
            parts.append(text(left + cell * (row + 0.5), HEAD - 9, str(row + 1), 12, "middle", fill_opacity=0.75))
        for column in range(row + 1, len(teams)):
            x = left + cell * (column + 0.5)
            parts.append(_cell(x, y, cell, f"{team} – {teams[column]}", adjusted[row, column], alpha))
    parts += _key(left, bottom + 14, better, not_told_apart)
    right = max(left + cell * len(teams), left + 60 + 7.5 * max(len(better), len(not_told_apart)))
    return picture(title, description, min(width, right + 10), bottom + 2 * KEY - 6, parts)


def _cell(x: float, y: float, cell: float, pair: str, p: float, alpha: float) -> str:
    words = tip(named(pair, f"p = {number(p, '.3g')}" if np.isfinite(p) else "–"))
    return element("g", words, _told(x, y, cell * 0.8) if p < alpha else _alike(x, y, cell))


def _told(x: float, y: float, side: float) -> str:
    return element(
        "rect", x=x - side / 2, y=y - side / 2, width=side, height=side, rx=2, fill=ACCENT, class_="plot-told"
    )


def _alike(x: float, y: float, cell: float) -> str:
    # The clear square gives the pointer something to rest on.
    area = element("rect", x=x - cell / 2, y=y - cell / 2, width=cell, height=cell, fill=QUIET, fill_opacity=0.12)
    return area + element("circle", cx=x, cy=y, r=2.2, fill=QUIET, class_="plot-alike")


def _key(x: float, y: float, better: str, not_told_apart: str) -> list[str]:
    return [
        _told(x + 8, y + 4, 13),
        text(x + 24, y + 8.5, better, 12.5),
        element("circle", cx=x + 8, cy=y + 26, r=2.6, fill=QUIET, class_="plot-alike"),
        text(x + 24, y + 30.5, not_told_apart, 12.5),
    ]
