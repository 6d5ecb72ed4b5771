"""Accuracy and its kin, with Wilson's intervals, thresholds, indeterminate bands and many classes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn import metrics as sklearn

from concours import metrics
from concours.metrics.basis.counts import wilson

TRUTH = [1, 1, 1, 1, 0, 0, 0, 0, 0, 0]
SAID = [1, 1, 1, 0, 1, 1, 0, 0, 0, 0]  # TP 3, FN 1, FP 2, TN 4
BY_HAND = {
    "accuracy": 7 / 10,
    "balanced_accuracy": (3 / 4 + 4 / 6) / 2,
    "precision": 3 / 5,
    "ppv": 3 / 5,
    "npv": 4 / 5,
    "recall": 3 / 4,
    "specificity": 4 / 6,
    "f1": 6 / 9,
}
labels = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40)


@pytest.mark.parametrize("name", BY_HAND)
def test_by_hand(name: str) -> None:
    assert metrics.find(name)(TRUTH, SAID).value == pytest.approx(BY_HAND[name])


@pytest.mark.parametrize("name", [name for name in BY_HAND if name not in ("balanced_accuracy", "f1")])
def test_intervals_are_wilsons(name: str) -> None:
    counted = {
        "accuracy": (7, 10),
        "precision": (3, 5),
        "ppv": (3, 5),
        "npv": (4, 5),
        "recall": (3, 4),
        "specificity": (4, 6),
    }
    expected = binomtest(*counted[name]).proportion_ci(method="wilson")
    assert metrics.find(name)(TRUTH, SAID).interval == pytest.approx((expected.low, expected.high))


@given(st.integers(1, 500).flatmap(lambda all_: st.tuples(st.integers(0, all_), st.just(all_))))
def test_wilson_holds_the_rate_and_stays_within_bounds(counts: tuple[int, int]) -> None:
    low, high = wilson(*counts)
    assert 0 <= low <= counts[0] / counts[1] <= high <= 1
    assert wilson(counts[1] - counts[0], counts[1]) == pytest.approx((1 - high, 1 - low))


@given(labels)
def test_many_classes_as_scikit_learn(rows: list[tuple[int, int]]) -> None:
    truth, predicted = np.array(rows).T
    assert metrics.find("accuracy")(truth, predicted).value == pytest.approx(sklearn.accuracy_score(truth, predicted))
    ours = metrics.find("f1")(truth, predicted, average="macro")
    assert ours.value == pytest.approx(sklearn.f1_score(truth, predicted, average="macro", zero_division=0))
    assert metrics.find("f1")(truth, predicted, average="micro").value == pytest.approx(
        metrics.find("accuracy")(truth, predicted).value
    )
    if len(set(truth.tolist())) > 1 and set(predicted.tolist()) <= set(truth.tolist()):
        expected = sklearn.balanced_accuracy_score(truth, predicted)
        assert metrics.find("balanced_accuracy")(truth, predicted).value == pytest.approx(expected)


def test_a_class_is_scored_by_its_name() -> None:
    truth, predicted = ["A", "B", "C", "A"], ["A", "C", "C", "B"]
    assert metrics.find("recall")(truth, predicted, positive="A").value == 0.5
    assert metrics.find("f1")(truth, predicted, average="macro").details["labels"] == pytest.approx(
        {"A": 2 / 3, "B": 0.0, "C": 2 / 3}
    )


def test_probabilities_are_decided_at_a_threshold() -> None:
    prediction = [0.9, 0.6, 0.5, 0.2, 0.7, 0.5, 0.4, 0.1, 0.0, 0.3]
    for name, expected in BY_HAND.items():
        assert metrics.find(name)(TRUTH, prediction, threshold=0.5).value == pytest.approx(expected), name


def test_what_lies_in_the_band_counts_as_wrong_for_its_class() -> None:
    truth, prediction = [1, 1, 1, 0, 0], [0.9, 0.5, 0.1, 0.5, 0.0]
    recall = metrics.find("recall")(truth, prediction, band=[0.4, 0.6])
    assert recall.value == pytest.approx(1 / 3)
    assert recall.details["indeterminate"] == 2
    assert metrics.find("specificity")(truth, prediction, band=[0.4, 0.6]).value == 0.5
    assert metrics.find("accuracy")(truth, prediction, band=[0.4, 0.6]).value == pytest.approx(2 / 5)
    with pytest.raises(ValueError, match="band"):
        metrics.find("recall")(truth, prediction, band=[0.6, 0.4])


def test_what_cannot_be_divided_is_undefined_where_scikit_learn_says_0() -> None:
    assert metrics.find("precision")([1, 0], [0, 0]).reason == "no_positive_prediction"
    assert metrics.find("npv")([1, 0], [1, 1]).reason == "no_negative_prediction"
    assert metrics.find("recall")([0, 0], [0, 1]).reason == "one_class"
    assert metrics.find("specificity")([1, 1], [0, 1]).reason == "one_class"
    assert metrics.find("balanced_accuracy")([1, 1], [0, 1]).reason == "one_class"
    assert metrics.find("f1")([0, 0], [0, 0]).reason == "one_class"
    assert metrics.find("f1")(["A", "A"], ["A", "A"], average="macro", labels=["A", "B"]).value == 1.0


def test_labels_that_cannot_agree_or_were_not_declared_are_refused() -> None:
    with pytest.raises(ValueError, match="text"):
        metrics.find("accuracy")(["1", "0"], [1, 0])
    with pytest.raises(ValueError, match="among"):
        metrics.find("f1")(["A", "B"], ["A", "X"], average="macro", labels=["A", "B"])
