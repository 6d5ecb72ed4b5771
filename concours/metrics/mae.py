"""Mean absolute error of values."""

import numpy as np

from concours.metrics.basis.contract import Metric, Policy, gettext_noop
from concours.metrics.basis.resample import Resample


def mae(truth: np.ndarray, prediction: np.ndarray) -> float:
    """`1/n Σ|ŷ-y|` of float64 (n,), in the values' unit, 0 or more."""
    return float(np.mean(_errors(truth, prediction)))


def _errors(truth: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    errors: np.ndarray = np.abs(prediction - truth)
    return errors


METRIC = Metric(
    name="mae",
    title=gettext_noop("Mean absolute error"),
    summary=gettext_noop("Mean over exams of the absolute difference between prediction and reference."),
    direction="lower",
    unit="",
    unit_rule="field",
    range=(0.0, float("inf")),
    worst=None,
    shape="values",
    over="set",
    function=mae,
    policy=Policy(),
    resample=Resample("mean", per_case=_errors),
    plot="absolute_error",
    source="scikit-learn mean_absolute_error",
)
