"""F1 of decisions: the harmonic mean of precision and recall, per label or averaged."""

from typing import Any

import numpy as np

from concours.metrics.basis.contract import Metric, MetricValue, Policy, gettext_noop
from concours.metrics.basis.counts import (
    AVERAGE,
    DECISION,
    LABELS,
    Counts,
    averaged,
    is_positive,
    no_positive,
    resampled_average,
)
from concours.metrics.basis.resample import Floats, Resample, ratio


def f1(truth: np.ndarray, prediction: np.ndarray, **decision: Any) -> MetricValue:
    """`2TP / (2TP + FP + FN)`, 0 to 1, of labels (n,) or numbers against a threshold.

    Of one label: undefined (`one_class`) against a truth that does not hold it, whatever the prediction (scikit-learn: 0).
    Averaged over labels: one that occurs on neither side is left out, one that is predicted and never true counts 0.
    """
    return averaged(_one, truth, prediction, **decision)


def _one(counts: Counts) -> MetricValue:
    together = 2 * counts.true_positives + counts.false_positives + counts.false_negatives
    if not together:
        return MetricValue.undefined("one_class", **counts.details)
    return MetricValue(2 * counts.true_positives / together, details=counts.details)


def _of_counts(counts: Floats) -> Floats:
    hits, alarms, _, misses, _ = np.moveaxis(counts, -1, 0)
    return ratio(2 * hits, 2 * hits + alarms + misses)


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
    policy=Policy(
        one_class=gettext_noop(
            "No positive exam: undefined (null) for every team. In a mean over classes, a class that occurs neither in the "
            "truth nor in the prediction is left out."
        )
    ),
    truth_reason=no_positive,
    resample=Resample("weighted", estimator=resampled_average(_of_counts), strata=is_positive),
    source="van Rijsbergen 1979; scikit-learn f1_score",
    parameters=(*DECISION, AVERAGE, LABELS),
)
