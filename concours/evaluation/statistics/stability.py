"""How stable places are under the bootstrap: distribution, intervals, probability of being first, Kendall's tau."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
PAIRS_AT_ONCE = 2**22


def place_distribution(places: Floats) -> Floats:
    """Share of replicates, (t, t), in which a team (row) takes place 1, 2 ... (column); averaged ties round down."""
    teams = places.shape[1]
    whole = np.floor(places).astype(np.int64) - 1
    cell = whole + np.arange(teams) * teams
    return np.bincount(cell.ravel(), minlength=teams * teams).reshape(teams, teams) / len(places)


def place_intervals(places: Floats, level: float = 0.95) -> Floats:
    """Interval of places (t, 2) from places (r, t): the smallest places at or above each percentile, so whole ones."""
    tail = (1 - level) / 2
    return np.quantile(places, [tail, 1 - tail], axis=0, method="inverted_cdf").T


def first_probability(places: Floats) -> Floats:
    """Share of replicates, (t,), in which a team is first; a shared first place counts in equal parts, so they add
    to 1.
    """
    first = places == places.min(axis=1, keepdims=True)
    shares: Floats = np.mean(first / first.sum(axis=1, keepdims=True), axis=0)
    return shares


def kendall_tau(observed: Floats, places: Floats) -> Floats:
    """Kendall's tau-b (r,) between the places on the board (t,) and those of each replicate (r, t).

    Kendall, Biometrika 1945. NaN for fewer than two teams or where one side is one single tie.
    """
    first, second = np.triu_indices(len(observed), k=1)
    mine = np.sign(observed[first] - observed[second])
    result = np.empty(len(places))
    step = max(1, PAIRS_AT_ONCE // max(1, len(first)))
    for start in range(0, len(places), step):
        theirs = np.sign(places[start : start + step, first] - places[start : start + step, second])
        untied = np.sqrt(np.sum(mine != 0) * np.sum(theirs != 0, axis=1, dtype=np.float64))
        concordance = np.sum(mine * theirs, axis=1)
        result[start : start + step] = np.divide(
            concordance, untied, out=np.full(len(theirs), np.nan), where=untied > 0
        )
    return result
