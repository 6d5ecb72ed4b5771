"""Balanced accuracy: the mean over the true classes of the share that is labelled right."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from metrics.basis.contract import Metric, Policy, Score, gettext_noop
from metrics.basis.counts import DECISION, LABELS, decide, known_labels


def balanced_accuracy(
    truth: np.ndarray,
    prediction: np.ndarray,
    *,
    positive: Any,
    threshold: float | None,
    band: Sequence[float] | None,
    labels: Sequence[Any] | None,
) -> Score:
    """Mean recall over classes, 0 to 1, of labels (n,) or numbers against a threshold; not adjusted for chance.

    Undefined (`one_class`) when the truth holds one class alone, or lacks one of the declared labels.
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
        classes = sorted(set(truth.tolist())) if labels is None else list(labels)
        of = {str(label): int(np.sum(truth == label)) for label in classes}
        right = {str(label): int(np.sum((truth == label) & (prediction == label))) for label in classes}
    recalls = {label: right[label] / count if count else None for label, count in of.items()}
    if len(of) < 2 or not all(of.values()):
        return Score.undefined("one_class", recalls=recalls)
    return Score(
        float(np.mean([value for value in recalls.values() if value is not None])), details={"recalls": recalls}
    )


METRIC = Metric(
    name="balanced_accuracy",
    title=gettext_noop("Balanced accuracy"),
    summary=gettext_noop("Share of the exams whose label is right, each class counting the same."),
    direction="higher",
    unit="",
    range=(0.0, 1.0),
    worst=0.0,
    shape="labels",
    over="set",
    function=balanced_accuracy,
    policy=Policy(one_class=gettext_noop("One class in the truth: undefined (null), a fault of the truth.")),
    source="scikit-learn balanced_accuracy_score",
    parameters=(*DECISION, LABELS),
)
