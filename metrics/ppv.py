"""Positive predictive value of decisions, with Wilson's interval."""

from typing import Any

import numpy as np

from metrics.basis.contract import Metric, Policy, Score, gettext_noop
from metrics.basis.counts import CONFIDENCE, DECISION, decide, right_positives


def ppv(truth: np.ndarray, prediction: np.ndarray, *, confidence: float, **decision: Any) -> Score:
    """`TP / (TP + FP)`, 0 to 1, of labels (n,) or numbers against a threshold.

    Undefined (`no_positive_prediction`) when there is none to count.
    """
    return right_positives(decide(truth, prediction, **decision), confidence)


METRIC = Metric(
    name="ppv",
    title=gettext_noop("Positive predictive value"),
    summary=gettext_noop("Share of the exams called positive that are positive."),
    direction="higher",
    unit="",
    range=(0.0, 1.0),
    worst=0.0,
    shape="labels",
    over="set",
    function=ppv,
    policy=Policy(one_class=gettext_noop("No exam called positive: undefined (null).")),
    source="Wilson 1927 for the interval",
    parameters=(*DECISION, CONFIDENCE),
)
