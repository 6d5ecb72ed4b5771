"""Whether a score exists follows from the truth alone; a perfect prediction is best, or null with a reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from concours import metrics
from concours.metrics import Metric
from tests.concours.metrics.test_contract import ALL, NO_PERFECT_PREDICTION, best

OF_CLASSES = [entry for entry in ALL if entry.shape in ("labels", "grades", "probabilities", "values")]
every_one = pytest.mark.parametrize("metric", OF_CLASSES, ids=lambda entry: entry.name)


def variants(metric: Metric, classes: int) -> list[dict[str, Any]]:
    """Parameters under which the metric is tried: all labels declared, averages, thresholds."""
    names = {parameter.name for parameter in metric.parameters}
    declared: dict[str, Any] = {"labels": list(range(classes))} if "labels" in names else {}
    result: list[dict[str, Any]] = [{}, declared]
    if "average" in names:
        result += [{**declared, "average": how} for how in ("macro", "micro")] + [{"average": "macro"}]
    if "threshold" in names:
        result += [{"threshold": 0.5}, {"band": [0.4, 0.6]}]
    if metric.name == "cohen_kappa":
        result += [{**declared, "weights": how} for how in ("linear", "quadratic")]
    return result


@st.composite
def truths(draw: st.DrawFn, binary: bool) -> tuple[np.ndarray, int]:
    """Any truth of a few cases: constant, single cases, classes that are declared and absent."""
    classes = 2 if binary else draw(st.integers(1, 6))
    values = draw(st.lists(st.integers(0, classes - 1), min_size=1, max_size=12))
    return np.array(values, float), classes


@every_one
@given(data=st.data())
def test_a_perfect_prediction_is_best_or_null_with_a_reason(metric: Metric, data: st.DataObject) -> None:
    truth, classes = data.draw(truths(metric.shape == "probabilities"))
    if metric.direction == "none" or metric.name in NO_PERFECT_PREDICTION:
        return
    for parameters in variants(metric, classes):
        score = metric.against(truth, truth.copy(), **parameters)
        reason = metric.reason_on(truth, parameters)
        if reason:
            assert (score.value, score.reason) == (None, reason)
        elif parameters.keys() & {"threshold", "band"}:
            expected = metric((truth == 1).astype(float), (truth == 1).astype(float)).value
            assert score.value is None or expected is None or score.value >= 0
        else:
            assert score.value == pytest.approx(best(metric), abs=1e-9), (parameters, score)


@every_one
@given(data=st.data())
def test_what_a_team_predicts_never_makes_the_truth_faulty(metric: Metric, data: st.DataObject) -> None:
    truth, classes = data.draw(truths(metric.shape == "probabilities"))
    shape = st.lists(st.integers(0, classes - 1), min_size=len(truth), max_size=len(truth))
    prediction = np.array(data.draw(shape), float)
    for parameters in variants(metric, classes):
        reason = metric.reason_on(truth, parameters)
        score = metric.against(truth, prediction, **parameters)
        if reason:
            assert (score.value, score.reason) == (None, reason)
        else:
            assert score.value is not None or score.reason in (
                "no_positive_prediction",
                "no_negative_prediction",
            ), (parameters, score)


def test_macro_f1_leaves_out_what_occurs_nowhere_and_counts_a_false_alarm() -> None:
    """Thirty classes, the last one absent: 29 right ones are 1.0; one case taken for the absent class costs."""
    truth = np.repeat(np.arange(29), 2).astype(float)
    f1, labels = metrics.find("f1"), list(range(30))
    perfect = f1(truth, truth, average="macro", labels=labels)
    assert perfect.value == 1.0
    assert perfect.details["absent"] == ["29"]
    wrong = truth.copy()
    wrong[0] = 29
    # One class at 2/3, the absent one at 0, 28 at 1, over 30 labels that occur.
    assert f1(truth, wrong, average="macro", labels=labels).value == pytest.approx((28 + 2 / 3) / 30)


def test_f1_without_positives_is_null_for_the_perfect_and_for_the_wrong() -> None:
    truth = np.zeros(5)
    f1 = metrics.find("f1")
    for prediction in (truth, np.array([1.0, 0, 0, 0, 0])):
        score = f1.against(truth, prediction)
        assert (score.value, score.reason) == (None, "one_class")


def test_kappa_with_one_grade_is_null_and_keeps_its_table() -> None:
    truth = np.full(4, 3)
    for prediction in (truth, np.array([3, 3, 3, 2])):
        score = metrics.find("kappa").against(truth, prediction, labels=[1, 2, 3, 4])
        assert (score.value, score.reason) == (None, "one_class")
        assert np.sum(score.details["observed"]) == 4


def test_macro_recall_and_balanced_accuracy_are_over_the_classes_of_the_truth() -> None:
    truth, prediction = np.array([0.0, 0, 1, 1]), np.array([0.0, 5, 1, 1])
    assert metrics.find("recall")(truth, prediction, average="macro", labels=[0, 1, 5]).value == 0.75
    assert metrics.find("balanced_accuracy")(truth, prediction, labels=[0, 1, 5]).value == 0.75
