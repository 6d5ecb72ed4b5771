"""Both sides of one metric, as the metric's shape wants them: masks of a case, or everybody's values in arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from concours import metrics
from concours.evaluation.prediction import Prediction, Value
from concours.evaluation.truth import LoadedTruth
from concours.formats.values import parse_number
from concours.metrics import Metric, Region
from concours.questions.schema import MetricSpec, QuestionSpec

Regions = dict[tuple[str, int], Region]  # of one case, by column and label


def chosen(spec: MetricSpec, truth: LoadedTruth, ids: Sequence[str]) -> tuple[str, ...]:
    """The cases a score is about: those whose fields have the values that `where` asks for."""
    return tuple(
        case
        for case in ids
        if all(_same(truth.values[name].get(case), condition) for name, condition in spec.where.items())
    )


def _same(value: Value, condition: str) -> bool:
    return value == condition or (isinstance(value, float) and value == parse_number(condition))


def masks_of(
    spec: MetricSpec, metric: Metric, truth: LoadedTruth, prediction: Prediction, case: str, regions: Regions
) -> tuple[Any, Any]:
    """The two masks of one case; the label that the metric names, or the only one.

    `known` holds the team's regions of this case, so that its metrics share what is computed on them.
    """
    true, predicted = truth.masks[spec.fields[0]][case], prediction.masks[spec.columns[0]][case]
    if metric.shape == "instances":
        return _label_map(true), _label_map(predicted)
    label = spec.label if spec.label is not None else next(iter(true))
    region = regions.get((spec.columns[0], label))
    if region is None:
        region = regions[spec.columns[0], label] = Region.of(predicted[label])
    # The truth is turned once for all teams, a team's mask would be turned for each.
    return true[label].in_order(region.order), region


def _label_map(masks: Mapping[int, Any]) -> np.ndarray:
    regions = {label: Region.of(mask) for label, mask in masks.items()}
    whole = np.zeros(next(iter(regions.values())).shape, np.int32)
    for label, region in regions.items():
        whole[region.array] = label
    return whole


def values_of(
    question: QuestionSpec,
    spec: MetricSpec,
    metric: Metric,
    truth: LoadedTruth,
    prediction: Prediction,
    ids: Sequence[str],
) -> tuple[Any, Any]:
    """Everybody's values, (n,) or (n, k) for k fields; numbers wherever both sides are numbers."""
    true = _true_columns(spec, truth, ids)
    predicted = [_said(question, spec, prediction, field, column, ids) for field, column in _pairs(spec)]
    if metric.shape in ("values", "probabilities"):
        left, right = _floats(true), _floats(predicted)
        right = 1.0 - right if spec.opposite else right
    else:
        left, right = _labels(true, predicted)
    return (left[0], right[0]) if len(spec.fields) == 1 else (left.T, right.T)


def true_side(spec: MetricSpec, metric: Metric, truth: LoadedTruth, ids: Sequence[str]) -> Any:
    """The truth's side alone of a metric over the set, as it is compared with any prediction."""
    if metric.shape == "detections":
        return _lesions(spec, truth, ids)
    columns = _true_columns(spec, truth, ids)
    side = _floats(columns) if metric.shape in ("values", "probabilities") else _labels(columns, columns)[0]
    return side[0] if len(spec.fields) == 1 else side.T


def _true_columns(spec: MetricSpec, truth: LoadedTruth, ids: Sequence[str]) -> list[list[Value]]:
    return [[truth.values[name].get(case) for case in ids] for name in spec.fields]


def _pairs(spec: MetricSpec) -> Iterable[tuple[str, str]]:
    return zip(spec.fields, spec.columns, strict=True)


def _said(
    question: QuestionSpec, spec: MetricSpec, prediction: Prediction, field: str, column: str, ids: Sequence[str]
) -> list[Value]:
    if column in prediction.masks:
        return [_measured(question, field, prediction, column, case) for case in ids]
    if column in prediction.values:
        return [prediction.values[column].get(case) for case in ids]
    return [_highest(prediction, column, case) for case in ids]


def _measured(question: QuestionSpec, field: str, prediction: Prediction, column: str, case: str) -> Value:
    """A value that the question measures on the team's mask rather than asks for."""
    name = question.data.fields[field].measure
    measure = metrics.find(name).measure
    return measure(Region.of(next(iter(prediction.masks[column][case].values())))) if measure else None


def _highest(prediction: Prediction, column: str, case: str) -> Value:
    """With several rows a case, the case's value is that of its most probable row; 0 without any row."""
    numbers = [row.values.get(column) for row in prediction.rows if row.case == case]
    return max((value for value in numbers if isinstance(value, float)), default=0.0)


def _floats(columns: list[list[Value]]) -> np.ndarray:
    return np.array([[_number(value) for value in column] for column in columns], np.float64)


def _number(value: Value) -> float:
    if isinstance(value, str):
        number = parse_number(value)
        return float("nan") if number is None else number
    return float("nan") if value is None else value


def _labels(true: list[list[Value]], predicted: list[list[Value]]) -> tuple[np.ndarray, np.ndarray]:
    """Numbers where every label is one, so that `1`, `1.0` and true are one label; text otherwise."""
    every = [value for column in (*true, *predicted) for value in column]
    if any(value is None for value in every):
        return np.array(true, object), np.array(predicted, object)
    if all(not isinstance(value, str) or parse_number(value) is not None for value in every):
        return _floats(true), _floats(predicted)
    return np.array(true, str), np.array(predicted, str)


def detections_of(spec: MetricSpec, truth: LoadedTruth, prediction: Prediction, ids: Sequence[str]) -> tuple[Any, Any]:
    """Lesions and candidates as `froc` takes them. `columns` end with the confidence; the others are positions."""
    axes, confidence = spec.columns[:-1], spec.columns[-1]
    inside = set(ids)
    candidates = [
        row for row in prediction.rows if row.case in inside and all(row.values.get(axis) is not None for axis in axes)
    ]
    return (
        _lesions(spec, truth, ids),
        {
            "case": np.array([row.case for row in candidates], str),
            "position": _column(candidates, axes),
            "confidence": _column(candidates, (confidence,))[:, 0],
        },
    )


def _lesions(spec: MetricSpec, truth: LoadedTruth, ids: Sequence[str]) -> dict[str, Any]:
    inside = set(ids)
    lesions = [row for row in truth.rows.get(spec.fields[0], ()) if row.case in inside]
    return {
        "cases": list(ids),
        "case": np.array([row.case for row in lesions], str),
        "position": _column(lesions, spec.columns[:-1]),
        "radius": _column(lesions, ("radius",))[:, 0],
    }


def _column(rows: Sequence[Any], names: Sequence[str]) -> np.ndarray:
    values = [[_number(row.values.get(name)) for name in names] for row in rows]
    return np.array(values, np.float64).reshape(len(rows), len(names))
