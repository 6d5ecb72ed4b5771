"""Cohen's and Fleiss' kappa."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from concours import metrics
from concours.metrics import MetricParameterError

cohen, fleiss = metrics.find("cohen_kappa"), metrics.find("fleiss_kappa")
GRADES = ["A", "B", "C", "D"]
WEIGHTS = {"unweighted": None, "linear": "linear", "quadratic": "quadratic"}
readings = st.lists(st.tuples(st.sampled_from(GRADES), st.sampled_from(GRADES)), min_size=2, max_size=40)


def test_cohen_by_hand() -> None:
    # Cohen's classic: 20 both yes, 15 both no, 5 and 10 apart; 0.7 observed, 0.5 by chance.
    truth = [1] * 20 + [1] * 5 + [0] * 10 + [0] * 15
    predicted = [1] * 20 + [0] * 5 + [1] * 10 + [0] * 15
    assert cohen(truth, predicted).value == pytest.approx(0.4)


@pytest.mark.parametrize("weights", WEIGHTS)
@given(rows=readings)
def test_as_scikit_learn_with_all_labels(weights: str, rows: list[tuple[str, str]]) -> None:
    truth, predicted = (list(column) for column in zip(*rows, strict=True))
    if len(set(truth) | set(predicted)) == 1:
        assert cohen(truth, predicted, weights=weights, labels=GRADES).reason == "one_class"
        return
    expected = cohen_kappa_score(truth, predicted, labels=GRADES, weights=WEIGHTS[weights])
    assert cohen(truth, predicted, weights=weights, labels=GRADES).value == pytest.approx(expected)


def test_an_unused_grade_between_two_used_ones_counts() -> None:
    truth, predicted = ["A", "A", "C", "D", "D"], ["A", "C", "C", "D", "C"]
    declared = cohen(truth, predicted, weights="quadratic", labels=GRADES).value
    # What a library gives without the labels: B has vanished, so that A and C are neighbours. That is the trap.
    assert declared != pytest.approx(cohen_kappa_score(truth, predicted, weights="quadratic"))
    numbers = {"A": 1, "B": 2, "C": 3, "D": 4}
    counted = cohen([numbers[grade] for grade in truth], [numbers[grade] for grade in predicted], weights="quadratic")
    assert counted.value == pytest.approx(declared)
    with pytest.raises(MetricParameterError, match="labels"):
        cohen(truth, predicted, weights="linear")


@given(readings)
def test_symmetric(rows: list[tuple[str, str]]) -> None:
    truth, predicted = (list(column) for column in zip(*rows, strict=True))
    cohen_result, other = (
        cohen(truth, predicted, weights="linear", labels=GRADES),
        cohen(predicted, truth, weights="linear", labels=GRADES),
    )
    assert cohen_result.value == other.value or cohen_result.value == pytest.approx(other.value)


def test_fleiss_worked_example() -> None:
    # Ten subjects, fourteen readers, five grades: kappa 0.210 (the worked example of the literature on Fleiss 1971).
    counts = [
        [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
    ]  # fmt: skip
    table = np.array([np.repeat(np.arange(1, 6), row) for row in counts])
    assert fleiss(table[:, :7], table[:, 7:]).value == pytest.approx(0.210, abs=5e-4)


@given(st.integers(0, 1000))
def test_fleiss_does_not_care_which_reader_is_which(seed: int) -> None:
    generator = np.random.default_rng(seed)
    table = generator.integers(0, 3, (12, 5))
    moved = generator.permuted(table, axis=1)
    assert fleiss(moved[:, :1], moved[:, 1:]).value == pytest.approx(fleiss(table[:, :1], table[:, 1:]).value)


def test_one_grade_for_all_is_undefined() -> None:
    assert cohen([1, 1], [1, 1]).reason == "one_class"
    assert fleiss([1, 1], [1, 1]).reason == "one_class"
