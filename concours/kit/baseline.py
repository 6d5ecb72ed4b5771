# %% [markdown]
# Baseline: small enough to read in five minutes, made to be replaced.
#
# - columns of a table: ridge regression on the delivered values, on how bright the images are, and on the words of texts
# - masks: voxels as bright as those inside the training masks, where these masks lie
# - generated cases: averages of two training cases
#
# It needs `pip install concours` and the folders that `concours data CHALLENGE/QUESTION --unpack` writes.

# %%
"""Trains on a training batch and writes a submission that the site accepts."""

from __future__ import annotations

import argparse
import itertools
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from concours.evaluation.answer_files import Answers, answers_name, write_answers
from concours.evaluation.sample import example_manifest
from concours.evaluation.truth import LoadedTruth, load_truth
from concours.formats.manifest import Column, Grid, Manifest
from concours.kit.case_folder import CaseFolder, as_grid
from concours.known_names import known_names
from concours.questions.schema import QuestionSpec, load_spec

WORDS = 64  # hash buckets of the words of a text
PRIOR = 16  # cells along each axis of the map that says where masks lie
PERCENTILES = (5, 25, 50, 75, 95)


# %% What a case looks like, as numbers
def features(folder: CaseFolder, case: str) -> list[float]:
    spec, row = folder.spec, folder.rows[case]
    values: list[float] = []
    for name in spec.data.deliver.evaluation:
        field = spec.data.fields[name]
        if field.type == "text":
            values += words(folder.text(name, case))
        elif field.allowed:
            values += [float(row.get(name) == str(option)) for option in field.allowed]
        elif field.type in ("number", "integer", "boolean"):
            values.append(number(row.get(name, "")))
    for name in spec.data.images:
        image = folder.image(name, case)
        if image is None:
            values += [0.0] * (len(PERCENTILES) + 2)
        else:
            values += [*np.percentile(image, PERCENTILES), float(image.mean()), float(image.std())]
    return values


def words(text: str) -> list[float]:
    counts = [0.0] * WORDS
    for word in re.findall(r"\w+", text.lower()):
        counts[zlib.crc32(word.encode()) % WORDS] += 1
    return counts


def number(cell: object) -> float:
    try:
        return float(str(cell))
    except ValueError:
        return 0.0


