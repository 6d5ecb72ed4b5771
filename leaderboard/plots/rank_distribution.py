"""How often each team takes each place under the bootstrap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from leaderboard.plots.svg import ACCENT, element, fit, label_width, line, picture, text, tip
from leaderboard.plots.writing import named, number

TOP = 12


def rank_distribution(
    teams: Sequence[str],
    shares: NDArray[np.float64],
    places: NDArray[np.float64],
    *,
    title: str,
    description: str,
    label: str,
    width: float = 640,
) -> str:
    """Circles of area proportional to shares (t, t) of team and place; a ring marks the place on the board, places
    (t,).
    """
    left = label_width(teams) + 14
    cell = min(44.0, (width - left - 10) / max(1, len(teams)))
    bottom = TOP + cell * len(teams)
    right = left + cell * len(teams)
    parts = []
    for index, team in enumerate(teams):
        y = TOP + cell * (index + 0.5)
        parts.append(line(left, y, right, y, class_="plot-grid", stroke_opacity=0.12))
        parts.append(text(left - 10, y + 4.5, fit(team, left - 10), anchor="end"))
        if _labelled(index, len(teams), cell):
            parts.append(
                text(left + cell * (index + 0.5), bottom + 17, str(index + 1), 12, "middle", fill_opacity=0.75)
            )
        if np.isfinite(places[index]):
            x = left + cell * (places[index] - 0.5)
            parts.append(_ring(x, y, cell * 0.47))
        for place in np.flatnonzero(shares[index]):
            parts.append(_share(left + cell * (place + 0.5), y, cell, team, int(place) + 1, shares[index, place]))
    parts.append(text((left + right) / 2, bottom + 37, label, 13, "middle"))
    return picture(title, description, max(right + 10, left + 160), bottom + 48, parts)


def _labelled(index: int, teams: int, cell: float) -> bool:
    every = 1 if cell >= 20 else 5
    return index == 0 or (index + 1) % every == 0 or index + 1 == teams


def _ring(x: float, y: float, radius: float) -> str:
    return element(
        "circle", cx=x, cy=y, r=radius, fill="none", stroke="currentColor", stroke_width=1.25, class_="plot-place"
    )


def _share(x: float, y: float, cell: float, team: str, place: int, share: float) -> str:
    radius = max(0.8, cell * 0.42 * float(np.sqrt(share)))
    circle = element("circle", cx=x, cy=y, r=radius, fill=ACCENT, fill_opacity=0.85, class_="plot-dot")
    return element("g", tip(named(team, named(place, f"{number(100 * share, '.1f')} %"))), circle)
