"""F1 of decisions: the harmonic mean of precision and recall, per label or averaged."""

from typing import Any

import numpy as np

from metrics.basis.contract import Metric, Policy, Score, gettext_noop
from metrics.basis.counts import AVERAGE, DECISION, LABELS, Counts, averaged


def f1(truth: np.ndarray, prediction: np.ndarray, **decision: Any) -> Score:
    """`2TP / (2TP + FP + FN)`, 0 to 1, of labels (n,) or numbers against a threshold.

    Undefined (`one_class`) for a label that occurs on neither side (scikit-learn: 0 with a warning).
    """
    return averaged(_one, truth, prediction, **decision)


def _one(counts: Counts) -> Score:
    together = 2 * counts.true_positives + counts.false_positives + counts.false_negatives
    if not together:
        return Score.undefined("one_class", **counts.details)
    return Score(2 * counts.true_positives / together, details=counts.details)


METRIC = Metric(
    name="f1",
    title=gettext_noop("F1"),
    summary=gettext_noop("Harmonic mean of precision and recall."),
    direction="higher",
    unit="",
    range=(0.0, 1.0),
    worst=0.0,
    shape="labels",
    over="set",
    function=f1,
    policy=Policy(one_class=gettext_noop("A label that occurs neither in truth nor in prediction: undefined (null).")),
    source="van Rijsbergen 1979; scikit-learn f1_score",
    parameters=(*DECISION, AVERAGE, LABELS),
)
