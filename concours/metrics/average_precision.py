"""Average precision: the area under the precision-recall steps."""

import numpy as np

from concours.metrics.basis.contract import Metric, MetricValue, Policy, gettext_noop
from concours.metrics.basis.curves import positives_of
from concours.metrics.basis.resample import Estimator, Floats, Resample, ratio


def average_precision(truth: np.ndarray, prediction: np.ndarray) -> MetricValue:
    """`Σ (Rₙ-Rₙ₋₁) Pₙ` over falling distinct thresholds, 0 to 1; truth 0/1 and float64 (n,). No interpolation.

    As scikit-learn's average_precision_score; ours is undefined without positives, where theirs is 0 with a warning.
    """
    positive = positives_of(truth)
    positives, negatives = prediction[positive], prediction[~positive]
    if not len(positives):
        return MetricValue.undefined("one_class", positives=0, negatives=len(negatives))
    thresholds, hits = np.unique(positives, return_counts=True)
    true_positives = np.cumsum(hits[::-1])
    low = np.sort(negatives)
    wrong = len(low) - np.searchsorted(low, thresholds[::-1], "left")
    value = float(np.sum(hits[::-1] * true_positives / (true_positives + wrong)) / len(positives))
    return MetricValue(value, details={"positives": len(positives), "negatives": len(negatives)})


def _reason(truth: np.ndarray) -> str:
    return "" if np.any(truth == 1) else "one_class"


def _classes(truth: np.ndarray) -> np.ndarray:
    positive: np.ndarray = truth == 1
    return positive


def _estimator(truth: np.ndarray, prediction: np.ndarray) -> Estimator:
    order = np.argsort(-prediction, kind="stable")
    falling = prediction[order]
    last = np.flatnonzero(np.append(falling[1:] != falling[:-1], True))  # the end of each run of equal predictions
    positive = (truth == 1)[order]

    def weighted(counts: Floats) -> Floats:
        drawn = counts[:, order]
        called = np.cumsum(drawn, axis=1)[:, last]
        hits = np.cumsum(drawn * positive, axis=1)[:, last]
        gained = np.diff(hits, axis=1, prepend=0.0)
        precision = np.divide(hits, called, out=np.zeros_like(hits), where=called > 0)
        return ratio((gained * precision).sum(axis=1), hits[:, -1])

    return weighted


METRIC = Metric(
    name="average_precision",
    title=gettext_noop("Average precision"),
    summary=gettext_noop("Precision averaged over the thresholds at which another abnormal exam is detected."),
    direction="higher",
    unit="",
    range=(0.0, 1.0),
    worst=0.0,
    shape="probabilities",
    over="set",
    function=average_precision,
    policy=Policy(one_class=gettext_noop("No abnormal exam: undefined (null). No normal exam: 1.")),
    truth_reason=_reason,
    truth_fault=True,
    resample=Resample("weighted", estimator=_estimator, strata=_classes),
    source="scikit-learn average_precision_score",
    also_called=("pr_auc",),
)
