"""Every rule on a table that a team sends: columns, ids and cells against the public manifest, all errors at once."""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from operator import itemgetter

from concours.formats.fault import Fault, FormatError, clip, gettext_noop
from concours.formats.manifest import Column, Manifest
from concours.formats.tables import MAX_FAULTS, Table, ragged_rows
from concours.formats.values import FORMULA_STARTS, NOT_FINITE, NUMBER, parse_number

STARTS = frozenset(FORMULA_STARTS)


Value = float | str | None


@dataclass(frozen=True)
class Values:
    """A checked table, row by row in the file's order: `columns[name][i]` belongs to `ids[i]`.

    A value is a number, a text (run lengths too, still unread), or None where the column may be empty.
    """

    ids: list[str]
    columns: dict[str, list[Value]] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()  # ids whose rows were passed over, as the manifest says

    def by_id(self, column: str) -> dict[str, Value]:
        """The values of a column under their ids (of one row an id)."""
        return dict(zip(self.ids, self.columns[column], strict=True))


def check_table(table: Table, manifest: Manifest, ids: Iterable[str] | None = None) -> Values:
    """Every rule of INTERFACES on one table: columns, ids, cells. Raises `FormatError` with all errors at once."""
    values, faults = examine(table, manifest, ids)
    if faults:
        raise FormatError(faults[:MAX_FAULTS])
    return values


def examine(table: Table, manifest: Manifest, ids: Iterable[str] | None = None) -> tuple[Values, list[Fault]]:
    """As `check_table`, but what could be read comes back beside what is wrong, so that the rest is checked as well."""
    faults = [*islice(_unsafe_cells(table), MAX_FAULTS), *islice(ragged_rows(table), MAX_FAULTS)]
    expected_ids = list(manifest.ids if ids is None else ids)
    if len(set(table.columns)) < len(table.columns):
        twice = next(c for i, c in enumerate(table.columns) if c in table.columns[:i])
        template = gettext_noop("%(table)s names the column '%(column)s' twice. Keep one of them.")
        if twice in manifest.columns or twice == manifest.id_column:
            faults.append(Fault("wrong_format", table.name, template, {"table": table.name, "column": twice}))
    needed = [manifest.id_column, *(c.name for c in manifest.columns.values() if c.required and c.type != "ignored")]
    for missing in needed:
        if missing not in table.columns:
            template = gettext_noop("The column '%(column)s' is missing from %(table)s. Columns present: %(found)s.")
            columns = ", ".join(clip(c, 20) for c in table.columns[:8])
            values = {"table": table.name, "column": missing, "found": columns}
            faults.append(Fault("missing_column", f"{table.name}, header", template, values))
    if manifest.id_column not in table.columns:
        return Values([]), faults
    table, ignored = _living(table, manifest)
    faults += _check_ids(table, manifest.id_column, expected_ids, many=manifest.rows == "many")
    values_of = {}
    for column in manifest.columns.values():
        if column.type != "ignored" and column.name in table.columns:
            values_of[column.name], wrong = _check_column(table, manifest, column)
            faults += wrong
    return Values(table.column(manifest.id_column), values_of, ignored), faults


def _living(table: Table, manifest: Manifest) -> tuple[Table, tuple[str, ...]]:
    """The table without rows of ignored ids, and the ids that it had."""
    gone, ids = set(manifest.ignored_ids), table.column(manifest.id_column)
    if gone.isdisjoint(ids):
        return table, ()
    keep = [at for at, case in enumerate(ids) if case not in gone]
    rows, lines = [table.rows[at] for at in keep], [table.lines[at] for at in keep]
    return Table(table.columns, rows, lines, table.name, table.ragged), tuple(sorted(gone & set(ids)))


_start = itemgetter(slice(0, 1))


