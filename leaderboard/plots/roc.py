"""ROC curves: a small panel for each team, the others behind it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from leaderboard.plots.svg import ACCENT, QUIET, element, fit, line, picture, text

GAP, HEAD, FOOT = 22, 26, 40
AXIS = 34


def roc_points(truth: NDArray[np.bool_], predictions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corners (k, 2) of a ROC curve: false and true positive rate, from (0, 0) to (1, 1), without points on a line.

    Equal predictions are one slanted step. Both classes must be present and predictions (n,) finite.
    """
    truth = np.asarray(truth, dtype=bool)
    order = np.argsort(-predictions, kind="stable")
    last = np.append(np.flatnonzero(np.diff(predictions[order])), len(order) - 1)
    true_positives = np.cumsum(truth[order])[last]
    false_positives = last + 1 - true_positives
    points = np.concatenate([[[0, 0]], np.stack([false_positives, true_positives], axis=1)])
    before, after = np.diff(points[:-1], axis=0), np.diff(points[1:], axis=0)
    corner = before[:, 0] * after[:, 1] != before[:, 1] * after[:, 0]
    corners = points[np.concatenate([[True], corner, [True]])]
    return corners / np.array([max(1, (~truth).sum()), max(1, truth.sum())])


def roc(
    teams: Sequence[str],
    curves: Sequence[NDArray[np.float64] | None],
    aucs: Sequence[str],
    *,
    title: str,
    description: str,
    false_positive_rate: str,
    true_positive_rate: str,
    width: float = 640,
) -> str:
    """Panels in the order given; curves: points (k, 2) as `roc_points` gives them, None leaves an empty panel; aucs: what
    stands under each name, such as "0.899 [0.86, 0.93]".
    """
    key = "r" + sha256(f"{title}\0{description}".encode()).hexdigest()[:10]
    columns = max(1, min(len(teams), int((width - AXIS) // 180)))
    side = (width - AXIS - GAP * (columns - 1) - 4) / columns
    side = min(side, 230)
    rows = math.ceil(len(teams) / columns)
    drawn = {index: _curve(f"{key}-{index}", points, side) for index, points in enumerate(curves) if points is not None}
    parts = [element("defs", *drawn.values())] if drawn else []
    for index, team in enumerate(teams):
        x = AXIS + (index % columns) * (side + GAP)
        y = (index // columns) * (side + HEAD + FOOT) + HEAD + 12
        parts.append(_panel(x, y, side, f"{key}-", index, list(drawn)))
        parts.append(text(x, y - 20, fit(team, side, 13), 13, font_weight=600))
        parts.append(text(x, y - 5, fit(aucs[index], side, 12), 12, fill_opacity=0.8))
        parts += _ticks(x, y, side, first=index % columns == 0)
    height = rows * (side + HEAD + FOOT) + 14
    across = AXIS + columns * (side + GAP) - GAP
    parts.append(text((AXIS + across) / 2, height - 6, false_positive_rate, 12.5, "middle"))
    turned = f"rotate(-90 11 {height / 2:.0f})"
    parts.append(text(11, height / 2, true_positive_rate, 12.5, "middle", transform=turned))
    return picture(title, description, across + 6, height, parts)


def _curve(key: str, points: NDArray[np.float64], side: float) -> str:
    """A curve drawn once, at the origin; every panel uses it again."""
    pixels = " ".join(f"{side * across:.1f},{side * (1 - up):.1f}" for across, up in points.tolist())
    return element("polyline", id=key, points=pixels)


def _panel(x: float, y: float, side: float, key: str, index: int, drawn: Sequence[int]) -> str:
    frame = element("rect", x=x, y=y, width=side, height=side, fill="none", stroke="currentColor", stroke_opacity=0.25)
    chance = line(x, y + side, x + side, y, stroke_dasharray="3 4", stroke_opacity=0.35)
    others = [element("use", href=f"#{key}{other}", x=x, y=y) for other in drawn if other != index]
    mine = [element("use", href=f"#{key}{index}", x=x, y=y)] if index in drawn else []
    behind = element(
        "g", *others, fill="none", stroke=QUIET, stroke_width=0.8, stroke_opacity=0.5, class_="plot-others"
    )
    front = element("g", *mine, fill="none", stroke=ACCENT, stroke_width=2.2, class_="plot-curve")
    return element("g", frame, chance, behind, front)


def _ticks(x: float, y: float, side: float, first: bool) -> list[str]:
    parts = [
        text(x + side * value, y + side + 15, words, 11, anchor, fill_opacity=0.75)
        for value, words, anchor in ((0, "0", "start"), (0.5, "0.5", "middle"), (1, "1", "end"))
    ]
    if first:
        parts += [
            text(x - 5, y + side * (1 - value) + shift, words, 11, "end", fill_opacity=0.75)
            for value, words, shift in ((0, "0", 0), (0.5, "", 4), (1, "1", 9))
        ]
    return parts
