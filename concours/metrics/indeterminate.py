"""Share of the exams on which a team does not decide: its probability lies between two thresholds."""

from collections.abc import Sequence

import numpy as np

from concours.metrics.basis.contract import Metric, MetricParameter, MetricValue, Policy, gettext_noop
from concours.metrics.basis.counts import CONFIDENCE, share
from concours.metrics.basis.resample import Resample


def indeterminate(
    truth: np.ndarray, prediction: np.ndarray, *, band: Sequence[float], confidence: float
) -> MetricValue:
    """Share of the n numbers at or above the lower and below the upper end of the band, 0 to 1; the truth is not looked at."""
    between = int(_between(truth, prediction, band=band, confidence=confidence).sum())
    return share(between, len(prediction) - between, confidence, "empty_set", {"indeterminate": between})


def _between(truth: np.ndarray, prediction: np.ndarray, *, band: Sequence[float], confidence: float) -> np.ndarray:
    numbers = np.asarray(prediction, np.float64)
    return (numbers >= band[0]) & (numbers < band[1])


METRIC = Metric(
    name="indeterminate",
    title=gettext_noop("Indeterminate answers"),
    summary=gettext_noop("Share of the exams whose probability lies between the two thresholds."),
    direction="lower",
    unit="",
    range=(0.0, 1.0),
    worst=1.0,
    shape="probabilities",
    over="set",
    function=indeterminate,
    policy=Policy(one_class=gettext_noop("Defined with one class too.")),
    resample=Resample("mean", per_case=_between),
    source="Wilson 1927 for the interval",
    parameters=(
        MetricParameter("band", (0.4, 0.6), gettext_noop("Two thresholds: between them an answer is indeterminate.")),
        CONFIDENCE,
    ),
)
