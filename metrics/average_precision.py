"""Average precision: the area under the precision-recall steps."""

import numpy as np

from metrics.basis.contract import Metric, Policy, Score, gettext_noop
from metrics.basis.curves import positives_of


def average_precision(truth: np.ndarray, prediction: np.ndarray) -> Score:
    """`Σ (Rₙ-Rₙ₋₁) Pₙ` over falling distinct thresholds, 0 to 1; truth 0/1 and float64 (n,). No interpolation.

    As scikit-learn's average_precision_score; ours is undefined without positives, where theirs is 0 with a warning.
    """
    positive = positives_of(truth)
    positives, negatives = prediction[positive], prediction[~positive]
    if not len(positives):
        return Score.undefined("one_class", positives=0, negatives=len(negatives))
    thresholds, hits = np.unique(positives, return_counts=True)
    found = np.cumsum(hits[::-1])
    low = np.sort(negatives)
    wrong = len(low) - np.searchsorted(low, thresholds[::-1], "left")
    value = float(np.sum(hits[::-1] * found / (found + wrong)) / len(positives))
    return Score(value, details={"positives": len(positives), "negatives": len(negatives)})


METRIC = Metric(
    name="average_precision",
    title=gettext_noop("Average precision"),
    summary=gettext_noop("Precision averaged over the thresholds at which another abnormal exam is found."),
    direction="higher",
    unit="",
    range=(0.0, 1.0),
    worst=0.0,
    shape="probabilities",
    over="set",
    function=average_precision,
    policy=Policy(one_class=gettext_noop("No abnormal exam: undefined (null). No normal exam: 1.")),
    source="scikit-learn average_precision_score",
    also_called=("pr_auc",),
)
