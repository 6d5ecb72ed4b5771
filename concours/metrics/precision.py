"""Precision of decisions, with Wilson's interval, per label or averaged."""

from functools import partial
from typing import Any

import numpy as np

from concours.metrics.basis.contract import Metric, MetricValue, Policy, gettext_noop
from concours.metrics.basis.counts import (
    AVERAGE,
    CONFIDENCE,
    DECISION,
    LABELS,
    averaged,
    is_positive,
    no_positive,
    predictive_value,
    resampled_average,
    right_positives,
)
from concours.metrics.basis.resample import Resample


def precision(truth: np.ndarray, prediction: np.ndarray, *, confidence: float, **decision: Any) -> MetricValue:
    """`TP / (TP + FP)`, 0 to 1, of labels (n,) or numbers against a threshold.

    Of one label: undefined (`one_class`) against a truth that does not hold it, whatever the prediction, and
    (`no_positive_prediction`) when none was predicted. Averaged over labels: one that occurs on neither side is left out;
    one that is true and never predicted makes the mean undefined (scikit-learn counts it as 0 with a warning).
    """
    return averaged(partial(right_positives, confidence=confidence), truth, prediction, **decision)


METRIC = Metric(
    name="precision",
    title=gettext_noop("Precision"),
    summary=gettext_noop("Share of the exams predicted positive that are positive."),
    direction="higher",
    unit="",
    range=(0.0, 1.0),
    worst=0.0,
    shape="labels",
    over="set",
    function=precision,
    policy=Policy(
        one_class=gettext_noop(
            "No positive exam: undefined (null) for every team. In a mean over classes, a class that occurs neither in the "
            "truth nor in the prediction is left out."
        ),
        undefined=gettext_noop("No exam called positive, or a class of the truth never called: undefined (null)."),
    ),
    truth_reason=no_positive,
    resample=Resample("weighted", estimator=resampled_average(predictive_value), strata=is_positive),
    source="scikit-learn precision_score; Wilson 1927 for the interval",
    parameters=(*DECISION, AVERAGE, LABELS, CONFIDENCE),
)
