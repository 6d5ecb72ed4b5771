"""Recall of decisions, with Wilson's interval, per label or averaged."""

from functools import partial
from typing import Any

import numpy as np

from metrics.basis.contract import Metric, Policy, Score, gettext_noop
from metrics.basis.counts import AVERAGE, CONFIDENCE, DECISION, LABELS, Counts, averaged, share


def recall(truth: np.ndarray, prediction: np.ndarray, *, confidence: float, **decision: Any) -> Score:
    """`TP / (TP + FN)`, 0 to 1, of labels (n,) or numbers against a threshold.

    Undefined (`one_class`) when there is none to count.

    With `average` macro, one undefined label makes the mean undefined (scikit-learn counts it as 0 with a warning).
    """
    return averaged(partial(_found, confidence=confidence), truth, prediction, **decision)


def _found(counts: Counts, confidence: float) -> Score:
    return share(counts.true_positives, counts.false_negatives, confidence, "one_class", counts.details)


METRIC = Metric(
    name="recall",
    title=gettext_noop("Recall"),
    summary=gettext_noop("Share of the positive exams that are called positive: sensitivity."),
    direction="higher",
    unit="",
    range=(0.0, 1.0),
    worst=0.0,
    shape="labels",
    over="set",
    function=recall,
    policy=Policy(one_class=gettext_noop("No positive exam: undefined (null).")),
    also_called=("sensitivity",),
    source="scikit-learn recall_score; Wilson 1927 for the interval",
    parameters=(*DECISION, AVERAGE, LABELS, CONFIDENCE),
)
