"""Mean squared error of values."""

import numpy as np

from metrics.basis.contract import Metric, Policy, gettext_noop


def mse(truth: np.ndarray, prediction: np.ndarray) -> float:
    """`1/n Σ(ŷ-y)²` of float64 (n,), in the square of the values' unit, 0 or more."""
    return float(np.mean(np.square(prediction - truth)))


METRIC = Metric(
    name="mse",
    title=gettext_noop("Mean squared error"),
    summary=gettext_noop("Mean over exams of the squared difference between prediction and truth."),
    direction="lower",
    unit=gettext_noop("square of the values' unit"),
    range=(0.0, float("inf")),
    worst=None,
    shape="values",
    over="set",
    function=mse,
    policy=Policy(),
    source="scikit-learn mean_squared_error",
)
