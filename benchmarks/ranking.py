"""Bootstrap and ranking, beside the plain loops that people write."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.stats import kendalltau, rankdata
from sklearn.metrics import roc_auc_score

from benchmarks.size import sized
from concours.evaluation.ranking_rule import RankingRule
from concours.evaluation.statistics import resample
from concours.evaluation.statistics.analysis import uncertainty
from concours.evaluation.statistics.bootstrap import Sampled, bootstrap
from concours.evaluation.statistics.resample import Resampling, counts
from concours.metrics.basis.resample import auc_estimator

REPLICATES, CASES, TEAMS = sized(1000, tiny=50), sized(500, tiny=60), sized(20, tiny=3)
QUESTIONS = sized(5, tiny=2)
LOOP = "numpy, loop over replicates and teams"


def figures() -> list[dict[str, Any]]:
    """All figures of this file; each checks first that both sides agree."""
    rng = np.random.default_rng(2019)
    dice = rng.beta(8, 2, (TEAMS, CASES))
    truth = rng.random(CASES) < 0.3
    probability = np.round(truth + rng.normal(size=(TEAMS, CASES)), 2)
    return [*_means(dice), _auc(truth, probability), _boards(dice, truth, probability)]


def _means(dice: np.ndarray) -> list[dict[str, Any]]:
    resampling = Resampling(CASES, REPLICATES, seed=1)
    ours = bootstrap({"dice": Sampled("mean", dice)}, resampling)["dice"]
    drawn = [np.repeat(np.arange(CASES), row.astype(int)) for row in counts(resampling)]
    assert np.allclose(ours, [[team[cases].mean() for team in dice] for cases in drawn], rtol=1e-12, atol=0)

    def drawing() -> None:
        resample._kept.cache_clear()
        bootstrap({"dice": Sampled("mean", dice)}, resampling)

    peer = _milliseconds(lambda: _loop(dice), 3)
    size = f"bootstrap of the mean, {REPLICATES} x {CASES} cases x {TEAMS} teams"
    redrawn = _milliseconds(lambda: bootstrap({"dice": Sampled("mean", dice)}, resampling), 30)
    return [
        _figure(f"{size}, draws kept from another score", redrawn, peer, LOOP),
        _figure(f"{size}, drawing included", _milliseconds(drawing, 30), peer, LOOP),
    ]


def _loop(values: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(1)
    means = np.empty((REPLICATES, len(values)))
    for replicate in range(REPLICATES):
        cases = rng.integers(0, CASES, CASES)
        for team, scores in enumerate(values):
            means[replicate, team] = scores[cases].mean()
    return means


def _auc(truth: np.ndarray, probability: np.ndarray) -> dict[str, Any]:
    drawn = counts(Resampling.of(CASES, REPLICATES, 1, strata=truth))
    few = 10  # the loop takes 20 s in full; its time grows with the replicates

    def loop() -> list[list[float]]:
        return [_aucs(truth, probability, np.repeat(np.arange(CASES), row.astype(int))) for row in drawn[:few]]

    assert np.allclose(auc_estimator(truth, probability)(drawn[:few]), loop(), rtol=0, atol=1e-12)
    ours = _milliseconds(lambda: auc_estimator(truth, probability)(drawn), 7)
    peer = _milliseconds(loop, 3) * REPLICATES / few
    name = f"bootstrap of the AUC, {REPLICATES} x {CASES} cases x {TEAMS} teams"
    return _figure(name, ours, peer, f"scikit-learn, loop ({few} replicates measured, scaled)")


def _aucs(truth: np.ndarray, probability: np.ndarray, cases: np.ndarray) -> list[float]:
    return [float(roc_auc_score(truth[cases], team[cases])) for team in probability]


def _boards(dice: np.ndarray, truth: np.ndarray, probability: np.ndarray) -> dict[str, Any]:
    """Five questions: two rank sums, two errors, one AUC; scores, places, their intervals, first places, Kendall's
    tau.
    """
    rank_sum = RankingRule("rank_sum", ("dice", "mse"), {"dice": "higher", "mse": "lower"}, tie_break=("dice",))
    error = RankingRule("best_score", ("mse",), {"mse": "lower"})
    auc = RankingRule("best_score", ("auc",), {"auc": "higher"})
    scores = {
        "dice": Sampled("mean", dice),
        "mse": Sampled("mean", (1 - dice[::-1]) ** 2),
        "auc": Sampled("auc", probability, truth=truth),
    }
    teams = [f"team {index}" for index in range(TEAMS)]

    def ours() -> list[Any]:
        resample._kept.cache_clear()
        return [
            uncertainty(rule, teams, {name: scores[name] for name in rule.inputs}, seed=seed, replicates=REPLICATES)
            for seed, rule in enumerate([rank_sum, rank_sum, error, error, auc])
        ]

    few = 10

    def loop() -> list[np.ndarray]:
        return [_ranked_loop(scores, seed, kind, few) for seed, kind in enumerate(["sum", "sum", "mse", "mse", "auc"])]

    loop()
    name = f"{TEAMS} teams x {QUESTIONS} questions ranked with {REPLICATES} bootstraps"
    peer = _milliseconds(loop, 3) * REPLICATES / few
    return _figure(
        name, _milliseconds(ours, 5), peer, f"numpy, scipy and scikit-learn, loop ({few} replicates, scaled)"
    )


def _ranked_loop(scores: dict[str, Sampled], seed: int, kind: str, replicates: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    observed = np.arange(1, TEAMS + 1)
    ranks = np.empty((replicates, TEAMS))
    for replicate in range(replicates):
        cases = rng.integers(0, CASES, CASES)
        if kind == "auc":
            sampled = scores["auc"]
            assert sampled.truth is not None
            ranks[replicate] = rankdata([-value for value in _aucs(sampled.truth, sampled.values, cases)], method="min")
        else:
            total = rankdata([team[cases].mean() for team in scores["mse"].values], method="min")
            if kind == "sum":
                total = total + rankdata([-team[cases].mean() for team in scores["dice"].values], method="min")
            ranks[replicate] = rankdata(total, method="min")
        kendalltau(observed, ranks[replicate])
    return ranks


def _milliseconds(work: Callable[[], Any], times: int) -> float:
    """CPU time of the fastest run after a first one that is not counted: load on the machine counts on neither side."""
    work()
    taken = []
    for _ in range(times):
        start = time.process_time()
        work()
        taken.append((time.process_time() - start) * 1000)
    return min(taken)


def _figure(name: str, ours: float, peer: float, peer_name: str) -> dict[str, Any]:
    return {"name": name, "unit": "ms", "ours": ours, "peer": peer, "peer_name": peer_name, "ratio": peer / ours}
