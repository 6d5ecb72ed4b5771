"""Area under the ROC curve, with DeLong's interval."""

from typing import Any

import numpy as np

from concours.metrics.basis.contract import Metric, MetricParameter, MetricValue, Policy, gettext_noop
from concours.metrics.basis.curves import placements, positives_of
from concours.metrics.basis.resample import Resample


def roc_auc(truth: np.ndarray, prediction: np.ndarray, *, confidence: float | None) -> MetricValue:
    """Probability that a positive scores above a negative, ties one half, 0 to 1; truth 0/1 and float64 (n,).

    Interval: DeLong, DeLong and Clarke-Pearson 1988, normal, cut to [0, 1]; its width is 0 for a perfect separation.
    """
    positive = positives_of(truth)
    placed = placements(positive, prediction)
    number = int(np.count_nonzero(positive))
    details = {"positives": number, "negatives": len(truth) - number}
    if placed is None:
        return MetricValue.undefined("one_class", **details)
    return MetricValue(placed.area, interval=placed.interval(confidence) if confidence else None, details=details)


def _reason(truth: np.ndarray, **_: Any) -> str:
    return "one_class" if len(np.unique(truth)) < 2 else ""


def _classes(truth: np.ndarray, **_: Any) -> np.ndarray:
    positive: np.ndarray = truth == 1
    return positive


METRIC = Metric(
    name="roc_auc",
    title=gettext_noop("Area under the ROC curve"),
    summary=gettext_noop(
        "Probability that an abnormal exam receives a higher probability than a normal one; ties count one half."
    ),
    direction="higher",
    unit="",
    range=(0.0, 1.0),
    worst=0.0,
    shape="probabilities",
    over="set",
    function=roc_auc,
    policy=Policy(one_class=gettext_noop("All exams in one class: undefined (null).")),
    truth_reason=_reason,
    truth_fault=True,
    resample=Resample("auc", strata=_classes),
    plot="roc",
    source="Hanley and McNeil 1982; DeLong et al. 1988",
    parameters=(
        MetricParameter("confidence", 0.95, gettext_noop("Confidence level of the interval; empty for none.")),
    ),
    also_called=("auc",),
)
