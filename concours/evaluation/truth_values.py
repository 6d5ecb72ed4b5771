"""The values of a truth: its own, those derived from its tables and those measured on its masks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from concours import metrics
from concours.evaluation.prediction import TableRow, Value
from concours.evaluation.truth_table import (
    cells_of,
    organiser_fault,
)
from concours.formats.fault import Fault, FormatError, gettext_noop
from concours.formats.files import read_table
from concours.formats.tables import Table
from concours.formats.values import parse_boolean, parse_number
from concours.metrics import Reference
from concours.questions.derive import any_row
from concours.questions.schema import DeriveSpec, FieldSpec, QuestionSpec


def tables_of(spec: QuestionSpec) -> list[str]:
    return [name for name, field in spec.data.fields.items() if field.type == "table"]


def values_of(
    spec: QuestionSpec,
    table: Table,
    ids: list[str],
    masks: Mapping[str, Mapping[str, Mapping[int, Reference]]],
    rows: Mapping[str, tuple[TableRow, ...]],
    faults: list[Fault],
) -> dict[str, dict[str, Value]]:
    values: dict[str, dict[str, Value]] = {}
    for name in _scored_values(spec):
        declared = spec.data.fields[name]
        cells = cells_of(table, name, ids) if name in table.columns else {}
        computed = declared.derive is not None or bool(declared.measured_from)
        if name in table.columns and (
            not computed or any(cells.values())
        ):  # an empty column of a computed field is computed
            values[name] = {case: _value(cell, declared, case, faults) for case, cell in cells.items()}
        elif declared.derive is not None and declared.derive.of in rows:
            values[name] = _derived(declared.derive, ids, rows[declared.derive.of])
        elif declared.measured_from in masks:
            values[name] = _measured(declared, masks[declared.measured_from])
        else:
            faults.append(
                organiser_fault(table.name, gettext_noop("The reference data have no column '%(name)s'."), name=name)
            )
    return values


def _scored_values(spec: QuestionSpec) -> list[str]:
    fields = {name for metric in spec.metrics.values() for name in (*metric.fields, *metric.where)}
    return [name for name, field in spec.data.fields.items() if name in fields and field.type not in ("mask", "table")]


def _value(cell: str, declared: FieldSpec, case: str, faults: list[Fault]) -> Value:
    if not cell:
        if declared.required:
            template = gettext_noop("The reference data have no %(name)s for case '%(id)s'.")
            faults.append(organiser_fault(case, template, name=declared.name, id=case))
        return None
    if declared.type == "boolean":
        if (truth := parse_boolean(cell)) is not None:
            return float(truth)
    elif declared.type in ("number", "integer"):
        number = parse_number(cell)
        if number is not None and _allowed(number, declared):
            return number
    elif not declared.allowed or cell in declared.allowed:
        return cell
    template = gettext_noop("%(cell)s is not a valid %(name)s (case '%(id)s').")
    faults.append(organiser_fault(case, template, cell=cell, name=declared.name, id=case))
    return None


def _allowed(number: float, declared: FieldSpec) -> bool:
    low = declared.min is None or number >= declared.min
    high = declared.max is None or number <= declared.max
    return low and high and (not declared.allowed or any(number == parse_number(choice) for choice in declared.allowed))


def _derived(derive: DeriveSpec, ids: list[str], rows: tuple[TableRow, ...]) -> dict[str, Value]:
    by_case: dict[str, list[Mapping[str, Value]]] = {case: [] for case in ids}
    for row in rows:
        by_case[row.case].append(row.values)
    return {case: float(any_row(values, derive)) for case, values in by_case.items()}


def _measured(declared: FieldSpec, masks: Mapping[str, Mapping[int, Reference]]) -> dict[str, Value]:
    measure = metrics.find(declared.measure).measure
    return {case: measure(next(iter(labels.values()))) if measure else None for case, labels in masks.items()}


def rows_of(
    spec: QuestionSpec, name: str, ids: list[str], files: Mapping[str, Mapping[str, Path]], faults: list[Fault]
) -> tuple[TableRow, ...]:
    """The rows of a table field: `<field>/<id>.csv`, where a case without a file has no row."""
    columns = spec.data.fields[name].columns
    table_rows: list[TableRow] = []
    for case in ids:
        if case not in files[name]:
            continue
        file = files[name][case]
        try:
            table = read_table(file.read_bytes(), file.name)
        except FormatError as error:
            if all(fault.reason == "empty_submission" for fault in error.faults):
                continue
            faults += [organiser_fault(fault.where, fault.template, **dict(fault.values)) for fault in error.faults]
            continue
        for row in table.rows:
            cells = dict(zip(table.columns, row, strict=True))
            table_rows.append(
                TableRow(case, {key: _cell(cells.get(key, ""), column.type) for key, column in columns.items()})
            )
    return tuple(table_rows)


def _cell(cell: str, kind: str) -> Value:
    if not cell:
        return None
    return parse_number(cell) if kind in ("number", "integer") else cell