def _unsafe_cells(table: Table) -> Iterator[Fault]:
    """Cells that a spreadsheet would run as a formula, anywhere in the table, its header included."""
    template = gettext_noop("%(table)s, row %(row)s: the cell '%(cell)s' begins like a formula. Send values only.")
    suspect = [
        at for at, cells in enumerate(zip(*table.rows, strict=True)) if not STARTS.isdisjoint(map(_start, cells))
    ]
    rows = ((line, [row[at] for at in suspect]) for line, row in zip(table.lines, table.rows, strict=True))
    for line, row in chain([(1, list(table.columns))], rows if suspect else (), table.ragged.items()):
        for cell in row:
            if cell.startswith(FORMULA_STARTS) and not NUMBER.fullmatch(cell) and not NOT_FINITE.fullmatch(cell):
                where = f"{table.name}, row {line}"
                yield Fault("unsafe_file", where, template, {"table": table.name, "row": line, "cell": clip(cell, 20)})


def _check_ids(table: Table, id_column: str, expected_ids: list[str], many: bool) -> list[Fault]:
    faults: list[Fault] = []
    ids, expected, first_at = table.column(id_column), set(expected_ids), dict[str, int]()
    distinct = set(ids)
    fine = (many or len(distinct) == len(ids)) and "" not in distinct and (not expected or distinct <= expected)
    if fine:
        first_at = dict.fromkeys(distinct, 1)
    for line, case in () if fine else zip(table.lines, ids, strict=True):
        if len(faults) >= MAX_FAULTS:
            first_at.setdefault(case, line)
            continue
        where, values = f"{table.name}, row {line}", {"table": table.name, "row": line, "id": clip(case, 40)}
        if not case:
            template = gettext_noop("%(table)s, row %(row)s has no id. Enter the id of the case.")
            faults.append(Fault("missing_id", where, template, values))
        elif case in first_at and not many:
            template = gettext_noop(
                "%(table)s, row %(row)s: the id '%(id)s' already appears in row %(first)s. Remove one."
            )
            faults.append(Fault("duplicate_id", where, template, values | {"first": first_at[case]}))
        elif expected and case not in expected:
            template = gettext_noop("%(table)s, row %(row)s: the id '%(id)s' is not one of the cases. Remove the row.")
            faults.append(Fault("extra_id", where, template, values))
        first_at.setdefault(case, line)
    template = gettext_noop("%(table)s has no row for the id '%(id)s'. Send one row per case.")
    ragged_cells = {cell for row in table.ragged.values() for cell in row}  # the row is there, and its fault is another
    for case in expected_ids:
        if case not in first_at and case not in ragged_cells:
            faults.append(Fault("missing_id", f"id {case}", template, {"table": table.name, "id": case}))
    return faults


def _check_column(table: Table, manifest: Manifest, column: Column) -> tuple[list[Value], list[Fault]]:
    values: list[Value] = []
    faults: list[Fault] = []
    ids, cells = table.column(manifest.id_column), table.column(column.name)
    if (whole := _whole_column(cells, column)) is not None:
        return whole, []
    for line, case, cell in zip(table.lines, ids, cells, strict=True):
        value, fault = check_cell(cell, column, manifest, case)
        values.append(value)
        if fault is None or len(faults) >= MAX_FAULTS:
            continue
        reason, template, extra = fault
        shown = {"column": column.name, "row": line, "id": clip(case, 40), "cell": clip(cell, 30), **extra}
        faults.append(Fault(reason, f"{table.name}, row {line}, id {clip(case, 40)}", template, shown))
    return values, faults


