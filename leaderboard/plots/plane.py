"""Real and generated cases of all contestants on one plane, with the jury's cases marked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from leaderboard.plots.svg import SERIES, dots, element, fit, label_width, picture, text, tip

MARGIN = 14
INNER = 24  # air inside the frame, both sides together


def plane(
    positions: NDArray[np.float64],
    source: Sequence[int],
    names: Sequence[str],
    jury: Sequence[int],
    *,
    title: str,
    description: str,
    jury_label: str,
    width: float = 640,
) -> str:
    """positions (n, 2) from `concours.evaluation.statistics.plane`; source: for each point an index into names, 0 the real cases.

    The real cases are drawn in the page's colour over the contestants', the jury's cases (indices of points) as rings
    around a larger dot. The axes of such a plane have no unit, and distances between far groups no meaning.
    """
    key = label_width([*names, jury_label], 170) + 26
    side = width - key - 2 * MARGIN
    tall = _height(positions, side, len(names))
    pixels = _pixels(positions, side, tall)
    sources = np.asarray(source)
    parts = [
        element(
            "rect", x=MARGIN, y=MARGIN, width=side, height=tall, rx=4, fill="none", stroke="currentColor",
            stroke_opacity=0.2,
        )
    ]  # fmt: skip
    size = 6.0 if len(positions) < 300 else 4.5 if len(positions) < 2000 else 3.2
    for index in [*range(1, len(names)), 0]:
        points = [tuple(point) for point in pixels[sources == index].tolist()]
        if points:
            opacity = 0.9 if index == 0 else 0.75
            parts.append(dots(points, size + (index == 0), _colour(index), opacity, f"plot-source-{index}"))
    parts += [_marked(float(pixels[point, 0]), float(pixels[point, 1]), int(sources[point]), names) for point in jury]
    parts += _key(side + 2 * MARGIN + 6, key - 26, names, jury_label)
    return picture(title, description, width, tall + 2 * MARGIN, parts)


def _height(positions: NDArray[np.float64], side: float, names: int) -> float:
    """Both axes have one scale, so a flat cloud gets a flat frame, but never lower than the key beside it."""
    if not len(positions):
        return side / 2
    across, up = np.ptp(positions, axis=0)
    return float(max(side * min(1.0, (up + 1e-9) / (across + 1e-9)) + INNER, 22.0 * (names + 2)))


def _pixels(positions: NDArray[np.float64], side: float, tall: float) -> NDArray[np.float64]:
    if not len(positions):
        return positions
    low, high = positions.min(axis=0), positions.max(axis=0)
    span = np.maximum(high - low, 1e-9)
    scale = float(np.min(np.array([side - INNER, tall - INNER]) / span))
    middle = MARGIN + np.array([side, tall]) / 2
    return middle + (positions - (low + high) / 2) * [1, -1] * scale


def _colour(index: int) -> str:
    return "currentColor" if index == 0 else SERIES[(index - 1) % len(SERIES)]


def _marked(x: float, y: float, source: int, names: Sequence[str]) -> str:
    colour = _colour(source)
    return element(
        "g",
        tip(names[source]),
        element("circle", cx=x, cy=y, r=3.4, fill=colour),
        element("circle", cx=x, cy=y, r=6.5, fill="none", stroke=colour, stroke_width=1.8),
        class_="plot-jury",
    )


def _key(x: float, room: float, names: Sequence[str], jury_label: str) -> list[str]:
    parts = []
    for index, name in enumerate(names):
        y = MARGIN + 12 + 22 * index
        parts.append(element("circle", cx=x, cy=y, r=4.5, fill=_colour(index)))
        parts.append(text(x + 13, y + 4.5, fit(name, room, 13)))
    y = MARGIN + 22 + 22 * len(names)
    parts.append(element("circle", cx=x, cy=y, r=2.8, fill="currentColor"))
    parts.append(element("circle", cx=x, cy=y, r=5.8, fill="none", stroke="currentColor", stroke_width=1.6))
    parts.append(text(x + 13, y + 4.5, fit(jury_label, room, 13)))
    return parts
