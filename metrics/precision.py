"""Precision of decisions, with Wilson's interval, per label or averaged."""

from functools import partial
from typing import Any

import numpy as np

from metrics.basis.contract import Metric, Policy, Score, gettext_noop
from metrics.basis.counts import AVERAGE, CONFIDENCE, DECISION, LABELS, averaged, right_positives


def precision(truth: np.ndarray, prediction: np.ndarray, *, confidence: float, **decision: Any) -> Score:
    """`TP / (TP + FP)`, 0 to 1, of labels (n,) or numbers against a threshold.

    Undefined (`no_positive_prediction`) when there is none to count.

    With `average` macro, one undefined label makes the mean undefined (scikit-learn counts it as 0 with a warning).
    """
    return averaged(partial(right_positives, confidence=confidence), truth, prediction, **decision)


METRIC = Metric(
    name="precision",
    title=gettext_noop("Precision"),
    summary=gettext_noop("Share of the exams called positive that are positive."),
    direction="higher",
    unit="",
    range=(0.0, 1.0),
    worst=0.0,
    shape="labels",
    over="set",
    function=precision,
    policy=Policy(one_class=gettext_noop("No exam called positive: undefined (null).")),
    source="scikit-learn precision_score; Wilson 1927 for the interval",
    parameters=(*DECISION, AVERAGE, LABELS, CONFIDENCE),
)
