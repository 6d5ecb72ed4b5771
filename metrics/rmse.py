"""Root mean squared error of values."""

import numpy as np

from metrics.basis.contract import Metric, Policy, gettext_noop


def rmse(truth: np.ndarray, prediction: np.ndarray) -> float:
    """`√(1/n Σ(ŷ-y)²)` of float64 (n,), in the values' unit, 0 or more."""
    return float(np.sqrt(np.mean(np.square(prediction - truth))))


METRIC = Metric(
    name="rmse",
    title=gettext_noop("Root mean squared error"),
    summary=gettext_noop("Square root of the mean over exams of the squared difference between prediction and truth."),
    direction="lower",
    unit=gettext_noop("unit of the values"),
    range=(0.0, float("inf")),
    worst=None,
    shape="values",
    over="set",
    function=rmse,
    policy=Policy(),
    source="scikit-learn root_mean_squared_error",
)
