"""Fleiss' kappa of two or more readers."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from concours.metrics.basis.contract import Metric, MetricParameter, MetricValue, Policy, gettext_noop
from concours.metrics.basis.counts import known_labels
from concours.metrics.basis.resample import Estimator, Floats, Resample, of_counts, ratio


def fleiss_kappa(truth: np.ndarray, prediction: np.ndarray, *, labels: Sequence[Any] | None) -> MetricValue:
    """`(P̄ - P̄ₑ) / (1 - P̄ₑ)`, -1 to 1 (Fleiss 1971), of all columns of both sides: (n,) or (n, readers) grades each.

    Every exam is read by the same number of readers, two or more. Undefined (`one_class`) when all gave one
    grade, and against a truth of one grade.
    """
    grades, counts = _counts(truth, prediction, labels)
    exams, readers = len(counts), int(counts[0].sum())
    agreement = float(np.mean((np.square(counts).sum(axis=1) - readers) / (readers * (readers - 1))))
    chance = float(np.square(counts.sum(axis=0) / (exams * readers)).sum())
    details = {"exams": exams, "readers": readers, "labels": [str(grade) for grade in grades]}
    if np.count_nonzero(counts.sum(axis=0)) < 2:
        return MetricValue.undefined("one_class", **details)
    return MetricValue((agreement - chance) / (1 - chance), details=details)


def _counts(truth: np.ndarray, prediction: np.ndarray, labels: Sequence[Any] | None) -> tuple[list[Any], np.ndarray]:
    """The grades, and how many readers gave each of them to each exam, (n, grades)."""
    readings = np.column_stack([truth.reshape(len(truth), -1), prediction.reshape(len(prediction), -1)])
    grades = known_labels(readings, readings, labels)
    return grades, np.stack([(readings == grade).sum(axis=1) for grade in grades], axis=1)


def _reason(truth: np.ndarray, **_: Any) -> str:
    return "one_class" if len(set(truth.ravel().tolist())) < 2 else ""


def _estimator(truth: np.ndarray, prediction: np.ndarray, *, labels: Sequence[Any] | None) -> Estimator:
    counts = _counts(truth, prediction, labels)[1].astype(np.float64)
    readers = counts[0].sum()
    agreement = (np.square(counts).sum(axis=1) - readers) / (readers * (readers - 1))

    def kappa(sums: Floats) -> Floats:
        exams = sums[:, -1]
        chance = np.square(sums[:, 1:-1] / (exams * readers)[:, None]).sum(axis=1)
        return ratio(sums[:, 0] / exams - chance, np.where(np.isclose(chance, 1), 0.0, 1 - chance))

    return of_counts(np.column_stack([agreement, counts, np.ones(len(counts))]), kappa)


METRIC = Metric(
    name="fleiss_kappa",
    title=gettext_noop("Fleiss' kappa"),
    summary=gettext_noop("Agreement of several readers beyond chance; 1 is perfect, 0 is chance."),
    direction="higher",
    unit="",
    range=(-1.0, 1.0),
    worst=-1.0,
    shape="grades",
    over="set",
    function=fleiss_kappa,
    policy=Policy(one_class=gettext_noop("One grade in the truth: undefined (null) for every team.")),
    truth_reason=_reason,
    resample=Resample("weighted", estimator=_estimator),
    source="Fleiss 1971",
    parameters=(MetricParameter("labels", None, gettext_noop("All grades, used or not.")),),
)
