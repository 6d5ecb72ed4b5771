"""Everything that is known about how sure one board is, from what its scores are computed from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from concours.evaluation.ranking import stand
from concours.evaluation.ranking_rule import Direction, RankingRule
from concours.evaluation.statistics.alternatives import mean_then_rank, median_then_rank, rank_then_mean, wins_then_rank
from concours.evaluation.statistics.bootstrap import Sampled, bootstrap, intervals, point
from concours.evaluation.statistics.paired import delong_test, holm, permutation_test
from concours.evaluation.statistics.resample import Resampling
from concours.evaluation.statistics.stability import first_probability, kendall_tau, place_distribution, place_intervals
from concours.evaluation.statistics.ties import tie_groups

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Uncertainty:
    """What the bootstrap says of a board of t teams: arrays by team in the order of `teams`."""

    teams: tuple[str, ...]
    scores: Mapping[str, Floats]  # (t,)
    score_intervals: Mapping[str, Floats]  # (t, 2); none for a score that is not resampled
    places: Floats  # (t,)
    place_intervals: Floats  # (t, 2)
    place_distribution: Floats  # (t, t): team, place
    first_probability: Floats  # (t,)
    kendall_tau: Floats  # (r,)
    replicates: int
    seed: int
    level: float

    def as_dict(self) -> dict[str, Any]:
        """Plain values for a snapshot or an API, by team; tau as its mean and percentile interval."""
        tail = (1 - self.level) / 2
        defined_tau = self.kendall_tau[~np.isnan(self.kendall_tau)]
        tau = [defined_tau.mean(), *np.quantile(defined_tau, [tail, 1 - tail])] if len(defined_tau) else [np.nan] * 3
        return {
            "method": "percentile bootstrap over cases",
            "replicates": self.replicates,
            "seed": self.seed,
            "level": self.level,
            "kendall_tau": {"mean": float(tau[0]), "low": float(tau[1]), "high": float(tau[2])},
            "teams": {team: self._of(index) for index, team in enumerate(self.teams)},
        }

    def _of(self, index: int) -> dict[str, Any]:
        return {
            "scores": {
                name: {
                    "value": float(self.scores[name][index]),
                    "low": _end(self.score_intervals, name, index, 0),
                    "high": _end(self.score_intervals, name, index, 1),
                }
                for name in self.scores
            },
            "place": {"low": self.place_intervals[index, 0].item(), "high": self.place_intervals[index, 1].item()},
            "first_probability": float(self.first_probability[index]),
            "place_distribution": self.place_distribution[index].tolist(),
        }


def _end(intervals: Mapping[str, Floats], name: str, index: int, end: int) -> float | None:
    return float(intervals[name][index, end]) if name in intervals else None


@dataclass(frozen=True)
class Significance:
    """Pairwise tests of one score and what follows: corrected p (t, t), tie groups, places under other rules."""

    teams: tuple[str, ...]
    score: str
    test: str
    p: Floats
    adjusted: Floats
    alpha: float
    groups: tuple[tuple[str, ...], ...]
    alternatives: Mapping[str, Floats]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for a snapshot or an API."""
        return {
            "score": self.score,
            "test": self.test,
            "correction": "Holm",
            "alpha": self.alpha,
            "teams": list(self.teams),
            "p": self.p.tolist(),
            "adjusted": self.adjusted.tolist(),
            "groups": [list(group) for group in self.groups],
            "places": {
                name: dict(zip(self.teams, places.tolist(), strict=True)) for name, places in self.alternatives.items()
            },
        }


