"""What a picture of single cases is drawn from, small enough to be kept with a ranking and without any case's identity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leaderboard.plots.roc import roc_points

CURVE_POINTS = 200  # of one curve: more than a panel has pixels
MOST_DOTS = 20_000  # of one strip, all teams together: about 300 kB of picture

Floats = NDArray[np.float64]


def curves(teams: Sequence[str], truth: NDArray[np.bool_], predictions: Floats) -> dict[str, Any]:
    """ROC curves of predictions (t, n) against truth (n,) of both classes; None for a team that lacks a prediction."""
    return {
        "teams": list(teams),
        "curves": [
            np.round(thinned(roc_points(truth, values)), 5).tolist() if np.isfinite(values).all() else None
            for values in predictions
        ],
    }


def thinned(points: Floats, most: int = CURVE_POINTS) -> Floats:
    """At most `most` points (m, 2) of a rising curve (k, 2), evenly along it, both ends among them."""
    if len(points) <= most:
        return points
    along = points.sum(axis=1)
    targets = np.linspace(along[0], along[-1], most)
    return points[np.unique(np.minimum(np.searchsorted(along, targets - 1e-12), len(points) - 1))]


def strip(teams: Sequence[str], values: Floats) -> dict[str, Any]:
    """Values (t, n) of every case of one team or more, four digits each, and per team what a table says of them.

    Cases are put in the order of their values, first team first: a case keeps its column with all teams, and its place
    says nothing of which case it is. Of more cases than can be drawn, evenly spaced ones are kept; the summary is of all.
    """
    ordered = values[:, np.lexsort(values[::-1])]
    most = max(1, MOST_DOTS // max(1, len(values)))
    if ordered.shape[1] > most:
        ordered = ordered[:, np.linspace(0, ordered.shape[1] - 1, most).round().astype(int)]
    return {
        "teams": list(teams),
        "values": [[_short(value) for value in row] for row in ordered],
        "summary": [summary(row) for row in values],
    }


def summary(values: Floats) -> dict[str, Any]:
    """Of the values (n,) that exist: how many, least, quartiles, greatest, mean; None where there is none."""
    finite = values[np.isfinite(values)]
    names = ("least", "lower", "median", "upper", "greatest")
    if not len(finite):
        return {"cases": 0, **dict.fromkeys((*names, "mean"))}
    quantiles = dict(zip(names, map(_short, np.quantile(finite, [0, 0.25, 0.5, 0.75, 1])), strict=True))
    return {"cases": len(finite), **quantiles, "mean": _short(finite.mean())}


def _short(value: float) -> float | None:
    return float(f"{value:.4g}") if np.isfinite(value) else None
