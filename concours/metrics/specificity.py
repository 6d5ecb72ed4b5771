"""Specificity of decisions, with Wilson's interval."""

from typing import Any

import numpy as np

from concours.metrics.basis.contract import Metric, MetricValue, Policy, gettext_noop
from concours.metrics.basis.counts import CONFIDENCE, DECISION, decide, is_positive, no_negative, resampled, share
from concours.metrics.basis.resample import Floats, Resample, ratio


def specificity(truth: np.ndarray, prediction: np.ndarray, *, confidence: float, **decision: Any) -> MetricValue:
    """`TN / (TN + FP)`, 0 to 1, of labels (n,) or numbers against a threshold.

    Undefined (`one_class`) when there is none to count.
    """
    counts = decide(truth, prediction, **decision)
    return share(counts.true_negatives, counts.false_positives, confidence, "one_class", counts.details)


def _of_counts(counts: Floats) -> Floats:
    return ratio(counts[..., 2], counts[..., 2] + counts[..., 1])


METRIC = Metric(
    name="specificity",
    title=gettext_noop("Specificity"),
    summary=gettext_noop("Share of the negative exams that are predicted negative."),
    direction="higher",
    unit="",
    range=(0.0, 1.0),
    worst=0.0,
    shape="labels",
    over="set",
    function=specificity,
    policy=Policy(one_class=gettext_noop("No negative exam: undefined (null), a fault of the truth.")),
    truth_reason=no_negative,
    truth_fault=True,
    resample=Resample("weighted", estimator=resampled(_of_counts), strata=is_positive),
    source="Wilson 1927 for the interval",
    parameters=(*DECISION, CONFIDENCE),
)
