"""Negative predictive value of decisions, with Wilson's interval."""

from typing import Any

import numpy as np

from metrics.basis.contract import Metric, Policy, Score, gettext_noop
from metrics.basis.counts import CONFIDENCE, DECISION, decide, share


def npv(truth: np.ndarray, prediction: np.ndarray, *, confidence: float, **decision: Any) -> Score:
    """`TN / (TN + FN)`, 0 to 1, of labels (n,) or numbers against a threshold.

    Undefined (`no_negative_prediction`) when there is none to count.
    """
    counts = decide(truth, prediction, **decision)
    return share(counts.true_negatives, counts.false_negatives, confidence, "no_negative_prediction", counts.details)


METRIC = Metric(
    name="npv",
    title=gettext_noop("Negative predictive value"),
    summary=gettext_noop("Share of the exams called negative that are negative."),
    direction="higher",
    unit="",
    range=(0.0, 1.0),
    worst=0.0,
    shape="labels",
    over="set",
    function=npv,
    policy=Policy(one_class=gettext_noop("No exam called negative: undefined (null).")),
    source="Wilson 1927 for the interval",
    parameters=(*DECISION, CONFIDENCE),
)
