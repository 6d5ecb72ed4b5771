"""How a score is computed again when its cases are drawn with replacement: declared by each metric, run by the bootstrap.

A draw is a row of counts, how often each case was drawn: (r, n) whole numbers as float64. An estimator is a function of such
counts that gives (r,) scores, NaN where a draw leaves the score undefined; with every count 1 it gives the score itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Estimator = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Resample:
    """How one metric is resampled. All functions take the metric's two sides and its parameters by name.

    `mean`, `root_mean`: `per_case` gives (n,) values; the score is their mean, or the root of it. `auc`: the area under the
    ROC curve of binary truth. `weighted`: `estimator` gives a function of counts. `strata`, where the score needs classes,
    gives (n,) labels of the truth; every draw keeps their sizes, so that none lacks a class.
    """

    how: Literal["mean", "root_mean", "auc", "weighted"]
    per_case: Callable[..., NDArray[Any]] | None = None
    estimator: Callable[..., Estimator] | None = None
    strata: Callable[..., NDArray[Any] | None] | None = None


def of_counts(contributions: NDArray[Any], combine: Callable[[Floats], Floats]) -> Estimator:
    """The estimator of a score of sums: contributions (n, k) of each case, combine: sums (r, k) to scores (r,)."""
    whole = contributions.astype(np.float64)
    return lambda counts: combine(counts @ whole)


def ratio(part: Floats, whole: Floats) -> Floats:
    """`part / whole`, NaN where the whole is 0."""
    quotients: Floats = np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole != 0)
    return quotients


def mean_of_defined(values: Floats) -> Floats:
    """Mean along the last axis of what is not NaN; NaN where nothing is."""
    defined = ~np.isnan(values)
    return ratio(np.where(defined, values, 0.0).sum(axis=-1), defined.sum(axis=-1).astype(np.float64))


def auc_estimator(truth: NDArray[np.bool_], predictions: Floats) -> Callable[[Floats], Floats]:
    """ROC AUC (r, t) of predictions (t, n): positives above negatives, ties half (Mann-Whitney), cases counted (r, n) times.

    Per team one sort, then running sums of the counts of negatives, read off at each positive. NaN where a replicate
    lacks a class or a team has a prediction that is not finite. Sums are of whole numbers, hence exact.
    """
    truth = np.asarray(truth, dtype=bool)
    cases = len(truth)
    narrow: type[np.floating[Any]] = (
        np.float32 if cases * cases / 2 < 2**24 else np.float64
    )  # whole numbers below 2^24 are exact in float32
    looked_up = {
        team: _order(values[~truth], values[truth])
        for team, values in enumerate(predictions)
        if np.all(np.isfinite(values))
    }

    def auc(counts: Floats) -> Floats:
        by_case = np.ascontiguousarray(counts.T, dtype=narrow)
        positives, negatives = by_case[truth], by_case[~truth]
        pairs = 2.0 * positives.sum(axis=0, dtype=np.float64) * negatives.sum(axis=0, dtype=np.float64)
        below = np.zeros((len(negatives) + 1, len(counts)), dtype=narrow)
        result = np.full((len(counts), len(predictions)), np.nan)
        for team, (order, left, right) in looked_up.items():
            np.cumsum(negatives[order], axis=0, out=below[1:])
            beaten = below[left]
            beaten += below[right]
            beaten *= positives
            wins = beaten.sum(axis=0, dtype=np.float64)
            result[:, team] = np.divide(wins, pairs, out=np.full(len(counts), np.nan), where=pairs > 0)
        return result

    return auc


def _order(negatives: Floats, positives: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """The order of the negatives, and for each positive how many negatives are below it, and below or equal."""
    order = np.argsort(negatives, kind="stable")
    ordered = negatives[order]
    return order, np.searchsorted(ordered, positives, "left"), np.searchsorted(ordered, positives, "right")


def order_statistic(values: Sequence[float] | Floats, ranks: Callable[[Floats], Sequence[Floats]]) -> Estimator:
    """The mean of values (n,) at some ranks of each draw: `ranks` gives, for sizes (r,), arrays (r,) counted from 0."""
    values = np.asarray(values, np.float64)
    order = np.argsort(values, kind="stable")
    ordered = values[order]

    def at_ranks(counts: Floats) -> Floats:
        up_to = np.cumsum(counts[:, order], axis=1)
        sizes = up_to[:, -1]
        picked = [ordered[np.minimum((up_to <= rank[:, None]).sum(axis=1), len(ordered) - 1)] for rank in ranks(sizes)]
        return np.where(sizes > 0, np.mean(picked, axis=0), np.nan)

    return at_ranks
