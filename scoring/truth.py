"""The truth of a question: a table, or a folder with `truth.csv` and one folder a field, read once and kept compact.

Everything here is the organiser's: a fault in it is never a team's, so all faults become one `TruthError`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import metrics
from challenges.derive import any_row
from challenges.spec import DeriveSpec, FieldSpec, QuestionSpec
from formats.fault import Fault, FormatError, gettext_noop
from formats.files import case_of, read_mask, read_table
from formats.manifest import Grid
from formats.mask import Mask
from formats.runs import ORDERS, parse_runs
from formats.tables import Table, parse_number
from metrics import Reference
from scoring.manifest import declared_labels
from scoring.prediction import Row, Value

PARTS = ("public", "private")
SPACINGS = ("spacing_row", "spacing_col", "spacing_slice")
YES, NO = ("1", "true", "yes"), ("0", "false", "no")


class TruthError(FormatError):
    """The truth itself is at fault: the organiser has to act, no team can."""


@dataclass(frozen=True)
class Truth:
    """What is true of every case. `masks` hold one `Reference` a label; `parts` is empty where the set has none."""

    ids: tuple[str, ...]
    values: Mapping[str, Mapping[str, Value]]
    masks: Mapping[str, Mapping[str, Mapping[int, Reference]]]
    rows: Mapping[str, tuple[Row, ...]]
    parts: Mapping[str, str]
    images: tuple[tuple[Path, ...], ...]  # of generated questions: the files of each real case, one or one an image
    sha256: str
    notes: dict[str, object] = field(default_factory=dict)  # what was computed on it, by name, kept with it

    @cached_property
    def grids(self) -> dict[str, Grid]:
        """The grid of each case that has a mask."""
        found: dict[str, Grid] = {}
        for cases in self.masks.values():
            for case, labels in cases.items():
                reference = next(iter(labels.values()))
                affine = None if reference.affine is None else tuple(map(tuple, reference.affine.tolist()))
                found.setdefault(case, Grid(reference.shape, affine, reference.spacing))
        return found

    def ids_of(self, part: str | None) -> tuple[str, ...]:
        """The cases of one part, or all of them."""
        return self.ids if part is None else tuple(case for case in self.ids if self.parts.get(case) == part)


def load_truth(spec: QuestionSpec, path: Path) -> Truth:
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
            [organiser_fault(one.where, one.template, **dict(one.values)) for one in error.faults]
        ) from error
    ids = _ids(spec, table, faults)
    files = _files(path, table_file) if path.is_dir() else {}
    spacing = _spacings(table, ids, faults)
    masks = _masks(spec, table, ids, files, spacing, faults)
    rows = {name: _rows(spec, name, ids, files, faults) for name in _tables_of(spec) if name in files}
    values = _values(spec, table, ids, masks, rows, faults)
    truth = Truth(
        ids=tuple(ids),
        values=values,
        masks=masks,
        rows=rows,
        parts=_parts(table, ids, faults),
        images=_images(spec, ids, files, faults),
        sha256=_digest(content, files),
    )
    if faults:
        raise TruthError(faults)
    return truth


def organiser_fault(where: str, template: str, **values: object) -> Fault:
    """A fault of the truth or the question."""
    return Fault("organiser_error", where, template, values)


def _ids(spec: QuestionSpec, table: Table, faults: list[Fault]) -> list[str]:
    """Ids stay text. The column is the question's own, or `id`."""
    column = next((name for name in (spec.submission.id_column, "id", "case_id") if name in table.columns), None)
    if column is None:
        template = gettext_noop("The truth has no column '%(name)s' or 'id'.")
        raise TruthError(organiser_fault(table.name, template, name=spec.submission.id_column))
    ids = table.column(column)
    if len(set(ids)) < len(ids) or not all(ids):
        faults.append(organiser_fault(table.name, gettext_noop("The truth names a case twice, or a row has no id.")))
    return ids


def _cells(table: Table, column: str, ids: Iterable[str]) -> dict[str, str]:
    return dict(zip(ids, table.column(column), strict=True)) if column in table.columns else {}


def _parts(table: Table, ids: list[str], faults: list[Fault]) -> dict[str, str]:
    parts = _cells(table, "part", ids)
    if any(part not in PARTS for part in parts.values()):
        faults.append(organiser_fault("part", gettext_noop("The part of a case is public or private.")))
    return parts


