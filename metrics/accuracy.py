"""Accuracy of labels, two or many, with Wilson's interval."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from metrics.basis.contract import Metric, Policy, Score, gettext_noop
from metrics.basis.counts import CONFIDENCE, DECISION, decide, share


def accuracy(
    truth: np.ndarray,
    prediction: np.ndarray,
    *,
    positive: Any,
    threshold: float | None,
    band: Sequence[float] | None,
    confidence: float,
) -> Score:
    """Share of the n labels that equal the truth's, 0 to 1; numbers are first decided with a threshold or a band."""
    if threshold is None and band is None:
        right, details = int(np.sum(truth == prediction)), {"cases": len(truth)}
    else:
        counts = decide(truth, prediction, positive=positive, threshold=threshold, band=band)
        right, details = counts.true_positives + counts.true_negatives, counts.details
    return share(right, len(truth) - right, confidence, "empty_set", details)


METRIC = Metric(
    name="accuracy",
    title=gettext_noop("Accuracy"),
    summary=gettext_noop("Share of the exams whose label is right."),
    direction="higher",
    unit="",
    range=(0.0, 1.0),
    worst=0.0,
    shape="labels",
    over="set",
    function=accuracy,
    policy=Policy(one_class=gettext_noop("Defined with one class too.")),
    source="scikit-learn accuracy_score; Wilson 1927 for the interval",
    parameters=(*DECISION, CONFIDENCE),
)
