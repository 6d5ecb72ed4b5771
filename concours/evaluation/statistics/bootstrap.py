"""Bootstrap replicates of every team's scores by one matrix product, and percentile intervals of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from concours.evaluation.statistics.resample import Resampling
from concours.metrics.basis.resample import Estimator, auc_estimator

Floats = NDArray[np.float64]
How = Literal["mean", "root_mean", "auc", "weighted", "fixed"]
UNDEFINED_DRAWS = 0.05  # share of draws that may leave a score undefined before it has no interval


class SampledError(ValueError):
    """What a score is computed from does not fit: shapes, classes."""


@dataclass(frozen=True)
class Sampled:
    """What one score is computed from, for t teams in one order and n cases in one order.

    `mean`: values (t, n), the mean over cases (Dice, squared errors). `root_mean`: its square root (RMSE). `auc`: values
    (t, n) are predictions, `truth` (n,) 0 or 1. `weighted`: one function of counts a team, values are (t,) scores. `fixed`:
    values (t,), not resampled (FID, a jury's mark), for a `reason` in words: the same in every replicate. A team with a value
    that is not finite, or without a function, is missing (NaN) in every replicate: nothing is dropped from a mean.

    `rows` (n,), where a score has other cases than those that are drawn: the place of each among the drawn ones, -1 for one
    that is not drawn at all. `drawn` is then their number. `strata` (drawn,) are classes whose sizes every draw keeps.
    """

    how: How
    values: Floats
    truth: NDArray[np.bool_] | None = None
    estimators: tuple[Estimator | None, ...] = ()
    rows: NDArray[np.intp] | None = None
    drawn: int = 0
    strata: NDArray[Any] | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        single = self.how in ("fixed", "weighted")
        if self.values.ndim != (1 if single else 2):
            raise SampledError(f"'{self.how}' takes values of ({'teams,' if single else 'teams, cases'}).")
        if self.how == "auc" and (self.truth is None or self.truth.shape != self.values.shape[1:]):
            raise SampledError("'auc' needs one truth a case.")
        if self.how == "weighted" and (len(self.estimators) != len(self.values) or not self.drawn):
            raise SampledError("'weighted' needs one function a team, and the number of drawn cases.")
        if self.rows is not None and not self.drawn:
            raise SampledError("A score of some of the drawn cases needs their number.")

    @property
    def cases(self) -> int | None:
        """How many cases are drawn; None where the score is not made of cases."""
        if self.how == "fixed":
            return None
        return self.drawn or int(self.values.shape[1])


def bootstrap(scores: Mapping[str, Sampled], resampling: Resampling) -> dict[str, Floats]:
    """Replicates (r, t) of each score; all scores share the same draws, so that they stay paired by case."""
    size = resampling.cases if resampling.one_size else None
    estimators = {name: estimator(sampled, resampling.most, size) for name, sampled in scores.items()}
    blocks = [{name: of(counts) for name, of in estimators.items()} for counts in resampling.blocks()]
    return {name: np.concatenate([block[name] for block in blocks]) for name in scores}


def point(sampled: Sampled) -> Floats:
    """The score itself, (t,), by the same arithmetic: every case counted once."""
    if sampled.how == "weighted":
        return sampled.values
    scores: Floats = replicate(sampled, np.ones((1, sampled.cases or 1)))[0]
    return scores


def replicate(sampled: Sampled, counts: Floats) -> Floats:
    """The score (r, t) when case i is counted `counts[:, i]` times; counts: (r, n) whole numbers."""
    return estimator(sampled, float(np.max(np.sum(counts, axis=1))))(counts)


def estimator(sampled: Sampled, most: float, size: int | None = None) -> Callable[[Floats], Floats]:
    """The score as a function of counts (r, n) that add to at most `most` in a row, and to `size` in every row where it is
    given. What depends on the values alone (their scale, their order) is worked out once, here.
    """
    if sampled.how == "fixed":
        return lambda counts: np.tile(sampled.values, (len(counts), 1))
    if sampled.how == "auc":
        assert sampled.truth is not None
        of = auc_estimator(sampled.truth, sampled.values)
    elif sampled.how == "weighted":
        of = _each_team(sampled.estimators)
    else:
        own = size if sampled.rows is None else None
        of = _mean(ExactSums(sampled.values, most), sampled.how == "root_mean", own)

    def checked(counts: Floats) -> Floats:
        if counts.shape[1] != sampled.cases:
            raise SampledError(f"{sampled.cases} cases of values for {counts.shape[1]} cases drawn.")
        return of(counts if sampled.rows is None else _of_rows(counts, sampled.rows))

    return checked


def _of_rows(counts: Floats, rows: NDArray[np.intp]) -> Floats:
    """How often each of a score's own cases was drawn: never, for one that is not among the drawn cases."""
    return np.where(rows >= 0, counts[:, rows], 0.0)


def _each_team(estimators: tuple[Estimator | None, ...]) -> Callable[[Floats], Floats]:
    def scores(counts: Floats) -> Floats:
        missing = np.full(len(counts), np.nan)
        return np.stack([missing if of is None else of(counts) for of in estimators], axis=1)

    return scores


def _mean(sums: ExactSums, root: bool, size: int | None) -> Callable[[Floats], Floats]:
    def mean(counts: Floats) -> Floats:
        means = sums(counts)
        if size is None:
            sizes = (counts @ np.ones(counts.shape[1]))[:, None]  # whole numbers, so exact
            means /= np.where(sizes, sizes, np.nan)
        else:
            means /= size
        return np.sqrt(means) if root else means

    return mean


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
        sums: Floats = factors @ self.whole
        np.ldexp(sums, -self.exponent, out=sums)
        sums[:, ~self.sound] = np.nan
        return sums


def intervals(replicates: Floats, level: float = 0.95) -> Floats:
    """Percentile intervals (t, 2) of replicates (r, t), over the replicates in which a team has a score.

    NaN for a team without one in more than `UNDEFINED_DRAWS` of them.
    """
    tail = (1 - level) / 2
    undefined = np.isnan(replicates)
    if not undefined.any():
        return np.quantile(replicates, [tail, 1 - tail], axis=0).T
    result = np.full((replicates.shape[1], 2), np.nan)
    for team in np.flatnonzero(undefined.mean(axis=0) <= UNDEFINED_DRAWS):
        result[team] = np.quantile(replicates[~undefined[:, team], team], [tail, 1 - tail])
    return result
