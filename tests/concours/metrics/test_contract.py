"""What every metric promises, whichever file it stands in."""

import json
import math

import numpy as np
import pytest

from concours import metrics
from concours.metrics import Metric, MetricParameterError, Region, UnknownMetricError
from tests.concours.metrics.examples import example, shuffled, with_a_gap

ALL = [metrics.find(name) for name in metrics.names()]
# A copy of the real cases is no perfect generation: diversity sees the copies, memorisation exists to.
NO_PERFECT_PREDICTION = {"diversity", "memorisation", "frugality"}
WITH_GAPS = ("values", "probabilities", "grades", "labels", "embeddings", "detections")

every_metric = pytest.mark.parametrize("metric", ALL, ids=lambda metric: metric.name)


def best(metric: Metric) -> float:
    return metric.range[1] if metric.higher_is_better else metric.range[0]


@every_metric
def test_declares_everything_that_teams_are_shown(metric: Metric) -> None:
    assert metric.title and metric.summary.endswith(".")
    assert metric.direction in ("higher", "lower", "none")
    low, high = metric.range
    assert low < high
    if isinstance(metric.worst, float):
        assert metric.worst == (low if metric.direction == "higher" else min(high, metric.worst))
    if metric.shape in ("mask", "instances"):
        assert metric.policy.both_empty and metric.policy.one_empty
    if metric.shape in ("probabilities", "labels", "grades"):
        assert metric.policy.one_class
    assert metric.policy.missing
    for parameter in metric.parameters:
        assert parameter.description
        assert not parameter.choices or parameter.default in parameter.choices


@every_metric
def test_a_perfect_prediction_is_best(metric: Metric) -> None:
    if metric.direction == "none" or metric.name in NO_PERFECT_PREDICTION:
        return
    case = example(metric)
    assert metric(case.truth, case.perfect).value == pytest.approx(best(metric), abs=1e-9)


@every_metric
def test_a_worse_prediction_is_not_better_and_stays_in_range(metric: Metric) -> None:
    case = example(metric)
    worse = metric(case.truth, case.worse).value
    assert worse is not None
    assert metric.range[0] <= worse <= metric.range[1]
    if metric.direction == "none" or metric.name in NO_PERFECT_PREDICTION:
        return
    assert abs(worse - best(metric)) > 1e-3


@every_metric
def test_twice_gives_the_same(metric: Metric) -> None:
    case = example(metric)
    assert metric(case.truth, case.worse) == metric(case.truth, case.worse)


@pytest.mark.parametrize(
    "metric", [entry for entry in ALL if entry.over == "set" and entry.shape != "resources"], ids=lambda item: item.name
)
def test_the_order_of_the_cases_does_not_matter(metric: Metric) -> None:
    case = example(metric)
    moved = metric(*shuffled(metric, (case.truth, case.worse)))
    assert moved.value == pytest.approx(metric(case.truth, case.worse).value, abs=1e-9)


@pytest.mark.parametrize("metric", [entry for entry in ALL if entry.shape in WITH_GAPS], ids=lambda item: item.name)
def test_a_missing_value_is_undefined_and_never_dropped(metric: Metric) -> None:
    case = example(metric)
    score = metric(case.truth, with_a_gap(metric, case.worse))
    assert score.value is None
    assert score.reason == "missing_value"


@every_metric
def test_an_unknown_parameter_is_refused(metric: Metric) -> None:
    case = example(metric)
    with pytest.raises(MetricParameterError, match="misspelt"):
        metric(case.truth, case.perfect, misspelt=1)


@every_metric
def test_what_lies_behind_a_score_can_be_stored(metric: Metric) -> None:
    case = example(metric)
    assert json.dumps(dict(metric(case.truth, case.worse).details), allow_nan=False)


@pytest.mark.parametrize("metric", [entry for entry in ALL if entry.shape == "mask"], ids=lambda item: item.name)
def test_empty_masks_follow_the_declared_rule(metric: Metric) -> None:
    shape, spacing = ((6, 7), (2.0, 3.0)) if metric.name == "surface" else ((6, 7, 4), (2.0, 3.0, 5.0))
    empty = Region(np.zeros(shape, bool), spacing)
    full = Region(
        np.pad(
            np.ones([side - 4 if side > 4 else 2 for side in shape], bool),
            [(2, 2) if side > 4 else (1, 1) for side in shape],
        ),
        spacing,
    )
    both = metric(empty, empty).value
    assert both == (0.0 if metric.direction in ("lower", "none") else 1.0)
    if metric.worst == "diagonal":
        diagonal = math.sqrt(12**2 + 21**2 + 20**2)
        assert metric(full, empty).value == pytest.approx(diagonal)
        assert metric(empty, full).value == pytest.approx(diagonal)
        assert metric.worst_for(full) == pytest.approx(diagonal)
    elif metric.direction == "higher":
        assert metric(full, empty).value == metric(empty, full).value == 0.0


@pytest.mark.parametrize("metric", [entry for entry in ALL if entry.shape == "mask"], ids=lambda item: item.name)
def test_masks_of_other_shapes_do_not_compare(metric: Metric) -> None:
    with pytest.raises(ValueError, match="shape"):
        metric(np.ones((3, 4), bool), np.ones((4, 3), bool))


def test_names_are_those_of_the_files_and_of_nothing_else() -> None:
    assert len(metrics.names()) == len(set(metrics.names())) >= 38
    with pytest.raises(UnknownMetricError, match="dice"):
        metrics.find("no_such_metric")
    taken = [name for metric in ALL for name in (metric.name, *metric.also_called)]
    assert len(taken) == len(set(taken))
    assert metrics.find("auc") is metrics.find("roc_auc")


def test_a_mean_with_an_undefined_case_is_undefined_and_says_how_many() -> None:
    scores = [metrics.MetricValue(1.0), metrics.MetricValue.undefined("empty_truth"), metrics.MetricValue(0.5)]
    mean = metrics.mean(scores)
    assert mean.value is None
    assert mean.reason == "empty_truth"
    assert mean.details == {"undefined_cases": 1, "cases": 3}
    assert metrics.mean([scores[0], scores[2]]).value == 0.75
    assert metrics.mean([]).reason == "empty_set"


def test_a_measurement_cannot_be_ranked_on() -> None:
    with pytest.raises(ValueError, match="no better"):
        _ = metrics.find("volume").higher_is_better


def test_a_relative_and_capped_error_has_no_unit_and_ends_at_its_cap() -> None:
    metric = metrics.find("recist_error")
    assert metric.unit_with({}) == "mm"
    assert metric.range_with({}) == (0.0, float("inf"))
    assert metric.unit_with({"relative": True, "cap": 1}) == ""
    assert metric.range_with({"relative": True, "cap": 1}) == (0.0, 1.0)
