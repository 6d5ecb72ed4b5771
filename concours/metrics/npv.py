"""Negative predictive value of decisions, with Wilson's interval."""

from typing import Any

import numpy as np

from concours.metrics.basis.contract import Metric, MetricValue, Policy, gettext_noop
from concours.metrics.basis.counts import CONFIDENCE, DECISION, decide, is_positive, no_negative, resampled, share
from concours.metrics.basis.resample import Floats, Resample, ratio


def npv(truth: np.ndarray, prediction: np.ndarray, *, confidence: float, **decision: Any) -> MetricValue:
    """`TN / (TN + FN)`, 0 to 1, of labels (n,) or numbers against a threshold.

    Undefined (`one_class`) against a truth without a negative case, and (`no_negative_prediction`) when none was predicted.
    """
    counts = decide(truth, prediction, **decision)
    return share(counts.true_negatives, counts.false_negatives, confidence, "no_negative_prediction", counts.details)


def _of_counts(counts: Floats) -> Floats:
    return ratio(counts[..., 2], counts[..., 2] + counts[..., 3])


METRIC = Metric(
    name="npv",
    title=gettext_noop("Negative predictive value"),
    summary=gettext_noop("Share of the exams predicted negative that are negative."),
    direction="higher",
    unit="",
    range=(0.0, 1.0),
    worst=0.0,
    shape="labels",
    over="set",
    function=npv,
    policy=Policy(
        one_class=gettext_noop("No negative exam: undefined (null) for every team."),
        undefined=gettext_noop("No exam predicted negative: undefined (null)."),
    ),
    truth_reason=no_negative,
    resample=Resample("weighted", estimator=resampled(_of_counts), strata=is_positive),
    source="Wilson 1927 for the interval",
    parameters=(*DECISION, CONFIDENCE),
)
