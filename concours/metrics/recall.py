"""Recall of decisions, with Wilson's interval, per label or averaged."""

from functools import partial
from typing import Any

import numpy as np

from concours.metrics.basis.contract import Metric, MetricValue, Policy, gettext_noop
from concours.metrics.basis.counts import (
    AVERAGE,
    CONFIDENCE,
    DECISION,
    LABELS,
    Counts,
    averaged,
    is_positive,
    no_positive,
    resampled_average,
    share,
)
from concours.metrics.basis.resample import Floats, Resample, ratio


def recall(truth: np.ndarray, prediction: np.ndarray, *, confidence: float, **decision: Any) -> MetricValue:
    """`TP / (TP + FN)`, 0 to 1, of labels (n,) or numbers against a threshold.

    Of one label: undefined (`one_class`) when the truth does not hold it. Averaged over labels: one that the truth does not
    hold is left out (scikit-learn counts it as 0 with a warning).
    """
    return averaged(partial(_found, confidence=confidence), truth, prediction, in_truth=True, **decision)


def _found(counts: Counts, confidence: float) -> MetricValue:
    return share(counts.true_positives, counts.false_negatives, confidence, "one_class", counts.details)


def _of_counts(counts: Floats) -> Floats:
    return ratio(counts[..., 0], counts[..., 0] + counts[..., 3])


METRIC = Metric(
    name="recall",
    title=gettext_noop("Recall"),
    summary=gettext_noop("Share of the positive exams that are predicted positive: sensitivity."),
    direction="higher",
    unit="",
    range=(0.0, 1.0),
    worst=0.0,
    shape="labels",
    over="set",
    function=recall,
    policy=Policy(
        one_class=gettext_noop(
            "No positive exam: undefined (null), a fault of the truth. In a mean over classes, a class that the truth does not "
            "hold is left out."
        )
    ),
    truth_reason=no_positive,
    truth_fault=True,
    resample=Resample("weighted", estimator=resampled_average(_of_counts), strata=is_positive),
    also_called=("sensitivity",),
    source="scikit-learn recall_score; Wilson 1927 for the interval",
    parameters=(*DECISION, AVERAGE, LABELS, CONFIDENCE),
)
