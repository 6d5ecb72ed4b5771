"""The truth of a question: a table, or a folder with `truth.csv` and one folder a field, read once and kept compact.

Everything here is the organiser's: a fault in it is never a team's, so all faults become one `TruthError`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from concours.evaluation.prediction import TableRow, Value
from concours.evaluation.truth_masks import masks_of
from concours.evaluation.truth_table import (
    TruthError,
    ids_of_table,
    organiser_fault,
    parts_of,
    slacks_of,
    spacings_of,
)
from concours.evaluation.truth_values import rows_of, tables_of, values_of
from concours.formats.fault import Fault, FormatError, gettext_noop
from concours.formats.files import case_of, read_table
from concours.formats.manifest import Grid
from concours.metrics import Reference
from concours.questions.schema import QuestionSpec


@dataclass(frozen=True)
class LoadedTruth:
    """What is true of every case. `masks` hold one `Reference` a label; `parts` is empty where the set has none."""

    ids: tuple[str, ...]
    values: Mapping[str, Mapping[str, Value]]
    masks: Mapping[str, Mapping[str, Mapping[int, Reference]]]
    rows: Mapping[str, tuple[TableRow, ...]]
    parts: Mapping[str, str]
    images: tuple[tuple[Path, ...], ...]  # of generated questions: the files of each real case, one or one an image
    sha256: str
    slack: Mapping[str, float] = field(default_factory=dict)  # voxels: precision of the grids whose headers are rounded
    notes: dict[str, object] = field(default_factory=dict)  # what was computed on it, by name, kept with it

    @cached_property
    def grids(self) -> dict[str, Grid]:
        """The grid of each case that has a mask."""
        grids: dict[str, Grid] = {}
        for cases in self.masks.values():
            for case, labels in cases.items():
                reference = next(iter(labels.values()))
                affine = None if reference.affine is None else tuple(map(tuple, reference.affine.tolist()))
                grids.setdefault(case, Grid(reference.shape, affine, reference.spacing, self.slack.get(case, 0.0)))
        return grids

    def ids_of(self, part: str | None) -> tuple[str, ...]:
        """The cases of one part, or all of them."""
        return self.ids if part is None else tuple(case for case in self.ids if self.parts.get(case) == part)


def load_truth(spec: QuestionSpec, path: Path) -> LoadedTruth:
    """Read TRUTH. Raises TruthError with everything wrong in it (`organiser_error`)."""
    faults: list[Fault] = []
    table_file = path / "truth.csv" if path.is_dir() else path
    if path.is_dir() and not table_file.is_file() and (path / "truth.xlsx").is_file():
        table_file = path / "truth.xlsx"
    try:
        content = table_file.read_bytes()
        table = read_table(content, table_file.name)
    except OSError as error:
        raise TruthError(
            organiser_fault(table_file.name, gettext_noop("%(name)s cannot be read."), name=path.name)
        ) from error
    except FormatError as error:
        raise TruthError(
            [organiser_fault(fault.where, fault.template, **dict(fault.values)) for fault in error.faults]
        ) from error
    ids = ids_of_table(spec, table, faults)
    files = _files(path, table_file) if path.is_dir() else {}
    spacing = spacings_of(table, ids, faults)
    masks = masks_of(spec, table, ids, files, spacing, faults)
    rows = {name: rows_of(spec, name, ids, files, faults) for name in tables_of(spec) if name in files}
    values = values_of(spec, table, ids, masks, rows, faults)
    truth = LoadedTruth(
        ids=tuple(ids),
        values=values,
        masks=masks,
        rows=rows,
        parts=parts_of(table, ids, faults),
        images=_images(spec, ids, files, faults),
        sha256=_digest(content, files),
        slack=slacks_of(table, ids),
    )
    if faults:
        raise TruthError(faults)
    return truth


def _files(path: Path, table_file: Path) -> dict[str, dict[str, Path]]:
    """Folder name -> id -> file."""
    files_by_field: dict[str, dict[str, Path]] = {}
    for folder in sorted(folder_below for folder_below in path.iterdir() if folder_below.is_dir()):
        for file in sorted(folder.iterdir()):
            if file.is_file():
                files_by_field.setdefault(folder.name, {})[case_of(file.name)] = file
    return files_by_field


def _digest(content: bytes, files: Mapping[str, Mapping[str, Path]]) -> str:
    """SHA-256 over the table and every file, by name: the truth's version."""
    digest = hashlib.sha256(content)
    for folder, cases in sorted(files.items()):
        for case, file in sorted(cases.items()):
            digest.update(f"\0{folder}/{case}\0".encode())
            with file.open("rb") as handle:
                digest.update(hashlib.file_digest(handle, "sha256").digest())
    return digest.hexdigest()


def _images(
    spec: QuestionSpec, ids: list[str], files: Mapping[str, Mapping[str, Path]], faults: list[Fault]
) -> tuple[tuple[Path, ...], ...]:
    """Of a generated question: `images/<id>.npy` with all planes of a case, or one folder an image."""
    generated = spec.submission.generated
    if generated is None:
        return ()
    folders = ["images"] if "images" in files else list(generated.images)
    for folder in folders:
        for case in ids:
            if case not in files.get(folder, {}):
                template = gettext_noop("The reference data have no file '%(name)s' for case '%(id)s'.")
                faults.append(organiser_fault(f"{folder}/{case}", template, name=folder, id=case))
    if faults:
        return ()
    return tuple(tuple(files[folder][case] for folder in folders) for case in ids)
