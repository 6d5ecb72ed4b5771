"""Every score is drawn again from cases as its metric computes it, or says why it is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from concours import metrics
from concours.evaluation.evidence import evidence, sampled
from concours.evaluation.ranking_rule import RankingRule
from concours.evaluation.statistics.analysis import uncertainty
from concours.evaluation.statistics.bootstrap import replicate
from concours.evaluation.truth import load_truth
from concours.metrics import Metric
from concours.metrics.basis.resample import auc_estimator
from tests.concours.evaluation.sets import CATALOGUE, csv_bytes, question, scored, write_folder
from tests.concours.metrics.examples import example

RESAMPLED = [metric for name in metrics.names() if (metric := metrics.find(name)).resample is not None]
VARIANTS: dict[str, list[dict[str, Any]]] = {
    "f1": [{}, {"average": "macro"}, {"average": "micro"}],
    "precision": [{}, {"average": "macro"}, {"average": "micro"}],
    "recall": [{}, {"average": "macro"}, {"average": "micro"}],
    "cohen_kappa": [
        {},
        {"weights": "linear", "labels": [0, 1, 2, 3]},
        {"weights": "quadratic", "labels": [0, 1, 2, 3]},
    ],
}


def estimate(metric: Metric, truth: Any, prediction: Any, counts: np.ndarray, **parameters: Any) -> np.ndarray:
    """The metric's own account of how it is drawn again."""
    resample, settled = metric.resample, metric.settle(parameters)
    assert resample is not None
    if resample.how == "weighted":
        assert resample.estimator is not None
        return resample.estimator(truth, prediction, **settled)(counts)
    if resample.how == "auc":
        return auc_estimator(truth == 1, prediction[None])(counts)[:, 0]
    assert resample.per_case is not None
    mean = counts @ resample.per_case(truth, prediction, **settled).astype(float) / counts.sum(axis=1)
    return np.sqrt(mean) if resample.how == "root_mean" else mean


def repeated(metric: Metric, side: Any, counts: np.ndarray, cases: list[str]) -> Any:
    """The side with each case as often as it was drawn; a lesion's exam drawn twice is two exams."""
    if metric.shape != "detections":
        return side[np.repeat(np.arange(len(side)), counts)]
    drawn = [f"{case}/{copy}" for case, times in zip(cases, counts, strict=True) for copy in range(times)]
    picked = [(index, name) for name in drawn for index in np.flatnonzero(side["case"] == name.partition("/")[0])]
    index = np.array([number for number, _ in picked], int)
    moved = {name: values[index] for name, values in side.items() if name not in ("cases", "case")}
    moved["case"] = np.array([name for _, name in picked], str)
    return {**moved, "cases": drawn} if "cases" in side else moved


@pytest.mark.parametrize("metric", RESAMPLED, ids=lambda metric: metric.name)
def test_drawn_again_is_the_score_of_the_drawn_cases(metric: Metric) -> None:
    case = example(metric)
    cases = case.truth["cases"] if metric.shape == "detections" else case.truth
    generator = np.random.default_rng(3)
    counts = np.concatenate(
        [np.ones((1, len(cases)), int), generator.multinomial(len(cases), [1 / len(cases)] * len(cases), 5)]
    )
    for parameters in VARIANTS.get(metric.name, [{}]):
        estimate_result = estimate(metric, case.truth, case.worse, counts.astype(float), **parameters)
        for row, value in zip(counts, estimate_result, strict=True):
            sides = (repeated(metric, side, row, list(cases)) for side in (case.truth, case.worse))
            assert value == pytest.approx(metric(*sides, **parameters).value, abs=1e-12), (metric.name, parameters)


def test_every_score_of_the_catalogue_has_an_interval_or_says_why_not() -> None:
    for file in sorted(CATALOGUE.glob("*.yaml")):
        spec = question(file.stem)
        for name in RankingRule.from_spec(spec).inputs:
            declared = spec.metrics.get(name)
            reason = sampled(spec, name, [], [], "all").reason if declared is None else ""
            metric = None if declared is None else metrics.find(declared.metric)
            resampled = metric is not None and (metric.over == "case" or metric.resample is not None)
            assert resampled or reason or (metric is not None and metric.not_resampled), (file.stem, name)


