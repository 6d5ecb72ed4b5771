"""Mean squared error of values."""

import numpy as np

from concours.metrics.basis.contract import Metric, Policy, gettext_noop
from concours.metrics.basis.resample import Resample


def mse(truth: np.ndarray, prediction: np.ndarray) -> float:
    """`1/n Σ(ŷ-y)²` of float64 (n,), in the square of the values' unit, 0 or more."""
    return float(np.mean(_squares(truth, prediction)))


def _squares(truth: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    squares: np.ndarray = np.square(prediction - truth)
    return squares


METRIC = Metric(
    name="mse",
    title=gettext_noop("Mean squared error"),
    summary=gettext_noop("Mean over exams of the squared difference between prediction and reference."),
    direction="lower",
    unit="",
    unit_rule="field squared",
    range=(0.0, float("inf")),
    worst=None,
    shape="values",
    over="set",
    function=mse,
    policy=Policy(),
    resample=Resample("mean", per_case=_squares),
    plot="absolute_error",
    source="scikit-learn mean_squared_error",
)
