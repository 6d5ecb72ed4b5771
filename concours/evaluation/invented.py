"""A truth for any question: cases with allowed values, both classes among them, masks on grids of several shapes."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from concours.formats.manifest import Grid
from concours.formats.mask_files import mask_bytes, mask_ending, npy_bytes
from concours.questions.schema import ColumnSpec, FieldSpec, QuestionSpec

SPACING = {"spacing_row": 0.7, "spacing_col": 0.8, "spacing_slice": 2.0}
AFFINE = ((0.8, 0, 0, 0), (0, 0.7, 0, 0), (0, 0, 2.0, 0), (0, 0, 0, 1))


def invented_truth(spec: QuestionSpec, folder: Path, ids: Sequence[str], slices: bool | None = None) -> Path:
    """Writes `truth.csv` and a folder per mask, table or generated image; returns the folder."""
    fields = spec.data.fields
    scalar = [
        f for f in fields.values() if f.type not in ("mask", "table") and not f.measured_from and f.derive is None
    ]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "truth.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow([spec.submission.id_column, *(field.name for field in scalar), *SPACING])
        for number, case in enumerate(ids):
            table.writerow([case, *(value_of(field, number) for field in scalar), *SPACING.values()])
    for field in fields.values():
        for number, case in enumerate(ids):
            if field.type == "mask":
                ending, content = _mask(spec, field, number, slices)
                _write(folder / field.name / f"{case}{ending}", content)
            elif field.type == "table":
                _write(folder / field.name / f"{case}.csv", _rows(field, number))
    if spec.submission.generated is not None:
        rng = np.random.default_rng(1)
        for case in ids:
            image = rng.random((len(spec.submission.generated.images), 32, 32), np.float32)
            _write(folder / "images" / f"{case}.npy", npy_bytes(image))
    return folder


def value_of(field: FieldSpec | ColumnSpec, number: int) -> str:
    """An allowed value; values follow one another, so that each occurs."""
    if field.allowed:
        return str(field.allowed[number % len(field.allowed)])
    if field.type in ("number", "integer"):
        low = 0.0 if field.min is None else field.min
        high = low + 10 if field.max is None else field.max
        return f"{low + (high - low) * (number % 4) / 4:.0f}"
    return {"boolean": str(number % 2), "date": "2020-01-02", "time": "10:00"}.get(field.type, "words")


def _mask(spec: QuestionSpec, field: FieldSpec, number: int, slices: bool | None) -> tuple[str, bytes]:
    flat = spec.data.images[field.of].dimensions == (2,) if slices is None else slices
    shape = (20 + number, 16) if flat else (20 + number, 16, 6)
    labels = [value for value in field.values if value] or [1]
    mask = np.zeros(shape, np.uint8)
    for at, label in enumerate(labels):
        mask[2 + 3 * at : 5 + 3 * at, 3:9] = label
    form = "npy" if flat else "nifti"
    return mask_ending(form), mask_bytes(mask, Grid(shape, None if flat else AFFINE), form)


def _rows(field: FieldSpec, number: int) -> bytes:
    """One row in every second case."""
    head = ",".join(field.columns)
    row = ",".join(value_of(column, 3) for column in field.columns.values())
    return (f"{head}\n{row}\n" if number % 2 else f"{head}\n").encode()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
