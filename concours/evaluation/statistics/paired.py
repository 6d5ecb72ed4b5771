"""Paired tests between teams on the same cases: sign-flip permutation, Wilcoxon, DeLong for AUC; Holm's correction."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm, rankdata, wilcoxon

from concours.evaluation.statistics.bootstrap import ExactSums

Floats = NDArray[np.float64]
ENUMERATED = 13  # up to this many units all sign patterns are tried: 8192
FLIPS_AT_ONCE = 2**22


def permutation_test(
    values: Floats, seed: int = 0, permutations: int = 10_000, groups: ArrayLike | None = None
) -> Floats:
    """Two-sided p (t, t) that two teams' mean scores over cases (t, n) differ, by flipping signs of paired differences.

    All 2^n sign patterns up to 13 units, else `permutations` random ones with `(1 + hits) / (1 + permutations)`
    (Phipson and Smyth 2010), the same for every pair. `groups`: label of the patient of each case; its cases flip
    together. Sums are exact, so that ties with the observed difference count whatever the machine. 1 on the diagonal,
    NaN with a team that is missing.
    """
    first, second = np.triu_indices(len(values), k=1)
    values = np.where(np.isfinite(values), values, np.nan)
    differences = _by_group(values[first] - values[second], groups)
    units = differences.shape[1]
    sums = ExactSums(differences, units)
    observed = np.abs(sums(np.ones((1, units)))[0])
    hits, tried = np.zeros(len(first)), 0
    for signs in _signs(units, permutations, seed):
        hits += np.sum(np.abs(sums(signs)) >= observed, axis=0)
        tried += len(signs)
    p = hits / tried if units <= ENUMERATED else (hits + 1) / (tried + 1)
    return _square(len(values), np.where(np.isnan(observed), np.nan, p))


def wilcoxon_test(values: Floats) -> Floats:
    """Two-sided p (t, t) of Wilcoxon's signed-rank test on scores (t, n), zero differences kept in the ranks
    (Pratt).
    """
    first, second = np.triu_indices(len(values), k=1)
    return _square(
        len(values), np.array([_wilcoxon(values[a] - values[b]) for a, b in zip(first, second, strict=True)])
    )


def delong_test(truth: NDArray[np.bool_], predictions: Floats) -> Floats:
    """Two-sided p (t, t) that two AUCs on the same cases differ; predictions (t, n), truth (n,) with both classes.

    DeLong, DeLong and Clarke-Pearson, Biometrics 1988, by mid-ranks (Sun and Xu 2014). Two teams whose difference has
    no variance are equal (p = 1) or not (p = 0). NaN with a team that has a prediction that is not finite.
    """
    truth = np.asarray(truth, dtype=bool)
    predictions = np.where(np.isfinite(predictions), predictions, np.nan)
    aucs, covariance = delong(truth, predictions)
    first, second = np.triu_indices(len(predictions), k=1)
    variance = covariance[first, first] + covariance[second, second] - 2 * covariance[first, second]
    difference = np.abs(aucs[first] - aucs[second])
    # Rounding leaves about 1e-17 where the variance is nought.
    flat = variance <= 1e-15
    z = difference / np.sqrt(np.where(flat, 1.0, variance))
    p = np.where(flat, np.where(difference > 1e-12, 0.0, 1.0), 2 * norm.sf(z))
    return _square(len(predictions), np.where(np.isnan(difference), np.nan, p))


def delong(truth: NDArray[np.bool_], predictions: Floats) -> tuple[Floats, Floats]:
    """AUCs (t,) and their covariance (t, t) by DeLong's structural components; both classes need two cases at least."""
    positives, negatives = predictions[:, truth], predictions[:, ~truth]
    m, n = positives.shape[1], negatives.shape[1]
    if m < 2 or n < 2:
        raise ValueError("DeLong's covariance needs at least two cases of each class.")
    whole = rankdata(np.concatenate([positives, negatives], axis=1), axis=1)
    v10 = (whole[:, :m] - rankdata(positives, axis=1)) / n
    v01 = 1 - (whole[:, m:] - rankdata(negatives, axis=1)) / m
    covariance = np.atleast_2d(np.cov(v10)) / m + np.atleast_2d(np.cov(v01)) / n
    return v10.mean(axis=1), covariance


def holm(p: Floats) -> Floats:
    """Holm's step-down correction (1979) over the pairs of a symmetric (t, t) matrix; NaN stays out of the family."""
    first, second = np.triu_indices(len(p), k=1)
    adjusted = np.full(len(first), np.nan)
    tested = np.flatnonzero(~np.isnan(p[first, second]))
    raw = p[first, second][tested]
    order = np.argsort(raw, kind="stable")
    steps = raw[order] * np.arange(len(raw), 0, -1)
    adjusted[tested[order]] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return _square(len(p), adjusted)


def _square(teams: int, pairs: Floats) -> Floats:
    matrix = np.ones((teams, teams))
    first, second = np.triu_indices(teams, k=1)
    matrix[first, second] = matrix[second, first] = pairs
    return matrix


def _by_group(differences: Floats, groups: ArrayLike | None) -> Floats:
    if groups is None:
        return differences
    codes = np.unique(np.asarray(groups), return_inverse=True)[1].ravel()
    summed = np.zeros((len(differences), int(codes.max()) + 1))
    for case, code in enumerate(codes):
        summed[:, code] += differences[:, case]
    return summed


def _signs(units: int, permutations: int, seed: int) -> Iterator[Floats]:
    if units <= ENUMERATED:
        yield 1.0 - 2.0 * ((np.arange(2**units)[:, None] >> np.arange(units)) & 1).astype(np.float64)
        return
    rng = np.random.default_rng(seed)
    step = max(1, FLIPS_AT_ONCE // units)
    for start in range(0, permutations, step):
        flips = rng.integers(0, 2, (min(step, permutations - start), units), dtype=np.uint8)
        yield 1.0 - 2.0 * flips.astype(np.float64)


def _wilcoxon(differences: Floats) -> float:
    if not np.all(np.isfinite(differences)):
        return float("nan")
    if not np.any(differences):
        return 1.0
    # The exact distribution holds only without ties and zeros; scipy's "auto" chooses by the same rule.
    return float(wilcoxon(differences, zero_method="pratt", method="auto").pvalue)
