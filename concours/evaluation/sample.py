"""A sample submission made from the question file: what to send, in the right names and formats; its values mean nothing."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence

import numpy as np

from concours.formats.stored import ZIP_MOMENT
from concours.questions.schema import ColumnSpec, QuestionSpec, RunsSpec, TableSpec

EXAMPLE_IDS = ("case-0000000001", "case-0000000002", "case-0000000003")
GENERATED_SIDE = 64  # pixels, where the question fixes no shape
MASK_SHAPE = (4, 4)


def sample_submission(spec: QuestionSpec, ids: Sequence[str] = EXAMPLE_IDS) -> tuple[str, bytes]:
    """File name and bytes. `ids` are the cases' public ids where they are out, else examples.

    Masks are 4 x 4: a real mask has its image's own grid. Of generated cases there are as many as ids, not as many as asked.
    """
    submission = spec.submission
    members: list[tuple[str, bytes]] = []
    if submission.table is not None:
        members.append((submission.table.name, _table(submission.id_column, submission.table, ids)))
    if submission.runs is not None:
        members.append((submission.runs.name, _runs(submission.id_column, submission.runs, ids)))
    if submission.masks is not None:
        members += [(_npy_name(submission.masks.files, case), _npy(np.eye(4, dtype=np.uint8))) for case in ids]
    if submission.generated is not None:
        side = submission.generated.shape or (GENERATED_SIDE, GENERATED_SIDE)
        images = np.zeros((len(submission.generated.images), *side), dtype=np.float32)
        members += [(_npy_name(submission.generated.files, case), _npy(images)) for case in ids]
    if len(members) == 1 and members[0][0].endswith(".csv"):
        return members[0]
    return f"{spec.slug}-sample.zip", _zip(members)


def _npy_name(pattern: str, case: str) -> str:
    """Where the question names no ending, or another one, the sample is NPY: every kind that takes masks reads it."""
    stem = pattern.replace("{id}", case)
    for ending in (".nii.gz", ".nii", ".npy", ".png", ".dcm"):
        stem = stem.removesuffix(ending)
    return f"{stem}.npy"


def _table(id_column: str, table: TableSpec, ids: Sequence[str]) -> bytes:
    head = [id_column, *table.columns]
    rows = [[case, *(_example(column) for column in table.columns.values())] for case in ids]
    return _csv([head, *rows])


def _example(column: ColumnSpec) -> str:
    """A value that is allowed."""
    if column.allowed:
        return column.allowed[0]
    if column.type in ("number", "integer"):
        low, high = column.min, column.max
        middle = (low + high) / 2 if low is not None and high is not None else low if low is not None else high or 0.0
        return str(int(middle)) if column.type == "integer" else f"{middle:g}"
    return {"boolean": "0", "date": "2026-01-31", "time": "12:00"}.get(column.type, "text")


def _runs(id_column: str, runs: RunsSpec, ids: Sequence[str]) -> bytes:
    head = [id_column, runs.column, *([runs.shape_column] if runs.shape_column else []), *runs.ignore]
    shape = [" ".join(str(side) for side in MASK_SHAPE)] if runs.shape_column else []
    return _csv([head, *([case, f"{runs.base} 2", *shape, *("" for _ in runs.ignore)] for case in ids)])


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def _zip(members: Sequence[tuple[str, bytes]]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name, ZIP_MOMENT), content)
    return file.getvalue()
