"""Any metrics on two files (masks, tables, embeddings, label maps), read as submissions are, without a question."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from concours import metrics
from concours.evaluation import embedding
from concours.formats import files, nifti, npy, png
from concours.formats.fault import FormatError
from concours.formats.manifest import Grid
from concours.formats.mask import Mask
from concours.formats.runs import ORDERS, parse_runs
from concours.formats.tables import Table
from concours.formats.values import parse_number
from concours.metrics import Metric, MetricValue

READING = {
    "rle": "order (row, column), base (0, 1) and shape of run lengths in a table",
    "spacing": "mm along each axis, where the file does not say",
    "labels": "labels of a mask, each scored and averaged; or all grades or labels of a table",
    "column": "column of both tables; the first after the id otherwise",
    "truth_column": "column of the truth",
    "prediction_column": "column of the prediction",
    "id_column": "column of the ids; the first otherwise",
    "permutations": "file (npy, npz, csv, json) or list of shuffles",
    "cases": "all exams of a detection task, with or without lesions",
}


class ComparisonError(ValueError):
    """A call that makes no sense: an unknown metric or parameter, files that do not fit together."""


class UnreadableTruthError(Exception):
    """The truth itself cannot be read."""


@dataclass(frozen=True)
class Pair:
    """One thing to score: both sides, as the metric takes them."""

    truth: Any
    prediction: Any


@dataclass(frozen=True)
class FileComparison:
    """The value of each metric, by its name."""

    values: Mapping[str, MetricValue]

    def to_json(self) -> dict[str, Any]:
        """`{"scores": {name: number | null}, "reasons": {…}, "intervals": {…}, "details": {…}}`: what `metric` prints."""
        return {
            "scores": {name: score.value for name, score in self.values.items()},
            "reasons": {name: score.reason for name, score in self.values.items() if score.reason},
            "intervals": {name: list(score.interval) for name, score in self.values.items() if score.interval},
            "details": {name: dict(score.details) for name, score in self.values.items()},
        }


def compare(names: Sequence[str], truth: Path, prediction: Path, params: Mapping[str, Any]) -> FileComparison:
    """The metrics on two files.

    Tables are joined by id, both sides holding the same ids; folders by file name, and scored as the mean over files.
    Raises ComparisonError, FormatError (the prediction cannot be read) and TruthError (the truth cannot).
    """
    try:
        chosen = {name: metrics.find(name) for name in names}
    except metrics.UnknownMetricError as error:
        raise ComparisonError(str(error)) from error
    accepted = {parameter.name for metric in chosen.values() for parameter in metric.parameters}
    accepted |= {"embedding", "embeddings_folder"} if any(m.shape == "embeddings" for m in chosen.values()) else set()
    strange = [name for name in params if name not in accepted and name not in READING]
    if strange:
        raise ComparisonError(
            f"Unknown parameters: {', '.join(strange)}. Known: {', '.join(sorted(accepted | set(READING)))}."
        )
    settings = dict(params)
    if isinstance(settings.get("permutations"), str):
        settings["permutations"] = _permutations(Path(settings["permutations"]))
    pairs: dict[str, list[Pair]] = {}
    values: dict[str, MetricValue] = {}
    for name, metric in chosen.items():
        if metric.shape not in pairs:
            pairs[metric.shape] = _pairs(metric.shape, truth, prediction, settings)
        try:
            values[name] = _score(metric, pairs[metric.shape], settings)
        except (ValueError, TypeError) as error:
            raise ComparisonError(f"{name}: {error}") from error
    return FileComparison(values)


def _score(metric: Metric, pairs: list[Pair], settings: Mapping[str, Any]) -> MetricValue:
    own = {parameter.name: settings[parameter.name] for parameter in metric.parameters if parameter.name in settings}
    scores = [metric(pair.truth, pair.prediction, **own) for pair in pairs]
    return scores[0] if len(scores) == 1 else metrics.mean(scores)


def _pairs(shape: str, truth: Path, prediction: Path, settings: Mapping[str, Any]) -> list[Pair]:
    if not (truth.is_dir() or prediction.is_dir()):
        return READERS[shape](truth, prediction, settings)
    if shape not in ("mask", "instances") or not (truth.is_dir() and prediction.is_dir()):
        raise ComparisonError("Folders are compared with folders, and hold masks or label maps.")
    left, right = _by_case(truth), _by_case(prediction)
    if left.keys() != right.keys() or not left:
        apart = sorted(left.keys() ^ right.keys())
        raise ComparisonError(f"The folders hold different cases: {', '.join(apart[:5]) or 'none at all'}.")
    return [pair for case in sorted(left) for pair in READERS[shape](left[case], right[case], settings)]


def _by_case(folder: Path) -> dict[str, Path]:
    files_by_case: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.startswith("."):
            if (case := files.case_of(path.name)) in files_by_case:
                raise ComparisonError(
                    f"{folder.name} holds two files of one case: {files_by_case[case].name}, {path.name}."
                )
            files_by_case[case] = path
    return files_by_case


def _truth(read: Callable[..., Any], *arguments: Any) -> Any:
    """Read a truth: what is wrong with it is the organiser's fault, not the team's."""
    try:
        return read(*arguments)
    except (FormatError, OSError) as error:
        raise UnreadableTruthError(str(error)) from error


def _masks(truth: Path, prediction: Path, settings: Mapping[str, Any]) -> list[Pair]:
    """One pair a label, or one a row where both are run lengths in tables."""
    if _is_table(truth):
        runs = _truth(_run_masks, truth, settings, None)
        theirs = _run_masks(prediction, settings, next(iter(runs.values()), None)) if _is_table(prediction) else None
        if theirs is None:
            if len(runs) != 1:
                raise ComparisonError("One mask cannot be compared with a table of several.")
            only = next(iter(runs.values()))
            theirs = dict.fromkeys(runs, _read_masks(prediction, settings, _grid_of(only))[1])
        return [Pair(runs[case], theirs[case]) for case in _same_ids(list(runs), list(theirs))]
    references = _truth(_read_masks, truth, settings, None)
    first = next(iter(references.values()))
    if _is_table(prediction):
        rows = _run_masks(prediction, settings, first)
        if len(rows) != 1 or len(references) != 1:
            raise ComparisonError("One mask cannot be compared with a table of several.")
        return [Pair(first, next(iter(rows.values())))]
    predictions = _read_masks(prediction, settings, _grid_of(first))
    return [Pair(references[label], predictions[label]) for label in references]


def _read_masks(path: Path, settings: Mapping[str, Any], grid: Grid | None) -> dict[int, Mask]:
    labels = settings.get("labels")
    values = None if labels is None else (0, *(int(label) for label in labels if int(label)))
    masks = files.read_mask(path.read_bytes(), grid, values, path.name)
    return {label: _spaced(mask, settings) for label, mask in masks.items()}


def _spaced(mask: Mask, settings: Mapping[str, Any]) -> Mask:
    return mask if "spacing" not in settings else replace(mask, spacing=tuple(map(float, settings["spacing"])))


def _grid_of(mask: Mask) -> Grid:
    affine = None if mask.affine is None else tuple(map(tuple, np.asarray(mask.affine).tolist()))
    return Grid(mask.shape, affine, mask.spacing)


def _run_masks(path: Path, settings: Mapping[str, Any], like: Mask | None) -> dict[str, Mask]:
    """The masks of a table of run lengths, by id: the column `rle`, or the one named."""
    rle = dict(settings.get("rle") or {})
    shape = rle.get("shape") or (like.shape if like is not None else None)
    if shape is None or rle.get("order") not in ORDERS or rle.get("base") not in (0, 1):
        raise ComparisonError('Run lengths need {"rle": {"order": "row" | "column", "base": 0 | 1, "shape": […]}}.')
    table = _table(path)
    ids = _ids(table, settings)
    cells = table.column(_chosen(table, settings, "prediction_column", preferred="rle"))
    dims = tuple(int(side) for side in shape)
    masks = {}
    for case, cell in zip(ids, cells, strict=True):
        runs = parse_runs(cell, int(np.prod(dims)), rle["base"], f"{path.name}, {case}")
        affine = like.affine if like is not None else None
        spacing = like.spacing if like is not None else ()
        masks[case] = _spaced(Mask(dims, ORDERS[rle["order"]], runs=runs, spacing=spacing, affine=affine), settings)  # type: ignore[arg-type]
    return masks


def _instances(truth: Path, prediction: Path, settings: Mapping[str, Any]) -> list[Pair]:
    return [Pair(_truth(_array, truth), _array(prediction))]


def _embeddings(truth: Path, prediction: Path, settings: Mapping[str, Any]) -> list[Pair]:
    """Embeddings (n, d), or cases (n, 3, rows, columns), which are embedded with the default or the named network."""
    return [Pair(_embedded(_truth(_array, truth), settings), _embedded(_array(prediction), settings))]


def _embedded(array: np.ndarray, settings: Mapping[str, Any]) -> np.ndarray:
    if array.ndim != 4:
        return array
    folder = settings.get("embeddings_folder")
    try:
        network = embedding.find(settings.get("embedding", embedding.DEFAULT.name), Path(folder) if folder else None)
        return embedding.embed(array, network).values
    except (LookupError, embedding.UnusableImageError) as error:
        raise ComparisonError(str(error)) from error


def _array(path: Path) -> np.ndarray:
    content = path.read_bytes()
    kind = files.kind_of(content)
    if kind == "nifti":
        return nifti.read_volume(content, path.name).array
    if kind == "png":
        return png.read_array(content, path.name)
    return npy.read_array(content, path.name)


def _values(truth: Path, prediction: Path, settings: Mapping[str, Any]) -> list[Pair]:
    """Numbers of two tables joined by id; several columns only where `column` names several (tasks)."""
    ours, theirs = _truth(_table, truth), _table(prediction)
    left = _by_id(ours, settings, "truth_column", _number)
    right = _by_id(theirs, settings, "prediction_column", _number)
    ids = _same_ids(list(left), list(right))
    return [Pair(_stack([left[case] for case in ids], float), _stack([right[case] for case in ids], float))]


def _labels(truth: Path, prediction: Path, settings: Mapping[str, Any]) -> list[Pair]:
    """Labels of two tables joined by id: numbers where all cells of both are, text otherwise."""
    ours, theirs = _truth(_table, truth), _table(prediction)
    left = _by_id(ours, settings, "truth_column", str)
    right = _by_id(theirs, settings, "prediction_column", str)
    ids = _same_ids(list(left), list(right))
    cells = [cell for side in (left, right) for row in side.values() for cell in row if cell]
    declared = settings.get("labels") or []
    if all(parse_number(cell) is not None for cell in cells) and not any(isinstance(label, str) for label in declared):
        return [
            Pair(*(_stack([[_number(cell) for cell in side[case]] for case in ids], float) for side in (left, right)))
        ]
    return [Pair(*(_stack([side[case] for case in ids], str) for side in (left, right)))]


def _detections(truth: Path, prediction: Path, settings: Mapping[str, Any]) -> list[Pair]:
    """Tables of lesions (id, x, y, z, radius; an exam without lesions has empty cells) and candidates (…, confidence)."""
    ours, theirs = _truth(_table, truth), _table(prediction)
    lesions, candidates = _points(ours, settings, "radius"), _points(theirs, settings, "confidence")
    cases = settings.get("cases") or sorted(set(_ids(ours, settings)))
    return [Pair({"cases": cases, **lesions}, candidates)]


def _points(table: Table, settings: Mapping[str, Any], value: str) -> dict[str, Any]:
    absent = [name for name in ("x", "y", "z", value) if name not in table.columns]
    if absent:
        raise ComparisonError(f"{table.name} lacks the column {', '.join(absent)}.")
    cells = (
        np.array([[_number(cell) for cell in table.column(name)] for name in ("x", "y", "z", value)]).reshape(4, -1).T
    )
    ids = np.array(_ids(table, settings))
    there = ~np.isnan(cells).all(axis=1)
    return {"case": ids[there], "position": cells[there, :3], value: cells[there, 3]}


def _resources(truth: Path, prediction: Path, settings: Mapping[str, Any]) -> list[Pair]:
    return [Pair(_truth(_document, truth), _document(prediction))]


def _document(path: Path) -> Any:
    try:
        document = json.loads(path.read_text())
    except ValueError as error:
        raise ComparisonError(f"{path.name} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise ComparisonError(f"{path.name} holds a JSON object with parameters and seconds.")
    return document


READERS: dict[str, Callable[[Path, Path, Mapping[str, Any]], list[Pair]]] = {
    "mask": _masks,
    "instances": _instances,
    "embeddings": _embeddings,
    "values": _values,
    "probabilities": _values,
    "grades": _labels,
    "labels": _labels,
    "detections": _detections,
    "resources": _resources,
}


def _is_table(path: Path) -> bool:
    return path.suffix.lower() in files.TABLE_ENDINGS


def _table(path: Path) -> Table:
    return files.read_table(path.read_bytes(), path.name)


def _ids(table: Table, settings: Mapping[str, Any]) -> list[str]:
    name = settings.get("id_column", table.columns[0])
    if name not in table.columns:
        raise ComparisonError(f"{table.name} lacks the column {name}; it has {', '.join(table.columns)}.")
    return table.column(name)


def _chosen(table: Table, settings: Mapping[str, Any], own: str, preferred: str = "") -> str:
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
    names = [_chosen(table, {**settings, own: name}, own) for name in column] if isinstance(column, list) else None
    columns = [table.column(name) for name in names or [_chosen(table, settings, own)]]
    ids = _ids(table, settings)
    if len(set(ids)) < len(ids):
        raise ComparisonError(f"{table.name} names an id twice.")
    return {case: [read(cell) for cell in cells] for case, *cells in zip(ids, *columns, strict=True)}


def _same_ids(left: list[str], right: list[str]) -> list[str]:
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


def _permutations(path: Path) -> Any:
    """Shuffles from a file: npy, npz with `real` and `generated`, JSON, or rows of a CSV without header."""
    try:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as parts:
                return {name: parts[name] for name in ("real", "generated")}
        if path.suffix == ".json":
            document = json.loads(path.read_text())
            return {name: np.array(rows) for name, rows in document.items()} if isinstance(document, dict) else document
        if path.suffix == ".npy":
            return npy.read_array(path.read_bytes(), path.name)
        return np.loadtxt(path, dtype=np.int64, delimiter=",", ndmin=2)
    except (OSError, ValueError, KeyError) as error:
        raise ComparisonError(f"{path.name} does not hold permutations: {error}") from error
