"""Accuracy of labels, two or many, with Wilson's interval."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from concours.metrics.basis.contract import Metric, MetricValue, Policy, gettext_noop
from concours.metrics.basis.counts import CONFIDENCE, DECISION, confusion, decide, decisions, share
from concours.metrics.basis.resample import Resample


def accuracy(
    truth: np.ndarray,
    prediction: np.ndarray,
    *,
    positive: Any,
    threshold: float | None,
    band: Sequence[float] | None,
    confidence: float,
) -> MetricValue:
    """Share of the n labels that equal the truth's, 0 to 1; numbers are first decided with a threshold or a band."""
    if threshold is None and band is None:
        right, details = int(np.sum(truth == prediction)), {"cases": len(truth), **confusion(truth, prediction)}
    else:
        counts = decide(truth, prediction, positive=positive, threshold=threshold, band=band)
        right, details = counts.true_positives + counts.true_negatives, counts.details
    return share(right, len(truth) - right, confidence, "empty_set", details)


def _right(
    truth: np.ndarray,
    prediction: np.ndarray,
    *,
    positive: Any,
    threshold: float | None,
    band: Sequence[float] | None,
    confidence: float,
) -> np.ndarray:
    if threshold is None and band is None:
        equal: np.ndarray = truth == prediction
        return equal
    each = decisions(truth, prediction, positive=positive, threshold=threshold, band=band)
    right: np.ndarray = each[:, 0] | each[:, 2]
    return right


METRIC = Metric(
    name="accuracy",
    title=gettext_noop("Accuracy"),
    summary=gettext_noop("Share of exams with the correct label."),
    direction="higher",
    unit="",
    range=(0.0, 1.0),
    worst=0.0,
    shape="labels",
    over="set",
    function=accuracy,
    policy=Policy(one_class=gettext_noop("Defined even with one class.")),
    resample=Resample("mean", per_case=_right),
    source="scikit-learn accuracy_score; Wilson 1927 for the interval",
    parameters=(*DECISION, CONFIDENCE),
)
