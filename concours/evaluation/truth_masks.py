"""The masks of a truth, from a file for each case or from run lengths in its table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from concours.evaluation.manifest import declared_labels
from concours.evaluation.truth_table import (
    SPACINGS,
    cells_of,
    organiser_fault,
)
from concours.formats.fault import Fault, FormatError, gettext_noop
from concours.formats.files import read_mask
from concours.formats.mask import Mask
from concours.formats.runs import ORDERS, parse_runs
from concours.formats.tables import Table
from concours.metrics import Reference
from concours.questions.schema import QuestionSpec


def masks_of(
    spec: QuestionSpec,
    table: Table,
    ids: list[str],
    files: Mapping[str, Mapping[str, Path]],
    spacing: Mapping[str, Mapping[str, float]],
    faults: list[Fault],
) -> dict[str, dict[str, dict[int, Reference]]]:
    masks_by_field: dict[str, dict[str, dict[int, Reference]]] = {}
    for name in _scored_masks(spec):
        values = declared_labels(spec.data.fields[name])
        if name in files:
            masks_by_field[name] = _mask_files(name, ids, files[name], spacing, values, faults)
        elif texts := _run_texts(spec, name, table, ids):
            masks_by_field[name] = _mask_runs(spec, name, texts, table, ids, spacing, faults)
        else:
            faults.append(
                organiser_fault(name, gettext_noop("The reference data have no masks '%(name)s'."), name=name)
            )
    return masks_by_field


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
        template = gettext_noop("The reference data have no file '%(name)s' for case '%(id)s'.")
        faults.append(organiser_fault(f"{name}/{case}", template, name=name, id=case))

    def load(case: str) -> dict[int, Reference] | FormatError:
        try:
            masks = read_mask(files[case].read_bytes(), None, values, files[case].name)
        except FormatError as error:
            return error
        return {label: _placed(mask, spacing[case]) for label, mask in masks.items()}

    present = [case for case in ids if case in files]
    masks_by_case: dict[str, dict[int, Reference]] = {}
    # Inflating releases the interpreter's lock: two files at a time.
    with ThreadPoolExecutor(2) as pool:
        for case, loaded in zip(present, pool.map(load, present), strict=True):
            if isinstance(loaded, FormatError):
                faults += [
                    organiser_fault(fault.where, fault.template, **dict(fault.values)) for fault in loaded.faults
                ]
            else:
                masks_by_case[case] = loaded
    return masks_by_case


def _placed(mask: Mask, spacing: Mapping[str, float]) -> Reference:
    """A mask with the spacing of the truth's table, where the table gives one: (row, col), or (i, j, k) = (col, row, slice)."""
    row, column, deep = (spacing.get(name) for name in SPACINGS)
    if row is None or column is None:
        return Reference.of(mask)
    steps = (row, column) if len(mask.shape) == 2 else (column, row, deep if deep is not None else mask.spacing[2])
    return Reference.of(Mask(mask.shape, mask.order, mask.runs, mask.bits, steps, mask.affine))


def _run_texts(spec: QuestionSpec, name: str, table: Table, ids: list[str]) -> dict[str, str]:
    runs = spec.submission.runs
    return {} if runs is None or runs.field != name else cells_of(table, name, ids) or cells_of(table, runs.column, ids)


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
    shapes = cells_of(table, column, ids) or cells_of(table, "shape", ids)
    masks: dict[str, dict[int, Reference]] = {}
    for case, text in texts.items():
        shape = tuple(int(number) for number in re.findall(r"[0-9]{1,6}", shapes.get(case, "")))
        if runs is None or not shape or 0 in shape:
            template = gettext_noop("The reference data do not give the shape of the mask of case '%(id)s'.")
            faults.append(organiser_fault(case, template, id=case))
            continue
        size = 1
        for side in shape:
            size *= side
        try:
            parsed = parse_runs(text, size, runs.base, f"{name} {case}")
        except FormatError as error:
            faults += [organiser_fault(fault.where, fault.template, **dict(fault.values)) for fault in error.faults]
            continue
        mask = Mask(shape, "C" if ORDERS[runs.order] == "C" else "F", runs=parsed)
        masks[case] = {1: _placed(mask, spacing[case])}
    return masks
