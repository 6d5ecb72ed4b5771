"""Brier score of probabilities."""

import numpy as np

from concours.metrics.basis.contract import Metric, Policy, gettext_noop
from concours.metrics.basis.curves import positives_of
from concours.metrics.basis.resample import Resample


def brier(truth: np.ndarray, prediction: np.ndarray) -> float:
    """`1/n Σ(p-y)²` of truth 0/1 and probabilities in [0, 1], float64 (n,), 0 to 1 (Brier 1950).

    Raises ValueError for a truth other than 0/1 or a probability outside [0, 1].
    """
    positives_of(truth)
    if prediction.min() < 0 or prediction.max() > 1:
        raise ValueError("The Brier score is of probabilities, 0 to 1.")
    return float(np.mean(_squares(truth, prediction)))


def _squares(truth: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    squares: np.ndarray = np.square(prediction - truth)
    return squares


METRIC = Metric(
    name="brier",
    title=gettext_noop("Brier score"),
    summary=gettext_noop("Mean squared difference between the probability and the true label (1 or 0)."),
    direction="lower",
    unit="",
    range=(0.0, 1.0),
    worst=1.0,
    shape="probabilities",
    over="set",
    function=brier,
    policy=Policy(one_class=gettext_noop("Defined even with one class.")),
    resample=Resample("mean", per_case=_squares),
    plot="value",
    source="Brier 1950",
)