def _spacings(table: Table, ids: list[str], faults: list[Fault]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {case: {} for case in ids}
    for column in SPACINGS:
        for case, cell in _cells(table, column, ids).items():
            step = parse_number(cell)
            if cell and (step is None or step <= 0):
                template = gettext_noop("%(column)s of case '%(id)s' is no distance in mm.")
                faults.append(organiser_fault(case, template, column=column, id=case))
            elif step is not None:
                found[case][column] = step
    return found


def _files(path: Path, table_file: Path) -> dict[str, dict[str, Path]]:
    """Folder name -> id -> file."""
    found: dict[str, dict[str, Path]] = {}
    for folder in sorted(one for one in path.iterdir() if one.is_dir()):
        for file in sorted(folder.iterdir()):
            if file.is_file():
                found.setdefault(folder.name, {})[case_of(file.name)] = file
    return found


def _digest(content: bytes, files: Mapping[str, Mapping[str, Path]]) -> str:
    """SHA-256 over the table and every file, by name: the truth's version."""
    digest = hashlib.sha256(content)
    for folder, cases in sorted(files.items()):
        for case, file in sorted(cases.items()):
            digest.update(f"\0{folder}/{case}\0".encode())
            with file.open("rb") as handle:
                digest.update(hashlib.file_digest(handle, "sha256").digest())
    return digest.hexdigest()


def _tables_of(spec: QuestionSpec) -> list[str]:
    return [name for name, one in spec.data.fields.items() if one.type == "table"]


# -- masks ----------------------------------------------------------------------------------------------------------


def _masks(
    spec: QuestionSpec,
    table: Table,
    ids: list[str],
    files: Mapping[str, Mapping[str, Path]],
    spacing: Mapping[str, Mapping[str, float]],
    faults: list[Fault],
) -> dict[str, dict[str, dict[int, Reference]]]:
    found: dict[str, dict[str, dict[int, Reference]]] = {}
    for name in _scored_masks(spec):
        values = declared_labels(spec.data.fields[name])
        if name in files:
            found[name] = _mask_files(name, ids, files[name], spacing, values, faults)
        elif texts := _run_texts(spec, name, table, ids):
            found[name] = _mask_runs(spec, name, texts, table, ids, spacing, faults)
        else:
            faults.append(organiser_fault(name, gettext_noop("The truth has no masks '%(name)s'."), name=name))
    return found


def _scored_masks(spec: QuestionSpec) -> list[str]:
    """Masks that a metric compares, or on which a scored field is measured."""
    fields = {name for metric in spec.metrics.values() for name in metric.fields if name in spec.data.fields}
    fields |= {part.field for part in (spec.submission.masks, spec.submission.runs) if part is not None}
    return [name for name in spec.data.fields if name in fields and spec.data.fields[name].type == "mask"]


def _mask_files(
    name: str,
    ids: list[str],
    files: Mapping[str, Path],
    spacing: Mapping[str, Mapping[str, float]],
    values: tuple[int, ...] | None,
    faults: list[Fault],
) -> dict[str, dict[int, Reference]]:
    missing = [case for case in ids if case not in files]
    for case in missing:
        template = gettext_noop("The truth has no file '%(name)s' of case '%(id)s'.")
        faults.append(organiser_fault(f"{name}/{case}", template, name=name, id=case))

    def load(case: str) -> dict[int, Reference] | FormatError:
        try:
            masks = read_mask(files[case].read_bytes(), None, values, files[case].name)
        except FormatError as error:
            return error
        return {label: _placed(mask, spacing[case]) for label, mask in masks.items()}

    present = [case for case in ids if case in files]
    found: dict[str, dict[int, Reference]] = {}
    # Inflating releases the interpreter's lock: two files at a time.
    with ThreadPoolExecutor(2) as pool:
        for case, loaded in zip(present, pool.map(load, present), strict=True):
            if isinstance(loaded, FormatError):
                faults += [organiser_fault(one.where, one.template, **dict(one.values)) for one in loaded.faults]
            else:
                found[case] = loaded
    return found


def _placed(mask: Mask, spacing: Mapping[str, float]) -> Reference:
    """A mask with the spacing of the truth's table, where the table gives one: (row, col), or (i, j, k) = (col, row, slice)."""
    row, column, deep = (spacing.get(name) for name in SPACINGS)
    if row is None or column is None:
        return Reference.of(mask)
    steps = (row, column) if len(mask.shape) == 2 else (column, row, deep if deep is not None else mask.spacing[2])
    return Reference.of(Mask(mask.shape, mask.order, mask.runs, mask.bits, steps, mask.affine))


def _run_texts(spec: QuestionSpec, name: str, table: Table, ids: list[str]) -> dict[str, str]:
    runs = spec.submission.runs
    return {} if runs is None or runs.field != name else _cells(table, name, ids) or _cells(table, runs.column, ids)


def _mask_runs(
    spec: QuestionSpec,
    name: str,
    texts: Mapping[str, str],
    table: Table,
    ids: list[str],
    spacing: Mapping[str, Mapping[str, float]],
    faults: list[Fault],
) -> dict[str, dict[int, Reference]]:
    """A truth that is a table of run lengths, as the converter writes it: the shape stands in a column of its own."""
    runs = spec.submission.runs
    column = runs.shape_column if runs is not None else ""
    shapes = _cells(table, column, ids) or _cells(table, "shape", ids)
    found: dict[str, dict[int, Reference]] = {}
    for case, text in texts.items():
        shape = tuple(int(number) for number in re.findall(r"[0-9]{1,6}", shapes.get(case, "")))
        if runs is None or not shape or 0 in shape:
            template = gettext_noop("The truth does not say the shape of the mask of case '%(id)s'.")
            faults.append(organiser_fault(case, template, id=case))
            continue
        size = 1
        for side in shape:
            size *= side
        try:
            parsed = parse_runs(text, size, runs.base, f"{name} {case}")
        except FormatError as error:
            faults += [organiser_fault(one.where, one.template, **dict(one.values)) for one in error.faults]
            continue
        mask = Mask(shape, "C" if ORDERS[runs.order] == "C" else "F", runs=parsed)
        found[case] = {1: _placed(mask, spacing[case])}
    return found


# -- values ---------------------------------------------------------------------------------------------------------


def _values(
    spec: QuestionSpec,
    table: Table,
    ids: list[str],
    masks: Mapping[str, Mapping[str, Mapping[int, Reference]]],
    rows: Mapping[str, tuple[Row, ...]],
    faults: list[Fault],
) -> dict[str, dict[str, Value]]:
    found: dict[str, dict[str, Value]] = {}
    for name in _scored_values(spec):
        declared = spec.data.fields[name]
        if name in table.columns:
            cells = _cells(table, name, ids)
            found[name] = {case: _value(cell, declared, case, faults) for case, cell in cells.items()}
        elif declared.derive is not None and declared.derive.of in rows:
            found[name] = _derived(declared.derive, ids, rows[declared.derive.of])
        elif declared.measured_from in masks:
            found[name] = _measured(declared, masks[declared.measured_from])
        else:
            faults.append(organiser_fault(table.name, gettext_noop("The truth has no column '%(name)s'."), name=name))
    return found


def _scored_values(spec: QuestionSpec) -> list[str]:
    fields = {name for metric in spec.metrics.values() for name in (*metric.fields, *metric.where)}
    return [name for name, one in spec.data.fields.items() if name in fields and one.type not in ("mask", "table")]


def _value(cell: str, declared: FieldSpec, case: str, faults: list[Fault]) -> Value:
    if not cell:
        if declared.required:
            template = gettext_noop("The truth has no %(name)s for case '%(id)s'.")
            faults.append(organiser_fault(case, template, name=declared.name, id=case))
        return None
    if declared.type == "boolean":
        if cell.lower() in (*YES, *NO):
            return float(cell.lower() in YES)
    elif declared.type in ("number", "integer"):
        number = parse_number(cell)
        if number is not None and _allowed(number, declared):
            return number
    elif not declared.allowed or cell in declared.allowed:
        return cell
    template = gettext_noop("%(cell)s is no valid %(name)s (case '%(id)s').")
    faults.append(organiser_fault(case, template, cell=cell, name=declared.name, id=case))
    return None


def _allowed(number: float, declared: FieldSpec) -> bool:
    low = declared.min is None or number >= declared.min
    high = declared.max is None or number <= declared.max
    return low and high and (not declared.allowed or any(number == parse_number(one) for one in declared.allowed))


def _derived(derive: DeriveSpec, ids: list[str], rows: tuple[Row, ...]) -> dict[str, Value]:
    by_case: dict[str, list[Mapping[str, Value]]] = {case: [] for case in ids}
    for row in rows:
        by_case[row.case].append(row.values)
    return {case: float(any_row(values, derive)) for case, values in by_case.items()}


def _measured(declared: FieldSpec, masks: Mapping[str, Mapping[int, Reference]]) -> dict[str, Value]:
    name = "recist" if declared.measure == "diameter" else declared.measure
    measure = metrics.find(name).measure
    return {case: measure(next(iter(labels.values()))) if measure else None for case, labels in masks.items()}


def _rows(
    spec: QuestionSpec, name: str, ids: list[str], files: Mapping[str, Mapping[str, Path]], faults: list[Fault]
) -> tuple[Row, ...]:
    """The rows of a table field: `<field>/<id>.csv`, where a case without a file has no row."""
    columns = spec.data.fields[name].columns
    found: list[Row] = []
    for case in ids:
        if case not in files[name]:
            continue
        file = files[name][case]
        try:
            table = read_table(file.read_bytes(), file.name)
        except FormatError as error:
            if all(one.reason == "empty_submission" for one in error.faults):
                continue
            faults += [organiser_fault(one.where, one.template, **dict(one.values)) for one in error.faults]
            continue
        for row in table.rows:
            cells = dict(zip(table.columns, row, strict=True))
            found.append(Row(case, {key: _cell(cells.get(key, ""), one.type) for key, one in columns.items()}))
    return tuple(found)


def _cell(cell: str, kind: str) -> Value:
    if not cell:
        return None
    return parse_number(cell) if kind in ("number", "integer") else cell


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
                template = gettext_noop("The truth has no file '%(name)s' of case '%(id)s'.")
                faults.append(organiser_fault(f"{folder}/{case}", template, name=folder, id=case))
    if faults:
        return ()
    return tuple(tuple(files[folder][case] for folder in folders) for case in ids)