# %% Columns of a table: one ridge regression each
def ridge(examples: np.ndarray, targets: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """The targets of the queries, from those of the examples."""
    mean, scale = examples.mean(axis=0), examples.std(axis=0) + 1e-9
    left, right = (examples - mean) / scale, (queries - mean) / scale
    weights = np.linalg.solve(
        left.T @ left + len(left) * np.eye(left.shape[1]), left.T @ (targets - targets.mean(axis=0))
    )
    answers: np.ndarray = right @ weights + targets.mean(axis=0)
    return answers


def field_of(spec: QuestionSpec, column: str) -> tuple[str, bool]:
    """The field of the truth that a column is compared with, and whether the column is the probability of the other class."""
    for metric in spec.metrics.values():
        if len(metric.fields) == len(metric.columns) and column in metric.columns:
            return metric.fields[metric.columns.index(column)], metric.opposite
    return column, False


def predicted(
    column: Column, truth: Mapping[str, Any], examples: Mapping[str, list[float]], queries: Mapping[str, list[float]]
) -> dict[str, str]:
    """A cell for each query."""
    cases = [case for case, value in truth.items() if value is not None and case in examples]
    if not cases:
        return dict.fromkeys(queries, column.values[0] if column.values else f"{column.min or 0:g}")
    rows, unseen = np.array([examples[case] for case in cases]), np.array(list(queries.values()))
    if column.values:
        spelt = [f"{value:g}" if isinstance(value, float) else str(value) for value in (truth[case] for case in cases)]
        chances = ridge(rows, np.array([[float(cell == value) for value in column.values] for cell in spelt]), unseen)
        return {case: column.values[best] for case, best in zip(queries, chances.argmax(axis=1), strict=True)}
    values = ridge(rows, np.array([number(truth[case]) for case in cases]), unseen)
    values = np.clip(values, column.min, column.max) if (column.min, column.max) != (None, None) else values
    digits = 0 if column.type == "integer" else 6
    return {case: f"{value:.{digits}f}" for case, value in zip(queries, values, strict=True)}


def table(
    spec: QuestionSpec, manifest: Manifest, training: CaseFolder, evaluation: CaseFolder, truth: LoadedTruth
) -> dict[str, dict[str, str]]:
    """The row of each case. Of findings it has one: where those of the training set lie on average."""
    columns = {
        name: column
        for name, column in manifest.columns.items()
        if column.type in ("number", "integer", "category", "text")
    }
    if not columns:
        return {}
    examples = {case: features(training, case) for case in truth.ids}
    queries = {case: features(evaluation, case) for case in manifest.ids}
    rows: dict[str, dict[str, str]] = {case: {} for case in manifest.ids}
    for name, column in columns.items():
        field, opposite = field_of(spec, name)
        places = [
            number(row.values[name])
            for rows_of_field in truth.rows.values()
            for row in rows_of_field
            if name in row.values
        ]
        if places and field not in truth.values:
            cells = dict.fromkeys(queries, f"{np.mean(places):.3f}")
        else:
            cells = predicted(column, truth.values.get(field, {}), examples, queries)
        for case, cell in cells.items():
            rows[case][name] = f"{1 - float(cell):.6f}" if opposite else cell
    return rows


# %% Masks: as bright as the training masks, and where they lie
class MaskModel:
    """For each label the range of its values, and a coarse map of where it lies."""

    def __init__(self, folder: CaseFolder, image: str, masks: Mapping[str, Mapping[int, Any]]) -> None:
        self.image, self.ranges, self.maps = image, {}, {}
        for label in sorted({label for labels in masks.values() for label in labels}):
            inside, maps = [], []
            for case, labels in masks.items():
                values = folder.image(image, case)
                if values is None or label not in labels or not labels[label].count:
                    continue
                mask = labels[label].array
                inside.append(as_grid(values, mask.shape)[mask])
                maps.append(resized(mask, (PRIOR,) * mask.ndim).astype(float))
            if inside:
                self.ranges[label] = np.percentile(np.concatenate(inside), [2, 98])
                self.maps[label] = np.mean(maps, axis=0)

    def mask(self, folder: CaseFolder, case: str, grid: Grid) -> np.ndarray:
        mask = np.zeros(grid.shape, np.uint8)
        values = folder.image(self.image, case)
        if values is None:
            return mask
        for label, (low, high) in self.ranges.items():
            array, place = as_grid(values, grid.shape), resized(self.maps[label], grid.shape)
            mask[(array >= low) & (array <= high) & (place >= place.max() / 2)] = label
        return mask


def resized(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The nearest voxels on another grid of the same extent."""
    axes = [(np.arange(new) * old // new) for new, old in zip(shape, array.shape, strict=True)]
    return array[np.ix_(*axes)]


# %% Generated cases: averages of two training cases
def generated(spec: QuestionSpec, manifest: Manifest, folder: CaseFolder) -> Iterator[tuple[str, np.ndarray]]:
    declared = spec.submission.generated
    if declared is None or manifest.cases is None:
        return
    pairs = itertools.cycle(itertools.combinations(folder.cases, 2))
    side = manifest.grid.shape[1:] if manifest.grid is not None else (64, 64)
    for count, (first, second) in zip(range(manifest.cases[1]), pairs, strict=False):
        planes = [(grey(folder, name, first, side) + grey(folder, name, second, side)) / 2 for name in declared.images]
        yield f"baseline-{count + 1:04d}", np.stack(planes).astype(np.uint8)


def grey(folder: CaseFolder, name: str, case: str, side: Sequence[int]) -> np.ndarray:
    """The middle plane of an image as 0 to 255."""
    image = folder.image(name, case)
    if image is None:
        return np.zeros(tuple(side))
    plane = resized(image[:, :, image.shape[2] // 2].T.astype(float), tuple(side))
    scaled: np.ndarray = 255 * (plane - plane.min()) / (np.ptp(plane) + 1e-9)
    return scaled


# %% From the folders to the file
def run(question: Path, training: Path, evaluation: Path | None, manifest_file: Path | None, out: Path | None) -> Path:
    """Writes the submission and returns its path."""
    spec = load_spec(question.read_text(encoding="utf-8"), known_names())
    examples = CaseFolder(training, spec)
    if spec.submission.generated is not None:
        manifest = example_manifest(spec)
        answers = Answers(images=generated(spec, manifest, examples))
    else:
        if evaluation is None or manifest_file is None:
            raise SystemExit("Name the folder of the evaluation batch and submission.json.")
        manifest = Manifest.from_json(json.loads(manifest_file.read_text(encoding="utf-8")))
        queries, truth = CaseFolder(evaluation, spec), load_truth(spec, training)
        rows = table(spec, manifest, examples, queries, truth)
        declared = spec.submission.masks or spec.submission.runs
        model = (
            MaskModel(examples, spec.data.fields[declared.field].of, truth.masks[declared.field]) if declared else None
        )
        answers = Answers(lambda case: [rows.get(case, {})])
        if model is not None:
            answers = Answers(answers.rows, lambda case, grid: model.mask(queries, case, grid))
    path = out or Path(answers_name(manifest, "baseline"))
    with path.open("wb") as target:
        write_answers(spec, manifest, answers, target)
    return path


# %% Run
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--question", type=Path, required=True)
    parser.add_argument("--training", type=Path, required=True)
    parser.add_argument("--evaluation", type=Path)
    parser.add_argument("--manifest", type=Path)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    print(run(arguments.question, arguments.training, arguments.evaluation, arguments.manifest, arguments.out))  # noqa: T201


if __name__ == "__main__":
    main()
