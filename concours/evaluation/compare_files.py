"""Any metrics on two files (masks, tables, embeddings, label maps), read as submissions are, without a question."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from concours import metrics
from concours.evaluation.file_images import embedding_pairs, instance_pairs, mask_pairs
from concours.evaluation.file_pair import ComparisonError, Pair, read_truth
from concours.evaluation.file_tables import detection_pairs, label_pairs, value_pairs
from concours.formats import files, npy
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


def resource_pairs(truth: Path, prediction: Path, settings: Mapping[str, Any]) -> list[Pair]:
    return [Pair(read_truth(_document, truth), _document(prediction))]


def _document(path: Path) -> Any:
    try:
        document = json.loads(path.read_text())
    except ValueError as error:
        raise ComparisonError(f"{path.name} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise ComparisonError(f"{path.name} holds a JSON object with parameters and seconds.")
    return document


READERS: dict[str, Callable[[Path, Path, Mapping[str, Any]], list[Pair]]] = {
    "mask": mask_pairs,
    "instances": instance_pairs,
    "embeddings": embedding_pairs,
    "values": value_pairs,
    "probabilities": value_pairs,
    "grades": label_pairs,
    "labels": label_pairs,
    "detections": detection_pairs,
    "resources": resource_pairs,
}


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
