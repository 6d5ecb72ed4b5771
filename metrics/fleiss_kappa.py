"""Fleiss' kappa of two or more readers."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from metrics.basis.contract import Metric, Parameter, Policy, Score, gettext_noop
from metrics.basis.counts import known_labels


def fleiss_kappa(truth: np.ndarray, prediction: np.ndarray, *, labels: Sequence[Any] | None) -> Score:
    """`(P̄ - P̄ₑ) / (1 - P̄ₑ)`, -1 to 1 (Fleiss 1971), of all columns of both sides: (n,) or (n, readers) grades each.

    Every exam is read by the same number of readers, two or more. Undefined (`one_class`) when all gave one grade.
    """
    readings = np.column_stack([truth.reshape(len(truth), -1), prediction.reshape(len(prediction), -1)])
    grades = known_labels(readings, readings, labels)
    counts = np.stack([(readings == grade).sum(axis=1) for grade in grades], axis=1)
    exams, readers = readings.shape
    agreement = float(np.mean((np.square(counts).sum(axis=1) - readers) / (readers * (readers - 1))))
    chance = float(np.square(counts.sum(axis=0) / (exams * readers)).sum())
    details = {"exams": exams, "readers": readers, "labels": [str(grade) for grade in grades]}
    if np.count_nonzero(counts.sum(axis=0)) < 2:
        return Score.undefined("one_class", **details)
    return Score((agreement - chance) / (1 - chance), details=details)


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
    policy=Policy(one_class=gettext_noop("All readers gave one and the same grade to all: undefined (null).")),
    source="Fleiss 1971",
    parameters=(Parameter("labels", None, gettext_noop("All grades, used or not.")),),
)
