"""A sample submission made from the public manifest: the file that a team sends, accepted as it is; its values mean nothing."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from concours.evaluation import kinds
from concours.evaluation.answer_files import Answers, answers_name, write_answers
from concours.formats.manifest import Column, Grid, Manifest
from concours.formats.mask_files import MaskArray
from concours.questions.schema import ColumnSpec, QuestionSpec

EXAMPLE_IDS = ("case-0000000001", "case-0000000002", "case-0000000003")
EXAMPLE_SLICE, EXAMPLE_VOLUME = (64, 64), (64, 64, 16)  # voxels, before the images of a batch are known
GENERATED_SIDE = 64  # pixels, where the question fixes no shape
MOST_VOXELS = 500_000_000  # of all masks together; beyond it a page does not make the sample, `concours sample` does


class SampleTooLargeError(ValueError):
    """The masks of the sample have more voxels together than a page writes."""


def example_manifest(spec: QuestionSpec) -> Manifest:
    """What a submission to the question looks like before its cases are known: invented ids and grids."""
    declared = spec.submission.masks or spec.submission.runs
    image = spec.data.images.get(spec.data.fields[declared.field].of) if declared is not None else None
    flat = image is not None and image.dimensions == (2,)
    grid = Grid(EXAMPLE_SLICE) if flat else Grid(EXAMPLE_VOLUME, tuple(map(tuple, np.eye(4).tolist())))
    grids = dict.fromkeys(EXAMPLE_IDS, grid) if declared is not None else {}
    return kinds.find(spec.kind).manifest(spec, EXAMPLE_IDS, grids)


def sample_submission(spec: QuestionSpec, manifest: Manifest | None = None) -> tuple[str, bytes]:
    """File name and bytes of a file that is accepted under this manifest, by default that of invented cases.

    Raises SampleTooLargeError beyond `MOST_VOXELS`.
    """
    manifest = manifest or example_manifest(spec)
    if manifest.array == "mask" and sum(grid.size for grid in _grids(manifest)) > MOST_VOXELS:
        raise SampleTooLargeError(spec.slug)
    target = io.BytesIO()
    write_answers(spec, manifest, sample_answers(spec, manifest), target)
    return answers_name(manifest, f"{spec.slug}-sample"), target.getvalue()


def sample_answers(spec: QuestionSpec, manifest: Manifest) -> Answers:
    """The same allowed value in every row, a block in the middle of every mask, and ramps as generated images."""
    declared = spec.submission.table.columns if spec.submission.table is not None else {}
    row = {name: _example(column, declared.get(name)) for name, column in manifest.columns.items()}
    return Answers(lambda _case: [row], lambda _case, grid: _block(manifest, grid), _images(spec, manifest))


def _grids(manifest: Manifest) -> list[Grid]:
    return [grid for case in manifest.ids if (grid := manifest.grid_of(case)) is not None]


def _example(column: Column, declared: ColumnSpec | None) -> str:
    """A value that is allowed."""
    if column.values:
        return column.values[0]
    if column.type in ("number", "integer"):
        return _middle(column)
    if column.type == "ignored":
        return ""
    kind = declared.type if declared is not None else ""
    return {"date": "2026-01-31", "time": "12:00"}.get(kind, "text")


def _middle(column: Column) -> str:
    low, high = column.min, column.max
    middle = (low + high) / 2 if low is not None and high is not None else low if low is not None else high or 0.0
    return (
        str(math.ceil(middle) if low is not None else math.floor(middle)) if column.type == "integer" else f"{middle:g}"
    )


def _block(manifest: Manifest, grid: Grid) -> MaskArray:
    """A block in the middle of the grid, with the first label of the question."""
    mask = np.zeros(grid.shape, np.uint8)
    label = next((value for value in manifest.mask_values or () if value), 1)
    mask[tuple(slice(side // 2, side // 2 + max(1, side // 8)) for side in grid.shape)] = label
    return mask


def _images(spec: QuestionSpec, manifest: Manifest) -> Iterator[tuple[str, NDArray[Any]]]:
    """As many generated cases as are accepted, no two alike."""
    generated = spec.submission.generated
    if generated is None or manifest.cases is None:
        return
    shape = (
        manifest.grid.shape if manifest.grid is not None else (len(generated.images), GENERATED_SIDE, GENERATED_SIDE)
    )
    places = np.indices(shape)
    for number in range(manifest.cases[1]):
        slope = places[1] * (1 + number % 7) + places[2] * (1 + number // 7 % 11) + 40 * places[0] + number
        yield f"generated-{number + 1:04d}", (slope % 256).astype(np.uint8)
