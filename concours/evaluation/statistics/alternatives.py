"""The board under other ways from cases to places, so that one sees what hangs on the choice (Wiesenfarth et al.
2021).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from concours.evaluation.ranking import rank_rows
from concours.evaluation.ranking_rule import Direction
from concours.questions.schema.rules import Ties

Floats = NDArray[np.float64]


def mean_then_rank(values: Floats, direction: Direction, ties: Ties = "min") -> Floats:
    """Places (t,) by the mean over cases of values (t, n)."""
    return rank_rows(_key(values.mean(axis=1), direction), ties)


def median_then_rank(values: Floats, direction: Direction, ties: Ties = "min") -> Floats:
    """Places (t,) by the median over cases of values (t, n)."""
    return rank_rows(_key(np.median(values, axis=1), direction), ties)


def rank_then_mean(values: Floats, direction: Direction, ties: Ties = "min") -> Floats:
    """Places (t,) by the mean over cases of the rank in each case, ties within a case averaged."""
    in_case = rank_rows(_key(values, direction).T, "average")
    # Ranks are halves: their sum is exact, hence so are ties.
    return rank_rows(in_case.sum(axis=0), ties)


def wins_then_rank(
    values: Floats, adjusted: Floats, direction: Direction, alpha: float = 0.05, ties: Ties = "min"
) -> Floats:
    """Places (t,) by the number of teams that one is significantly better than (corrected p < alpha, better mean)."""
    means = _key(values.mean(axis=1), direction)
    wins = np.sum((adjusted < alpha) & (means[:, None] < means[None, :]), axis=1)
    return rank_rows(-wins.astype(np.float64), ties)


def _key(values: Floats, direction: Direction) -> Floats:
    values = np.where(np.isfinite(values), values, np.nan)
    return np.where(np.isnan(values), np.inf, values if direction == "lower" else -values)