def reader(
    tmp_path: Path, answers: dict[str, dict[str, float]]
) -> tuple[Any, list[dict[str, np.ndarray]], list[float]]:
    """The meniscus of SFR 2018: evidence and weighted AUC of two teams."""
    spec = question("meniscus")
    fields = next(iter(spec.metrics.values())).fields
    generator = np.random.default_rng(1)
    rows = [{"id": f"c{n}", **{name: int(generator.random() < 0.5) for name in fields}} for n in range(40)]
    for row in rows:
        if not row[fields[0]]:
            row |= dict.fromkeys(fields[1:], "")
    truth = write_folder(tmp_path / "truth", {"truth.csv": csv_bytes(rows)})
    read = load_truth(spec, truth)
    sides, values = [], []
    for team, noise in answers.items():
        predicted = [
            {spec.submission.id_column: row["id"]}
            | {
                column: min(1.0, max(0.0, float(row[name] or 0) * noise["signal"] + generator.random() * 0.5))
                for name, column in zip(fields, next(iter(spec.metrics.values())).columns, strict=True)
            }
            for row in rows
        ]
        table = tmp_path / f"{team}.csv"
        table.write_bytes(csv_bytes(predicted))
        result = scored("meniscus", truth, table)
        sides.append(evidence(spec, read, result))
        values.append(next(iter(result.scores.values())))
    return spec, sides, values


def test_a_weighted_auc_has_intervals_from_what_was_kept_at_scoring(tmp_path: Path) -> None:
    spec, sides, values = reader(tmp_path, {"good": {"signal": 0.4}, "guess": {"signal": 0.1}})
    name = next(iter(spec.metrics))
    score = sampled(spec, name, sides, values, "all")
    assert replicate(score, np.ones((1, 40)))[0] == pytest.approx(values)
    rule = RankingRule("best_score", (name,), {name: "higher"})
    uncertainty_result = uncertainty(rule, ("good", "guess"), {name: score}, seed=1, replicates=300)
    for value, (low, high) in zip(values, uncertainty_result.score_intervals[name], strict=True):
        assert low < value < high


def test_a_brier_score_has_the_interval_of_its_three_cases() -> None:
    spec = question("prognosis")
    name = next(name for name, entry in spec.metrics.items() if entry.metric == "brier")
    truth, array = np.array([1.0, 0.0, 1.0]), np.array([0.9, 0.1, 0.8])  # squared errors 0.01, 0.01, 0.04
    side = {"ids": np.array(["a", "b", "c"]), "parts": np.array(["", "", ""])}
    side |= {f"{name}.truth": truth, f"{name}.said": array}
    score = sampled(spec, name, [side], [0.02], "all")
    uncertainty_result = uncertainty(RankingRule("best_score", (name,), {name: "lower"}), ("x",), {name: score}, seed=0)
    assert uncertainty_result.score_intervals[name][0].tolist() == pytest.approx([0.01, 0.04])


def test_a_team_without_a_score_takes_no_interval_from_the_others() -> None:
    spec = question("prognosis")
    name = next(name for name, entry in spec.metrics.items() if entry.metric == "brier")
    side = {"ids": np.array(["a", "b"]), "parts": np.array(["", ""])}
    side |= {f"{name}.truth": np.array([1.0, 0.0]), f"{name}.said": np.array([0.9, 0.4])}
    score = sampled(spec, name, [side, {}], [0.085, None], "all")
    drawn = replicate(score, np.array([[2.0, 0.0]]))
    assert drawn[0, 0] == pytest.approx(0.01)
    assert np.isnan(drawn[0, 1])


def test_a_team_whose_cases_were_not_kept_leaves_the_score_fixed_with_the_reason() -> None:
    spec = question("prognosis")
    name = next(name for name, entry in spec.metrics.items() if entry.metric == "brier")
    score = sampled(spec, name, [{}, {}], [0.1, 0.2], "all")
    assert score.how == "fixed"
    assert score.reason
