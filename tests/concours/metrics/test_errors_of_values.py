"""MSE, RMSE and MAE."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import mean_absolute_error, mean_squared_error, root_mean_squared_error

from concours import metrics

LIBRARY = {"mse": mean_squared_error, "rmse": root_mean_squared_error, "mae": mean_absolute_error}
numbers = st.lists(st.floats(-100, 100), min_size=1, max_size=20)


def test_by_hand() -> None:
    truth, prediction = [1.0, 2.0, 3.0], [2.0, 2.0, 1.0]
    assert metrics.find("mse")(truth, prediction).value == pytest.approx(5 / 3)
    assert metrics.find("rmse")(truth, prediction).value == pytest.approx((5 / 3) ** 0.5)
    assert metrics.find("mae")(truth, prediction).value == 1.0


@pytest.mark.parametrize("name", LIBRARY)
def test_as_scikit_learn(name: str) -> None:
    truth, prediction = np.random.default_rng(0).normal(size=(2, 50))
    assert metrics.find(name)(truth, prediction).value == pytest.approx(LIBRARY[name](truth, prediction))


@given(numbers, st.floats(-50, 50))
def test_a_constant_shift_is_its_own_error(values: list[float], shift: float) -> None:
    moved = np.array(values) + shift
    assert metrics.find("mae")(values, moved).value == pytest.approx(abs(shift), abs=1e-9)
    assert metrics.find("rmse")(values, moved).value == pytest.approx(abs(shift), abs=1e-9)


@pytest.mark.parametrize("name", LIBRARY)
def test_gaps_and_nothing_are_undefined_with_a_reason(name: str) -> None:
    metric = metrics.find(name)
    assert metric([1.0, 2.0], [1.0, float("nan")]).reason == "missing_value"
    assert metric([1.0, 2.0], [1.0, float("inf")]).reason == "missing_value"
    assert metric([], []).reason == "empty_set"
    with pytest.raises(ValueError, match="shape"):
        metric([1.0, 2.0], [1.0])
