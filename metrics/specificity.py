"""Specificity of decisions, with Wilson's interval."""

from typing import Any

import numpy as np

from metrics.basis.contract import Metric, Policy, Score, gettext_noop
from metrics.basis.counts import CONFIDENCE, DECISION, decide, share


def specificity(truth: np.ndarray, prediction: np.ndarray, *, confidence: float, **decision: Any) -> Score:
    """`TN / (TN + FP)`, 0 to 1, of labels (n,) or numbers against a threshold.

    Undefined (`one_class`) when there is none to count.
    """
    counts = decide(truth, prediction, **decision)
    return share(counts.true_negatives, counts.false_positives, confidence, "one_class", counts.details)


METRIC = Metric(
    name="specificity",
    title=gettext_noop("Specificity"),
    summary=gettext_noop("Share of the negative exams that are called negative."),
    direction="higher",
    unit="",
    range=(0.0, 1.0),
    worst=0.0,
    shape="labels",
    over="set",
    function=specificity,
    policy=Policy(one_class=gettext_noop("No negative exam: undefined (null).")),
    source="Wilson 1927 for the interval",
    parameters=(*DECISION, CONFIDENCE),
)
