"""Answers as the file that a team sends: its names, columns and formats follow from the question and its public manifest."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from concours.formats.manifest import Column, Grid, Manifest
from concours.formats.mask_files import MaskArray, mask_bytes, mask_ending, mask_format, npy_bytes
from concours.formats.runs import format_runs, runs_of_bits
from concours.formats.stored import ZIP_MOMENT
from concours.questions.schema import QuestionSpec


def no_rows(case: str) -> Sequence[Mapping[str, str]]:
    """Of a question without a table."""
    return [{}]


def no_mask(case: str, grid: Grid) -> MaskArray:
    """An empty mask on the grid of the case."""
    return np.zeros(grid.shape, np.uint8)


@dataclass(frozen=True)
class Answers:
    """`rows` gives the cells of a case by column, `mask` its mask on its grid; `images` are generated cases with their ids."""

    rows: Callable[[str], Sequence[Mapping[str, str]]] = no_rows
    mask: Callable[[str, Grid], MaskArray] = no_mask
    images: Iterable[tuple[str, NDArray[Any]]] = ()


def answers_name(manifest: Manifest, stem: str) -> str:
    """The name of the file: that of the table where it is all that is sent, else a zip."""
    return table_name(manifest) if manifest.files is None else f"{stem}.zip"


def table_name(manifest: Manifest) -> str:
    """The table's name in the question, written as CSV wherever CSV is accepted."""
    name = manifest.table or "answers.csv"
    return name if "csv" not in manifest.table_formats else f"{PurePosixPath(name).stem}.csv"


def write_answers(spec: QuestionSpec, manifest: Manifest, answers: Answers, target: BinaryIO) -> None:
    """Writes the table, or a zip with the table, one mask per case and the generated cases.

    Two calls with the same answers write the same bytes.
    """
    if manifest.files is None:
        target.write(_table(manifest, answers))
        return
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        if manifest.columns:
            _add(archive, table_name(manifest), _table(manifest, answers))
        if manifest.array == "image":
            for name, image in answers.images:
                _add(archive, _named(manifest, name, ".npy"), npy_bytes(image))
            return
        form = mask_format(manifest.formats)
        for case in manifest.ids:
            grid = grid_of(manifest, case)
            content = mask_bytes(answers.mask(case, grid), grid, form)
            _add(archive, _named(manifest, case, mask_ending(form)), content)


def grid_of(manifest: Manifest, case: str) -> Grid:
    """The grid of a case. Raises ValueError where the manifest states none."""
    grid = manifest.grid_of(case)
    if grid is None:
        raise ValueError(f"the manifest states no grid for {case}")
    return grid


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name, ZIP_MOMENT)
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, content, compresslevel=1)


def _named(manifest: Manifest, case: str, ending: str) -> str:
    """The question's own pattern where it names this ending, else the ending of the format that is written."""
    name = (manifest.files or "{id}").replace("{id}", case)
    endings = (".nii.gz", ".nii", ".npy", ".png", ".dcm", ".dicom", ".nrrd")
    own = next((suffix for suffix in endings if name.lower().endswith(suffix)), "")
    return name[: len(name) - len(own)] + ending


def _table(manifest: Manifest, answers: Answers) -> bytes:
    rows = [
        [case, *(_cell(manifest, column, case, row, answers) for column in manifest.columns.values())]
        for case in manifest.ids
        for row in answers.rows(case)
    ]
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([[manifest.id_column, *manifest.columns], *rows])
    return text.getvalue().encode()


def _cell(manifest: Manifest, column: Column, case: str, row: Mapping[str, str], answers: Answers) -> str:
    if column.type == "rle":
        mask = answers.mask(case, grid_of(manifest, case))
        return run_lengths(mask, column)
    if column.type == "shape":
        return " ".join(map(str, grid_of(manifest, case).shape))
    return row.get(column.name, "")


def run_lengths(mask: MaskArray, column: Column) -> str:
    """A mask as the run lengths of a column: in its order, counted from its base."""
    flat = (mask != 0).ravel(order="C" if column.order == "row" else "F")
    bits = np.packbits(flat, bitorder="little")
    return format_runs(runs_of_bits(bits, flat.size), column.base)