def _whole_column(cells: list[str], column: Column) -> list[Value] | None:
    """The values of a column in which nothing is wrong, a whole column at a time; None when its cells must be looked at."""
    if column.type == "rle":
        return list(cells)
    filled = list(filter(None, cells))
    if column.type == "shape" or (column.required and len(filled) < len(cells)):
        return None
    if column.type in ("text", "category"):
        if column.values and not set(filled) <= set(column.values):
            return None
        return [cell or None for cell in cells]
    if not all(map(NUMBER.fullmatch, filled)):
        return None
    numbers = list(map(float, "\n".join(filled).replace(",", ".").split("\n"))) if filled else []
    low, high = min(numbers, default=0.0), max(numbers, default=0.0)
    if not (math.isfinite(low) and math.isfinite(high)) or (column.type == "integer" and not _all_whole(numbers)):
        return None
    if filled and ((column.min is not None and low < column.min) or (column.max is not None and high > column.max)):
        return None
    if column.values and not set(numbers) <= {parse_number(value) for value in column.values}:
        return None
    if len(filled) == len(cells):
        return list(numbers)
    rest = iter(numbers)
    return [next(rest) if cell else None for cell in cells]


def _all_whole(numbers: list[float]) -> bool:
    return all(map(float.is_integer, numbers))


Wrong = tuple[str, str, dict[str, object]]


MISSING = gettext_noop("Row %(row)s, id '%(id)s': the column '%(column)s' is empty. Enter a value.")


NON_NUMERIC = gettext_noop("Row %(row)s, id '%(id)s': '%(cell)s' in the column '%(column)s' is not a number.")


NON_FINITE = gettext_noop("Row %(row)s, id '%(id)s': '%(cell)s' in the column '%(column)s' is not a finite number.")


NOT_WHOLE = gettext_noop("Row %(row)s, id '%(id)s': '%(cell)s' in the column '%(column)s' is not an integer.")


RANGE = gettext_noop(
    "Row %(row)s, id '%(id)s': '%(cell)s' in the column '%(column)s' is outside the range %(low)s to %(high)s."
)


CATEGORY = gettext_noop(
    "Row %(row)s, id '%(id)s': '%(cell)s' in the column '%(column)s' is not an allowed value: %(values)s."
)


SHAPE = gettext_noop(
    "Row %(row)s, id '%(id)s': the shape '%(cell)s' in '%(column)s' differs from that of the image (%(shape)s)."
)


def check_cell(cell: str, column: Column, manifest: Manifest, case: str) -> tuple[float | str | None, Wrong | None]:
    """The value of one cell, or (reason, template, extra values) of what is wrong with it."""
    if column.type == "rle":
        return cell, None
    if not cell:
        return None, (("missing_value", MISSING, {}) if column.required else None)
    if column.type == "shape":
        return cell, _wrong_shape(cell, manifest, case)
    if column.type in ("text", "category"):
        if column.values and cell not in column.values:
            return None, ("out_of_range", CATEGORY, {"values": clip(", ".join(column.values), 80)})
        return cell, None
    if NOT_FINITE.fullmatch(cell):
        return None, ("non_finite", NON_FINITE, {})
    value = parse_number(cell)
    if value is None:
        return None, (("non_finite", NON_FINITE, {}) if NUMBER.fullmatch(cell) else ("non_numeric", NON_NUMERIC, {}))
    if column.type == "integer" and value != int(value):
        return None, ("non_numeric", NOT_WHOLE, {})
    if (column.min is not None and value < column.min) or (column.max is not None and value > column.max):
        low = "-" if column.min is None else f"{column.min:g}"
        return None, ("out_of_range", RANGE, {"low": low, "high": "-" if column.max is None else f"{column.max:g}"})
    if column.values and not any(parse_number(v) == value for v in column.values):
        return None, ("out_of_range", CATEGORY, {"values": clip(", ".join(column.values), 80)})
    return value, None


def _wrong_shape(cell: str, manifest: Manifest, case: str) -> Wrong | None:
    grid = manifest.grid_of(case)
    shape = tuple(int(n) for n in re.findall(r"[0-9]{1,9}", cell))
    if grid is None or shape == grid.shape:
        return None
    return "wrong_shape", SHAPE, {"shape": " x ".join(map(str, grid.shape))}
