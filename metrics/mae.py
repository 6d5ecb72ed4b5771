"""Mean absolute error of values."""

import numpy as np

from metrics.basis.contract import Metric, Policy, gettext_noop


def mae(truth: np.ndarray, prediction: np.ndarray) -> float:
    """`1/n Σ|ŷ-y|` of float64 (n,), in the values' unit, 0 or more."""
    return float(np.mean(np.abs(prediction - truth)))


METRIC = Metric(
    name="mae",
    title=gettext_noop("Mean absolute error"),
    summary=gettext_noop("Mean over exams of the absolute difference between prediction and truth."),
    direction="lower",
    unit=gettext_noop("unit of the values"),
    range=(0.0, float("inf")),
    worst=None,
    shape="values",
    over="set",
    function=mae,
    policy=Policy(),
    source="scikit-learn mean_absolute_error",
)
