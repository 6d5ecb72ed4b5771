"""Weighted sum of the areas under the ROC curves of several tasks (SFR 2018, meniscus)."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from concours.metrics.basis.contract import Metric, MetricParameter, MetricValue, Policy, gettext_noop
from concours.metrics.basis.curves import placements, positives_of
from concours.metrics.basis.resample import Estimator, Floats, Resample, auc_estimator


def weighted_auc(truth: np.ndarray, prediction: np.ndarray, *, weights: Sequence[float] | None) -> MetricValue:
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
        return MetricValue.undefined("one_class", **details)
    return MetricValue(float(np.dot(shares, np.array(areas, float))), details=details)


def _reason(truth: np.ndarray, **_: Any) -> str:
    """`one_class` as soon as one task holds one class among the cases to which it applies."""
    columns = truth.reshape(len(truth), -1).T
    return "one_class" if any(len(np.unique(column[np.isfinite(column)])) < 2 for column in columns) else ""


def _estimator(truth: np.ndarray, prediction: np.ndarray, *, weights: Sequence[float] | None) -> Estimator:
    left, right = truth.reshape(len(truth), -1), prediction.reshape(len(prediction), -1)
    shares = np.full(left.shape[1], 1 / left.shape[1]) if weights is None else np.asarray(weights, float)
    tasks = []
    for true, predicted in zip(left.T, right.T, strict=True):
        applies = np.flatnonzero(np.isfinite(true))
        tasks.append((applies, auc_estimator(true[applies] == 1, predicted[None, applies])))

    def weighted(counts: Floats) -> Floats:
        areas = [area(counts[:, applies])[:, 0] for applies, area in tasks]
        total: Floats = np.dot(shares, np.array(areas))
        return total

    return weighted


METRIC = Metric(
    name="weighted_auc",
    title=gettext_noop("Weighted sum of areas under ROC curves"),
    summary=gettext_noop("The sum over tasks of the area times the weight of the task."),
    direction="higher",
    unit="",
    range=(0.0, 1.0),
    worst=0.0,
    shape="probabilities",
    over="set",
    function=weighted_auc,
    policy=Policy(
        one_class=gettext_noop("One task with one class: undefined (null)."),
        missing=gettext_noop(
            "A missing prediction makes the score undefined (null). An exam without a reference for a task "
            "is not part of it."
        ),
    ),
    truth_reason=_reason,
    truth_fault=True,
    resample=Resample("weighted", estimator=_estimator),
    source="SFR 2018, meniscus tears",
    parameters=(MetricParameter("weights", None, gettext_noop("Weight of each task, in the order of the columns.")),),
)
