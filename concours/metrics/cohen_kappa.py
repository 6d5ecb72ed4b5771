"""Cohen's kappa of two readers, unweighted, linear or quadratic, over all grades."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from concours.metrics.basis.contract import (
    Metric,
    MetricParameter,
    MetricParameterError,
    MetricValue,
    Policy,
    gettext_noop,
)
from concours.metrics.basis.counts import known_labels
from concours.metrics.basis.resample import Estimator, Floats, Resample, of_counts, ratio


def cohen_kappa(
    truth: np.ndarray, prediction: np.ndarray, *, weights: str, labels: Sequence[Any] | None
) -> MetricValue:
    """`1 - Σ w o / Σ w e` over the grades, -1 to 1, of grades (n,) (Cohen 1960, 1968).

    `labels` names all grades in order: a weighted kappa over the grades that happen to occur is wrong when one between
    them is unused. Without it, whole numbers are taken at their value, and any other grades with weights raise
    MetricParameterError. Undefined (`one_class`) when both sides hold one and the same grade, and
    against a truth of one grade.
    """
    grades = _grades(truth, prediction, weights, labels)
    size = len(grades)
    cells = _cells(truth, prediction, grades)
    observed = np.bincount(cells, minlength=size * size).reshape(size, size)
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0)) / len(cells)
    weight = _weight(weights, size)
    chance = float((weight * expected).sum())
    details = {"labels": [str(grade) for grade in grades], "observed": observed.tolist()}
    if not chance:
        return MetricValue.undefined("one_class", **details)
    return MetricValue(1 - float((weight * observed).sum()) / chance, details=details)


def _grades(truth: np.ndarray, prediction: np.ndarray, weights: str, labels: Sequence[Any] | None) -> list[Any]:
    occurring = known_labels(truth, prediction, labels)
    if labels is not None or weights == "unweighted":
        return occurring
    if all(isinstance(grade, (int, float)) and float(grade).is_integer() for grade in occurring):
        return list(range(int(occurring[0]), int(occurring[-1]) + 1))
    raise MetricParameterError("cohen_kappa: weights need all grades in order, as the parameter labels.")


def _cells(truth: np.ndarray, prediction: np.ndarray, grades: Sequence[Any]) -> np.ndarray:
    """The cell of the table of both gradings in which each case stands, by rows."""
    position = {grade: index for index, grade in enumerate(grades)}
    rows = np.array([position[grade] for grade in truth.tolist()])
    cells: np.ndarray = rows * len(grades) + np.array([position[grade] for grade in prediction.tolist()])
    return cells


def _weight(weights: str, size: int) -> np.ndarray:
    apart = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    return {"unweighted": apart > 0, "linear": apart, "quadratic": apart**2}[weights].astype(np.float64)


def _reason(truth: np.ndarray, **_: Any) -> str:
    return "one_class" if len(set(truth.tolist())) < 2 else ""


def _estimator(truth: np.ndarray, prediction: np.ndarray, *, weights: str, labels: Sequence[Any] | None) -> Estimator:
    grades = _grades(truth, prediction, weights, labels)
    size = len(grades)
    weight = _weight(weights, size)

    def kappa(sums: Floats) -> Floats:
        observed = sums.reshape(-1, size, size)
        by_truth, by_prediction = observed.sum(axis=2), observed.sum(axis=1)
        chance = np.einsum("ri,ij,rj->r", by_truth, weight, by_prediction) / sums.sum(axis=1)
        return 1 - ratio((observed * weight).sum(axis=(1, 2)), chance)

    return of_counts(np.eye(size * size)[_cells(truth, prediction, grades)], kappa)


METRIC = Metric(
    name="cohen_kappa",
    title=gettext_noop("Cohen's kappa"),
    summary=gettext_noop("Agreement of two readers beyond chance; 1 is perfect, 0 is chance."),
    direction="higher",
    unit="",
    range=(-1.0, 1.0),
    worst=-1.0,
    shape="grades",
    over="set",
    function=cohen_kappa,
    policy=Policy(one_class=gettext_noop("One grade in the truth: undefined (null) for every team.")),
    truth_reason=_reason,
    resample=Resample("weighted", estimator=_estimator),
    source="Cohen 1960, 1968; scikit-learn cohen_kappa_score with all labels",
    parameters=(
        MetricParameter(
            "weights",
            "unweighted",
            gettext_noop("How disagreement increases with the distance between grades."),
            choices=("unweighted", "linear", "quadratic"),
        ),
        MetricParameter("labels", None, gettext_noop("All grades in order, used or not.")),
    ),
    also_called=("kappa",),
)