def uncertainty(
    rule: RankingRule,
    teams: Sequence[str],
    scores: Mapping[str, Sampled],
    *,
    seed: int,
    replicates: int = 1000,
    level: float = 0.95,
    arrival: NDArray[np.int64] | None = None,
    groups: ArrayLike | None = None,
) -> Uncertainty:
    """Bootstrap a board by its own rule: score and place intervals, probability of being first, Kendall's tau.

    scores: every input of the rule (`rule.inputs`), teams in the order of `teams`, cases in one order for all. The first
    score that needs classes makes the draws stratified by its truth, so that no replicate lacks one. A score that is not
    resampled is the same in every draw and has no interval. groups: patient of each case.
    """
    resampling = Resampling.of(
        _cases(scores), replicates, seed, None if groups is not None else _strata(scores), groups
    )
    drawn = bootstrap({name: scores[name] for name in rule.inputs}, resampling)
    observed = stand(rule, {name: point(scores[name])[None] for name in rule.inputs}, arrival)
    replicated = stand(rule, drawn, arrival)
    fixed = not_resampled(scores)
    return Uncertainty(
        teams=tuple(teams),
        scores={name: values[0] for name, values in observed.scores.items()},
        score_intervals={
            name: intervals(values, level) for name, values in replicated.scores.items() if _is_drawn(rule, name, fixed)
        },
        places=observed.places[0],
        place_intervals=place_intervals(replicated.places, level),
        place_distribution=place_distribution(replicated.places),
        first_probability=first_probability(replicated.places),
        kendall_tau=kendall_tau(observed.places[0], replicated.places),
        replicates=replicates,
        seed=seed,
        level=level,
    )


def not_resampled(scores: Mapping[str, Sampled]) -> dict[str, str]:
    """The scores that are the same in every draw, each with the reason in words: no interval of theirs exists."""
    return {name: sampled.reason for name, sampled in scores.items() if sampled.how == "fixed"}


def _is_drawn(rule: RankingRule, name: str, fixed: Collection[str]) -> bool:
    """Whether a score differs from draw to draw: one that is derived does when any of its parts does."""
    derived = next((score for score in rule.derived if score.name == name), None)
    return name not in fixed if derived is None else any(_is_drawn(rule, part, fixed) for part in derived.of)


def significance(
    teams: Sequence[str],
    name: str,
    sampled: Sampled,
    direction: Direction,
    *,
    seed: int,
    alpha: float = 0.05,
    permutations: int = 10_000,
    groups: ArrayLike | None = None,
) -> Significance:
    """Pairwise tests of one score with Holm's correction: DeLong for an AUC, else sign-flip permutation of paired
    cases.

    Other aggregation rules need a value for each case and are left out for an AUC. Raises ValueError for a score that
    is not made of cases.
    """
    if sampled.how not in ("auc", "mean", "root_mean"):
        raise ValueError(f"Score '{name}' ({sampled.how}) has no paired values by case to test.")
    if sampled.how == "auc":
        assert sampled.truth is not None
        test, p = "DeLong", delong_test(sampled.truth, sampled.values)
    else:
        test, p = "paired permutation", permutation_test(sampled.values, seed, permutations, groups)
    adjusted = holm(p)
    value = point(sampled)
    key = np.where(np.isnan(value), np.inf, value if direction == "lower" else -value)
    order = np.argsort(key, kind="stable").tolist()
    return Significance(
        teams=tuple(teams),
        score=name,
        test=test,
        p=p,
        adjusted=adjusted,
        alpha=alpha,
        groups=tuple(tuple(teams[index] for index in group) for group in tie_groups(order, adjusted, alpha)),
        alternatives={} if sampled.how == "auc" else _alternatives(sampled.values, adjusted, direction, alpha),
    )


def _alternatives(values: Floats, adjusted: Floats, direction: Direction, alpha: float) -> dict[str, Floats]:
    return {
        "mean_then_rank": mean_then_rank(values, direction),
        "median_then_rank": median_then_rank(values, direction),
        "rank_then_mean": rank_then_mean(values, direction),
        "test_then_rank": wins_then_rank(values, adjusted, direction, alpha),
    }


def _cases(scores: Mapping[str, Sampled]) -> int:
    counts = {sampled.cases for sampled in scores.values() if sampled.cases is not None}
    if len(counts) > 1:
        raise ValueError(f"Scores are made of different numbers of cases: {sorted(counts)}.")
    return counts.pop() if counts else 1


def _strata(scores: Mapping[str, Sampled]) -> NDArray[Any] | None:
    return next((strata for sampled in scores.values() if (strata := strata_of(sampled)) is not None), None)


def strata_of(sampled: Sampled) -> NDArray[Any] | None:
    """The classes that draws for this score keep; those of its truth for an AUC."""
    return sampled.strata if sampled.strata is not None or sampled.rows is not None else sampled.truth
