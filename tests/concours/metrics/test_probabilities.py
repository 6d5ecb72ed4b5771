"""ROC area with DeLong's interval, average precision, Brier score, and the weighted sum of areas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from concours import metrics
from concours.metrics.basis.curves import placements

roc_auc, precision, brier, weighted = (
    metrics.find(name) for name in ("roc_auc", "average_precision", "brier", "weighted_auc")
)
both_classes = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=4, max_size=40).filter(
    lambda rows: len({row[0] for row in rows}) == 2
)


def columns(rows: list[tuple[bool, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([float(row[0]) for row in rows]), np.array([row[1] / 6 for row in rows])


def test_by_hand() -> None:
    truth, prediction = [0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]
    assert roc_auc(truth, prediction).value == 0.75
    assert precision(truth, prediction).value == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert brier([0, 1], [0.2, 0.6]).value == pytest.approx((0.04 + 0.16) / 2)
    assert roc_auc([0, 1], [0.5, 0.5]).value == 0.5


@given(both_classes)
def test_as_scikit_learn_ties_included(rows: list[tuple[bool, int]]) -> None:
    truth, prediction = columns(rows)
    assert roc_auc(truth, prediction).value == pytest.approx(roc_auc_score(truth, prediction))
    assert precision(truth, prediction).value == pytest.approx(average_precision_score(truth, prediction))
    assert brier(truth, prediction).value == pytest.approx(brier_score_loss(truth, prediction))


@given(both_classes)
def test_turning_the_probabilities_round_turns_the_area_round(rows: list[tuple[bool, int]]) -> None:
    truth, prediction = columns(rows)
    assert roc_auc(truth, 1 - prediction).value == pytest.approx(1 - roc_auc(truth, prediction).value)


@given(both_classes)
def test_only_the_order_of_probabilities_counts(rows: list[tuple[bool, int]]) -> None:
    truth, prediction = columns(rows)
    assert roc_auc(truth, np.exp(3 * prediction)).value == roc_auc(truth, prediction).value


@given(both_classes)
def test_delong_as_its_definition_pair_by_pair(rows: list[tuple[bool, int]]) -> None:
    truth, prediction = columns(rows)
    high, low = prediction[truth == 1], prediction[truth == 0]
    if min(len(high), len(low)) < 2:
        assert placements(truth == 1, prediction).interval() is None
        return
    wins = (high[:, None] > low) + 0.5 * (high[:, None] == low)
    variance = wins.mean(1).var(ddof=1) / len(high) + wins.mean(0).var(ddof=1) / len(low)
    half = norm.ppf(0.975) * variance**0.5
    expected = (max(0.0, wins.mean() - half), min(1.0, wins.mean() + half))
    assert roc_auc(truth, prediction).interval == pytest.approx(expected)


def test_one_class_is_undefined() -> None:
    assert roc_auc([1, 1], [0.2, 0.3]).reason == "one_class"
    assert precision([0, 0], [0.2, 0.3]).reason == "one_class"
    assert precision([1, 1], [0.2, 0.3]).value == 1.0
    assert brier([1, 1], [1.0, 0.0]).value == 0.5


def test_what_is_no_label_or_no_probability_is_refused() -> None:
    with pytest.raises(ValueError, match="0 and 1"):
        roc_auc([0, 2], [0.1, 0.2])
    with pytest.raises(ValueError, match="probabilities"):
        brier([0, 1], [0.1, 1.2])


def test_weighted_sum_of_tasks_that_do_not_all_apply() -> None:
    nan = float("nan")
    truth = [[0, nan], [0, nan], [1, 0], [1, 1]]
    prediction = [[0.1, 0.5], [0.4, 0.5], [0.35, 0.2], [0.8, 0.9]]
    score = weighted(truth, prediction, weights=[0.4, 0.6])
    assert score.value == pytest.approx(0.4 * 0.75 + 0.6 * 1.0)
    assert score.details["cases"] == [4, 2]
    assert weighted(truth, prediction).value == pytest.approx((0.75 + 1) / 2)
    assert weighted([[0, 1], [1, 1]], [[0.1, 0.2], [0.3, 0.4]]).reason == "one_class"
    with pytest.raises(ValueError, match="weights"):
        weighted(truth, prediction, weights=[1.0])
    gap = [[0.1, 0.5], [0.4, 0.5], [nan, 0.2], [0.8, 0.9]]
    assert weighted(truth, gap).reason == "missing_value"


@pytest.mark.parametrize("spread", ["even", "ties", "fine", "crowded", "narrow", "tiny", "far", "huge", "one"])
def test_many_values_are_placed_as_a_sort_would(spread: str) -> None:
    generator = np.random.default_rng(3)
    values = {
        "even": generator.random(30_000),
        "ties": generator.integers(0, 50, 30_000) / 50,
        "fine": np.round(generator.random(30_000), 4) + generator.choice([0.0, 2e-16], 30_000),
        "crowded": generator.beta(0.05, 0.05, 30_000),
        "narrow": np.append(generator.random(30_000) * 1e-12, 1.0),
        "tiny": generator.integers(0, 40_000, 30_000) * 5e-324,
        "far": np.append(generator.normal(size=30_000), [1e300, -1e300]),
        "huge": np.append(generator.normal(size=30_000), [1.7e308, -1.7e308]),
        "one": np.full(30_000, 0.25),
    }[spread]
    truth = (generator.random(len(values)) < 0.4 + 0.2 * (values > np.median(values))).astype(float)
    if spread != "huge":  # scikit-learn's own arithmetic overflows there
        assert roc_auc(truth, values).value == pytest.approx(roc_auc_score(truth, values), abs=1e-12)
    score = roc_auc(truth, values)
    high, low = np.sort(values[truth == 1]), np.sort(values[truth == 0])
    wins = (np.searchsorted(low, high) + np.searchsorted(low, high, "right")) / 2 / len(low)
    losses = 1 - (np.searchsorted(high, low) + np.searchsorted(high, low, "right")) / 2 / len(high)
    half = norm.ppf(0.975) * (wins.var(ddof=1) / len(high) + losses.var(ddof=1) / len(low)) ** 0.5
    assert score.value == pytest.approx(wins.mean(), abs=1e-12)
    assert score.interval == pytest.approx((wins.mean() - half, wins.mean() + half), abs=1e-12)
