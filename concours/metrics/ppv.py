"""Positive predictive value of decisions, with Wilson's interval."""

from typing import Any

import numpy as np

from concours.metrics.basis.contract import Metric, MetricValue, Policy, gettext_noop
from concours.metrics.basis.counts import (
    CONFIDENCE,
    DECISION,
    decide,
    is_positive,
    no_positive,
    predictive_value,
    resampled,
    right_positives,
)
from concours.metrics.basis.resample import Resample


def ppv(truth: np.ndarray, prediction: np.ndarray, *, confidence: float, **decision: Any) -> MetricValue:
    """`TP / (TP + FP)`, 0 to 1, of labels (n,) or numbers against a threshold.

    Undefined (`one_class`) against a truth without a positive case, and (`no_positive_prediction`) when none was predicted.
    """
    return right_positives(decide(truth, prediction, **decision), confidence)


METRIC = Metric(
    name="ppv",
    title=gettext_noop("Positive predictive value"),
    summary=gettext_noop("Share of the exams predicted positive that are positive."),
    direction="higher",
    unit="",
    range=(0.0, 1.0),
    worst=0.0,
    shape="labels",
    over="set",
    function=ppv,
    policy=Policy(
        one_class=gettext_noop("No positive exam: undefined (null) for every team."),
        undefined=gettext_noop("No exam predicted positive: undefined (null)."),
    ),
    truth_reason=no_positive,
    resample=Resample("weighted", estimator=resampled(predictive_value), strata=is_positive),
    source="Wilson 1927 for the interval",
    parameters=(*DECISION, CONFIDENCE),
)
