"""Balanced accuracy: the mean over the true classes of the share that is labelled right."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from concours.metrics.basis.contract import Metric, MetricValue, Policy, gettext_noop
from concours.metrics.basis.counts import DECISION, LABELS, decide, decisions, known_labels
from concours.metrics.basis.resample import Estimator, Floats, Resample, mean_of_defined, of_counts, ratio


def balanced_accuracy(
    truth: np.ndarray,
    prediction: np.ndarray,
    *,
    positive: Any,
    threshold: float | None,
    band: Sequence[float] | None,
    labels: Sequence[Any] | None,
) -> MetricValue:
    """Mean recall over classes, 0 to 1, of labels (n,) or numbers against a threshold; not adjusted for chance.

    A declared label that the truth does not hold is left out. Undefined (`one_class`) when the truth holds one class alone.
    """
    if threshold is not None or band is not None:
        counts = decide(truth, prediction, positive=positive, threshold=threshold, band=band)
        right = {"positive": counts.true_positives, "negative": counts.true_negatives}
        of = {
            "positive": counts.true_positives + counts.false_negatives,
            "negative": counts.true_negatives + counts.false_positives,
        }
    else:
        known_labels(truth, prediction, labels)
        classes = sorted(set(truth.tolist()))
        of = {str(label): int(np.sum(truth == label)) for label in classes}
        right = {str(label): int(np.sum((truth == label) & (prediction == label))) for label in classes}
    recalls = {label: right[label] / count if count else None for label, count in of.items()}
    details: dict[str, Any] = {"recalls": recalls}
    if labels is not None and (absent := [str(label) for label in labels if str(label) not in of]):
        details["absent"] = absent
    if len(of) < 2 or not all(of.values()):
        return MetricValue.undefined("one_class", **details)
    return MetricValue(float(np.mean([value for value in recalls.values() if value is not None])), details=details)


def _reason(truth: np.ndarray, *, positive: Any, threshold: float | None, band: Any, **_: Any) -> str:
    classes = truth if threshold is None and band is None else truth == positive
    return "one_class" if len(set(classes.tolist())) < 2 else ""


def _estimator(
    truth: np.ndarray,
    prediction: np.ndarray,
    *,
    positive: Any,
    threshold: float | None,
    band: Sequence[float] | None,
    labels: Sequence[Any] | None,
) -> Estimator:
    if threshold is not None or band is not None:
        each = decisions(truth, prediction, positive=positive, threshold=threshold, band=band)
        right, of = each[:, [0, 2]], np.stack([each[:, 0] | each[:, 3], each[:, 1] | each[:, 2]], axis=1)
    else:
        of = np.stack([truth == label for label in sorted(set(truth.tolist()))], axis=1)
        right = of & (truth == prediction)[:, None]
    classes = of.shape[1]

    def recalls(sums: Floats) -> Floats:
        return mean_of_defined(ratio(sums[:, :classes], sums[:, classes:]))

    return of_counts(np.concatenate([right, of], axis=1), recalls)


METRIC = Metric(
    name="balanced_accuracy",
    title=gettext_noop("Balanced accuracy"),
    summary=gettext_noop("Share of exams with the correct label; every class has the same weight."),
    direction="higher",
    unit="",
    range=(0.0, 1.0),
    worst=0.0,
    shape="labels",
    over="set",
    function=balanced_accuracy,
    policy=Policy(
        one_class=gettext_noop(
            "One class in the truth: undefined (null), a fault of the truth. A class that the truth does not hold is left out."
        )
    ),
    truth_reason=_reason,
    truth_fault=True,
    resample=Resample("weighted", estimator=_estimator),
    source="scikit-learn balanced_accuracy_score",
    parameters=(*DECISION, LABELS),
)
