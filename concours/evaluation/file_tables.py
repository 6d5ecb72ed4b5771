"""The two tables of a comparison, joined by id: values, labels, detections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from concours.evaluation.file_pair import ComparisonError, Pair, read_truth
from concours.formats import files
from concours.formats.tables import Table
from concours.formats.values import parse_number


def value_pairs(truth: Path, prediction: Path, settings: Mapping[str, Any]) -> list[Pair]:
    """Numbers of two tables joined by id; several columns only where `column` names several (tasks)."""
    ours, theirs = read_truth(read_table, truth), read_table(prediction)
    left = _by_id(ours, settings, "truth_column", _number)
    right = _by_id(theirs, settings, "prediction_column", _number)
    ids = same_ids(list(left), list(right))
    return [Pair(_stack([left[case] for case in ids], float), _stack([right[case] for case in ids], float))]


def label_pairs(truth: Path, prediction: Path, settings: Mapping[str, Any]) -> list[Pair]:
    """Labels of two tables joined by id: numbers where all cells of both are, text otherwise."""
    ours, theirs = read_truth(read_table, truth), read_table(prediction)
    left = _by_id(ours, settings, "truth_column", str)
    right = _by_id(theirs, settings, "prediction_column", str)
    ids = same_ids(list(left), list(right))
    cells = [cell for side in (left, right) for row in side.values() for cell in row if cell]
    declared = settings.get("labels") or []
    if all(parse_number(cell) is not None for cell in cells) and not any(isinstance(label, str) for label in declared):
        return [
            Pair(*(_stack([[_number(cell) for cell in side[case]] for case in ids], float) for side in (left, right)))
        ]
    return [Pair(*(_stack([side[case] for case in ids], str) for side in (left, right)))]


def detection_pairs(truth: Path, prediction: Path, settings: Mapping[str, Any]) -> list[Pair]:
    """Tables of lesions (id, x, y, z, radius; an exam without lesions has empty cells) and candidates (…, confidence)."""
    ours, theirs = read_truth(read_table, truth), read_table(prediction)
    lesions, candidates = _points(ours, settings, "radius"), _points(theirs, settings, "confidence")
    cases = settings.get("cases") or sorted(set(ids_of(ours, settings)))
    return [Pair({"cases": cases, **lesions}, candidates)]


def _points(table: Table, settings: Mapping[str, Any], value: str) -> dict[str, Any]:
    absent = [name for name in ("x", "y", "z", value) if name not in table.columns]
    if absent:
        raise ComparisonError(f"{table.name} lacks the column {', '.join(absent)}.")
    cells = (
        np.array([[_number(cell) for cell in table.column(name)] for name in ("x", "y", "z", value)]).reshape(4, -1).T
    )
    ids = np.array(ids_of(table, settings))
    there = ~np.isnan(cells).all(axis=1)
    return {"case": ids[there], "position": cells[there, :3], value: cells[there, 3]}


def is_table(path: Path) -> bool:
    return path.suffix.lower() in files.TABLE_ENDINGS


def read_table(path: Path) -> Table:
    return files.read_table(path.read_bytes(), path.name)


def ids_of(table: Table, settings: Mapping[str, Any]) -> list[str]:
    name = settings.get("id_column", table.columns[0])
    if name not in table.columns:
        raise ComparisonError(f"{table.name} lacks the column {name}; it has {', '.join(table.columns)}.")
    return table.column(name)


def chosen_column(table: Table, settings: Mapping[str, Any], own: str, preferred: str = "") -> str:
    """The column that a setting names, the preferred one, or the first after the id."""
    identifier = settings.get("id_column", table.columns[0])
    name = settings.get(own) or settings.get("column")
    if name is None:
        others = [column for column in table.columns if column != identifier]
        name = preferred if preferred in others else next(iter(others), None)
    if name not in table.columns:
        raise ComparisonError(f"{table.name} lacks the column {name}; it has {', '.join(table.columns)}.")
    return str(name)


def _by_id(table: Table, settings: Mapping[str, Any], own: str, read: Callable[[str], Any]) -> dict[str, list[Any]]:
    """The chosen cells of each row, under its id."""
    column = settings.get(own) or settings.get("column")
    names = (
        [chosen_column(table, {**settings, own: name}, own) for name in column] if isinstance(column, list) else None
    )
    columns = [table.column(name) for name in names or [chosen_column(table, settings, own)]]
    ids = ids_of(table, settings)
    if len(set(ids)) < len(ids):
        raise ComparisonError(f"{table.name} names an id twice.")
    return {case: [read(cell) for cell in cells] for case, *cells in zip(ids, *columns, strict=True)}


def same_ids(left: list[str], right: list[str]) -> list[str]:
    apart = sorted(set(left) ^ set(right))
    if apart:
        raise ComparisonError(f"{len(apart)} ids stand on one side only: {', '.join(apart[:5])}.")
    return left


def _number(cell: str) -> float:
    """A number, or nan for an empty cell: the metric's own policy decides. Raises ComparisonError for any other text."""
    if not cell:
        return float("nan")
    value = parse_number(cell)
    if value is None:
        raise ComparisonError(f"{cell[:40]!r} is no number.")
    return value


def _stack(rows: list[list[Any]], kind: type) -> np.ndarray:
    array: np.ndarray = np.array(rows, dtype=kind)
    return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
