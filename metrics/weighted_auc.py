"""Weighted sum of the areas under the ROC curves of several tasks (SFR 2018, meniscus)."""

from collections.abc import Sequence

import numpy as np

from metrics.basis.contract import Metric, Parameter, Policy, Score, gettext_noop
from metrics.basis.curves import placements, positives_of


def weighted_auc(truth: np.ndarray, prediction: np.ndarray, *, weights: Sequence[float] | None) -> Score:
    """`Σ wₖ AUCₖ` over the k columns of truth (0/1, nan where the task does not apply) and prediction, float64 (n, k).

    Weights default to 1/k; they are used as given, so the range is 0 to their sum. Undefined (`one_class`) as soon
    as one task is; the details hold each task's area and number of cases.
    """
    left, right = truth.reshape(len(truth), -1), prediction.reshape(len(prediction), -1)
    shares = np.full(left.shape[1], 1 / left.shape[1]) if weights is None else np.asarray(weights, float)
    if shares.shape != (left.shape[1],) or (shares < 0).any():
        raise ValueError(f"{left.shape[1]} tasks need as many weights, none negative, not {weights}.")
    areas: list[float | None] = []
    cases = []
    for column in range(left.shape[1]):
        applies = np.isfinite(left[:, column])
        placed = placements(positives_of(left[applies, column]), right[applies, column])
        cases.append(int(applies.sum()))
        areas.append(None if placed is None else placed.area)
    details = {"areas": areas, "cases": cases, "weights": shares.tolist()}
    if any(area is None for area in areas):
        return Score.undefined("one_class", **details)
    return Score(float(np.dot(shares, np.array(areas, float))), details=details)


METRIC = Metric(
    name="weighted_auc",
    title=gettext_noop("Weighted sum of areas under ROC curves"),
    summary=gettext_noop("The area of each task times its weight, summed."),
    direction="higher",
    unit="",
    range=(0.0, 1.0),
    worst=0.0,
    shape="probabilities",
    over="set",
    function=weighted_auc,
    policy=Policy(
        one_class=gettext_noop("One task with one class: undefined (null), a fault of the truth."),
        missing=gettext_noop(
            "A missing prediction makes the score undefined (null). An exam without truth for a task is no part of it."
        ),
    ),
    source="SFR 2018, meniscus tears",
    parameters=(Parameter("weights", None, gettext_noop("Weight of each task, in the order of the columns.")),),
)
