"""What the scores of one submission are made of, case by case, kept sealed beside them so that boards can be bootstrapped.

Plain: `evidence` gives arrays by name, `sides_of` stacks those of several teams, `sampled` as `statistics` takes them. How a
score is drawn again is declared by its metric; nothing here knows a metric by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from concours import metrics
from concours.evaluation.aggregates import AGGREGATES
from concours.evaluation.evaluate import ScoringResult
from concours.evaluation.sides import chosen
from concours.evaluation.statistics.bootstrap import Sampled
from concours.evaluation.truth import LoadedTruth
from concours.formats.fault import gettext_noop
from concours.metrics import Metric
from concours.metrics.basis.resample import Estimator
from concours.questions.schema import MetricSpec, QuestionSpec
from concours.questions.schema.rules import EXTERNAL

Arrays = dict[str, np.ndarray]
JURY = gettext_noop("It is the mark of a jury.")
ELSEWHERE = gettext_noop("It was computed elsewhere and entered as one number.")
NOT_KEPT = gettext_noop(
    "The teams were not all scored on the same cases, or what their scores are made of was not kept."
)


def evidence(spec: QuestionSpec, truth: LoadedTruth, result: ScoringResult) -> Arrays:
    """`ids`, `parts`, and for each score made of cases `<score>.value` (n,), or both sides as `<score>.truth` and `.said`.

    `<score>.rows` are the places of its cases among `ids`, where the score is not about all of them.
    """
    arrays: Arrays = {
        "ids": np.array(truth.ids, dtype=str),
        "parts": np.array([truth.parts.get(case, "") for case in truth.ids], dtype=str),
    }
    place = {case: index for index, case in enumerate(truth.ids)}
    for name, declared in spec.metrics.items():
        if declared.metric == EXTERNAL or declared.over == "declared":
            continue
        cases = chosen(declared, truth, truth.ids)
        if metrics.find(declared.metric).over == "case":
            arrays[f"{name}.value"] = np.array([_number(result.cases[case].get(name)) for case in cases])
        elif name in result.pairs:
            true, predicted = (
                _packed(f"{name}.{side}", pair)
                for side, pair in zip(("truth", "said"), result.pairs[name], strict=True)
            )
            if any(array.dtype == object for array in (*true.values(), *predicted.values())):
                continue  # a value is missing: the score is undefined
            arrays |= true | predicted
        else:
            continue
        if len(cases) < len(truth.ids):
            arrays[f"{name}.rows"] = np.array([place[case] for case in cases], np.intp)
    return arrays


def _packed(name: str, side: Any) -> Arrays:
    """One side of a comparison as arrays: itself, or one a key."""
    if isinstance(side, Mapping):
        return {f"{name}:{key}": np.asarray(values) for key, values in side.items()}
    return {name: np.asarray(side)}


def _unpacked(name: str, arrays: Mapping[str, Any]) -> Any:
    if name in arrays:
        return arrays[name]
    return {key.partition(":")[2]: values for key, values in arrays.items() if key.startswith(f"{name}:")} or None


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)


@dataclass(frozen=True)
class TeamSides:
    """What one score of several teams is made of.

    `truth` and `predictions` are a metric's sides (None for a team without), or `values` are (n,) case scores by team.
    `rows` are the places of the score's own cases among the drawn ones, -1 for a case of another part.
    """

    rows: NDArray[np.intp]
    drawn: int
    truth: Any = None
    predictions: tuple[Any, ...] = ()
    values: tuple[Any, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every team has its side."""
        return all(side is not None for side in (self.predictions or self.values))


def sides_of(name: str, teams: Sequence[Mapping[str, Any]], part: str) -> TeamSides | None:
    """Over one part (`all`: every case); None where no team's cases were kept, or the teams were scored on different ones."""
    evidences = [arrays for arrays in teams if "ids" in arrays]
    if not evidences or any(list(arrays["ids"]) != list(evidences[0]["ids"]) for arrays in evidences):
        return None
    first = evidences[0]
    of_part = np.ones(len(first["ids"]), bool) if part == "all" else first["parts"] == part
    values = tuple(arrays.get(f"{name}.value") for arrays in teams)
    predictions = tuple(_unpacked(f"{name}.said", arrays) for arrays in teams)
    having = next(
        (arrays for arrays in evidences if f"{name}.value" in arrays or _unpacked(f"{name}.said", arrays) is not None),
        None,
    )
    if not of_part.any() or having is None:
        return None
    own = having.get(f"{name}.rows", np.arange(len(of_part)))
    place = np.where(of_part, np.cumsum(of_part) - 1, -1)[own]
    if f"{name}.value" in having:
        return TeamSides(place, int(of_part.sum()), values=values)
    return TeamSides(place, int(of_part.sum()), _unpacked(f"{name}.truth", having), predictions)


