"""Cohen's kappa of two readers, unweighted, linear or quadratic, over all grades."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from metrics.basis.contract import Metric, MetricParameterError, Parameter, Policy, Score, gettext_noop
from metrics.basis.counts import known_labels


def cohen_kappa(truth: np.ndarray, prediction: np.ndarray, *, weights: str, labels: Sequence[Any] | None) -> Score:
    """`1 - Σ w o / Σ w e` over the grades, -1 to 1, of grades (n,) (Cohen 1960, 1968).

    `labels` names all grades in order: a weighted kappa over the grades that happen to occur is wrong when one between
    them is unused. Without it, whole numbers are taken at their value, and any other grades with weights raise
    MetricParameterError. Undefined (`one_class`) when both sides hold one and the same grade.
    """
    grades = _grades(truth, prediction, weights, labels)
    position = {grade: index for index, grade in enumerate(grades)}
    rows = np.array([position[grade] for grade in truth.tolist()])
    columns = np.array([position[grade] for grade in prediction.tolist()])
    size = len(grades)
    observed = np.bincount(rows * size + columns, minlength=size * size).reshape(size, size)
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0)) / len(rows)
    apart = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    weight = {"unweighted": apart > 0, "linear": apart, "quadratic": apart**2}[weights]
    chance = float((weight * expected).sum())
    details = {"labels": [str(grade) for grade in grades], "observed": observed.tolist()}
    if not chance:
        return Score.undefined("one_class", **details)
    return Score(1 - float((weight * observed).sum()) / chance, details=details)


def _grades(truth: np.ndarray, prediction: np.ndarray, weights: str, labels: Sequence[Any] | None) -> list[Any]:
    occurring = known_labels(truth, prediction, labels)
    if labels is not None or weights == "unweighted":
        return occurring
    if all(isinstance(grade, (int, float)) and float(grade).is_integer() for grade in occurring):
        return list(range(int(occurring[0]), int(occurring[-1]) + 1))
    raise MetricParameterError("cohen_kappa: weights need all grades in order, as the parameter labels.")


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
    policy=Policy(one_class=gettext_noop("Both readers gave one and the same grade to all: undefined (null).")),
    source="Cohen 1960, 1968; scikit-learn cohen_kappa_score with all labels",
    parameters=(
        Parameter(
            "weights",
            "unweighted",
            gettext_noop("How disagreement grows with the distance of the grades."),
            choices=("unweighted", "linear", "quadratic"),
        ),
        Parameter("labels", None, gettext_noop("All grades in order, used or not.")),
    ),
    also_called=("kappa",),
)
