"""Bootstrap replicates of every team's scores by one matrix product, and percentile intervals of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from scoring.statistics.resample import Resampling

Floats = NDArray[np.float64]
How = Literal["mean", "root_mean", "ratio", "auc", "fixed"]


class SampledError(ValueError):
    """What a score is computed from does not fit: shapes, classes."""


@dataclass(frozen=True)
class Sampled:
    """What one score is computed from, for t teams in one order and n cases in one order.

    `mean`: values (t, n), the mean over cases (Dice, squared errors). `root_mean`: its square root (RMSE). `ratio`: sum
    of values over sum of `weights`, both (t, n) (sensitivity over lesions). `auc`: values (t, n) are predictions,
    `truth` (n,) 0 or 1. `fixed`: values (t,), not made of cases (FID, a jury's mark): the same in every replicate. A
    team with a value that is not finite is missing (NaN) in every replicate: nothing is dropped from a mean.
    """

    how: How
    values: Floats
    weights: Floats | None = None
    truth: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        if self.values.ndim != (1 if self.how == "fixed" else 2):
            raise SampledError(f"'{self.how}' takes values of (teams, cases), 'fixed' of (teams,).")
        if self.how == "ratio" and (self.weights is None or self.weights.shape != self.values.shape):
            raise SampledError("'ratio' needs weights of the same shape as its values.")
        if self.how == "auc" and (self.truth is None or self.truth.shape != self.values.shape[1:]):
            raise SampledError("'auc' needs one truth a case.")


def bootstrap(scores: Mapping[str, Sampled], resampling: Resampling) -> dict[str, Floats]:
    """Replicates (r, t) of each score; all scores share the same draws, so that they stay paired by case."""
    estimators = {name: estimator(sampled, resampling.most) for name, sampled in scores.items()}
    blocks = [{name: of(counts) for name, of in estimators.items()} for counts in resampling.blocks()]
    return {name: np.concatenate([block[name] for block in blocks]) for name in scores}


def point(sampled: Sampled) -> Floats:
    """The score itself, (t,), by the same arithmetic: every case counted once."""
    cases = sampled.values.shape[1] if sampled.values.ndim == 2 else 1
    return replicate(sampled, np.ones((1, cases)))[0]


def replicate(sampled: Sampled, counts: Floats) -> Floats:
    """The score (r, t) when case i is counted `counts[:, i]` times; counts: (r, n) whole numbers."""
    return estimator(sampled, float(np.max(np.sum(counts, axis=1))))(counts)


def estimator(sampled: Sampled, most: float) -> Callable[[Floats], Floats]:
    """The score as a function of counts (r, n) that add to at most `most` in a row. What depends on the values alone (their
    scale, their order) is worked out once, here.
    """
    if sampled.how == "fixed":
        return lambda counts: np.tile(sampled.values, (len(counts), 1))
    if sampled.how == "auc":
        assert sampled.truth is not None
        of = auc_estimator(sampled.truth, sampled.values)
    elif sampled.how == "ratio":
        assert sampled.weights is not None
        of = _ratio(ExactSums(sampled.values, most), ExactSums(sampled.weights, most))
    else:
        of = _mean(ExactSums(sampled.values, most), root=sampled.how == "root_mean")

    def checked(counts: Floats) -> Floats:
        if sampled.values.shape[1] != counts.shape[1]:
            raise SampledError(f"{sampled.values.shape[1]} cases of values for {counts.shape[1]} cases drawn.")
        return of(counts)

    return checked


def _mean(sums: ExactSums, root: bool) -> Callable[[Floats], Floats]:
    def mean(counts: Floats) -> Floats:
        means = sums(counts)
        means /= (counts @ np.ones(counts.shape[1]))[:, None]  # whole numbers, so exact
        return np.sqrt(means) if root else means

    return mean


def _ratio(over: ExactSums, under: ExactSums) -> Callable[[Floats], Floats]:
    def ratio(counts: Floats) -> Floats:
        above, below = over(counts), under(counts)
        return np.divide(above, below, out=np.full(above.shape, np.nan), where=below != 0)

    return ratio


class ExactSums:
    """`factors @ values.T`, (r, t), the same bits on any machine, with any number of threads and in any order of cases.

    values: (t, n). factors: (r, n) whole numbers, the absolute values of each row adding to at most `most`. Each team's
    values are rounded to whole multiples of a power of two so small (2^-53 of the largest possible sum) that every partial
    sum is a whole number below 2^53 and thus exact. For 500 cases that is 3e-14 of the largest value.
    """

    def __init__(self, values: Floats, most: float) -> None:
        largest = np.max(np.abs(values), axis=1, initial=0.0)
        self.sound = np.isfinite(largest)
        bits = 53 - math.ceil(math.log2(max(1.0, most)))
        self.exponent = bits - np.frexp(np.where(self.sound, largest, 0.0))[1]
        sound_values = np.where(self.sound[:, None], values, 0.0)
        self.whole = np.rint(np.ldexp(sound_values, self.exponent[:, None])).T

    def __call__(self, factors: Floats) -> Floats:
        sums = factors @ self.whole
        np.ldexp(sums, -self.exponent, out=sums)
        sums[:, ~self.sound] = np.nan
        return sums


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


def intervals(replicates: Floats, level: float = 0.95) -> Floats:
    """Percentile intervals (t, 2) of replicates (r, t); NaN for a team that is missing in any replicate."""
    tail = (1 - level) / 2
    return np.quantile(replicates, [tail, 1 - tail], axis=0).T