def sampled(
    spec: QuestionSpec, name: str, teams: Sequence[Mapping[str, Any]], values: Sequence[float | None], part: str
) -> Sampled:
    """One score of several teams as it is drawn again from cases; a fixed number each, with the reason, where it is not.

    `values` are the scores themselves; a team without one has none in any draw.
    """
    observed = np.array([_number(value) for value in values])
    declared = spec.metrics.get(name)
    if declared is None or declared.metric == EXTERNAL:
        return Sampled("fixed", observed, reason=JURY if declared is None else ELSEWHERE)
    metric = metrics.find(declared.metric)
    if metric.not_resampled:
        return Sampled("fixed", observed, reason=metric.not_resampled)
    sides = sides_of(name, teams, part)
    present = [value is not None for value in values]
    if sides is None or any(
        there and side is None for there, side in zip(present, sides.values or sides.predictions, strict=True)
    ):
        return Sampled("fixed", observed, reason=NOT_KEPT)
    if sides.values:
        return _of_case_scores(declared, sides, observed)
    return _of_sides(declared, metric, sides, observed)


def _of_case_scores(declared: MetricSpec, sides: TeamSides, observed: NDArray[np.float64]) -> Sampled:
    aggregate = AGGREGATES[declared.aggregate]
    if aggregate.estimator is None:
        return _of_values("mean", sides, sides.values, observed)
    estimators = tuple(
        None if np.isnan(value) else aggregate.estimator(own) for value, own in zip(observed, sides.values, strict=True)
    )
    return Sampled("weighted", observed, estimators=estimators, rows=sides.rows, drawn=sides.drawn)


def _of_values(
    how: Any, sides: TeamSides, values: Sequence[Any], observed: NDArray[np.float64], **more: Any
) -> Sampled:
    """Values by team and case, of the drawn cases alone; a team without a score has none."""
    inside = sides.rows >= 0
    rows = sides.rows[inside]
    empty = np.full(int(inside.sum()), np.nan)
    stacked = np.stack(
        [
            empty if np.isnan(value) else np.asarray(own, np.float64)[inside]
            for value, own in zip(observed, values, strict=True)
        ]
    )
    all_drawn = len(rows) == sides.drawn
    return Sampled(how, stacked, rows=None if all_drawn else rows, drawn=sides.drawn, **more)


def _of_sides(declared: MetricSpec, metric: Metric, sides: TeamSides, observed: NDArray[np.float64]) -> Sampled:
    resample = metric.resample
    assert resample is not None
    parameters = metric.settle(declared.params)
    strata = _drawn_strata(resample.strata(sides.truth, **parameters), sides) if resample.strata is not None else None
    if resample.how == "auc":
        truth = np.asarray(sides.truth == 1)[sides.rows >= 0]
        return _of_values("auc", sides, sides.predictions, observed, truth=truth, strata=strata)
    present = [not np.isnan(value) for value in observed]
    if resample.how == "weighted":
        assert resample.estimator is not None
        estimators: list[Estimator | None] = [
            resample.estimator(sides.truth, prediction, **parameters) if there else None
            for there, prediction in zip(present, sides.predictions, strict=True)
        ]
        return Sampled(
            "weighted", observed, estimators=tuple(estimators), rows=sides.rows, drawn=sides.drawn, strata=strata
        )
    assert resample.per_case is not None
    values = [
        resample.per_case(sides.truth, prediction, **parameters) if there else None
        for there, prediction in zip(present, sides.predictions, strict=True)
    ]
    return _of_values(resample.how, sides, values, observed, strata=strata)


def _drawn_strata(labels: NDArray[Any] | None, sides: TeamSides) -> NDArray[Any] | None:
    """The class of each drawn case; cases that the score is not about are a class of their own."""
    if labels is None:
        return None
    codes = np.unique(labels, return_inverse=True)[1].ravel()
    inside = sides.rows >= 0
    strata = np.full(sides.drawn, -1)
    strata[sides.rows[inside]] = codes[inside]
    return strata


@dataclass(frozen=True)
class CaseValues:
    """What a board draws of one score, by team and case (t, n): `plot` says how; `truth` (n,) for a ROC curve."""

    plot: str
    values: NDArray[np.float64]
    truth: NDArray[np.bool_] | None = None


def case_values(spec: QuestionSpec, name: str, teams: Sequence[Mapping[str, Any]], part: str) -> CaseValues | None:
    """The values of single cases of a part, as the metric says they are drawn; None where there is nothing to draw."""
    declared = spec.metrics.get(name)
    if declared is None or declared.metric == EXTERNAL:
        return None
    metric = metrics.find(declared.metric)
    sides = sides_of(name, teams, part)
    plot = metric.plot or ("value" if metric.over == "case" else "")
    if not plot or sides is None or not sides.complete:
        return None
    inside = sides.rows >= 0
    if sides.values:
        return CaseValues(plot, np.stack(sides.values)[:, inside])
    parameters = metric.settle(declared.params)
    if plot == "value" and metric.resample is not None and metric.resample.per_case is not None:
        each = [metric.resample.per_case(sides.truth, prediction, **parameters) for prediction in sides.predictions]
        return CaseValues(plot, np.stack(each)[:, inside])
    truth, predictions = np.asarray(sides.truth, float)[inside], np.stack(sides.predictions)[:, inside]
    if plot == "absolute_error":
        return CaseValues(plot, np.abs(predictions - truth))
    return CaseValues(plot, predictions, truth == 1)


def testable(score: Sampled) -> bool:
    """Whether teams can be compared in pairs: every team has every case, and DeLong's covariance two cases of each class."""
    if score.how not in ("auc", "mean", "root_mean") or not np.isfinite(score.values).all():
        return False
    return score.truth is None or min(int(score.truth.sum()), int((~score.truth).sum())) >= 2
