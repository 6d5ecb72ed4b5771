"""Tables that teams send: CSV in all its dialects and XLSX values, read as text, strictly, with all errors at once."""

import codecs
import csv
import io
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from operator import itemgetter
from typing import Any

from formats.fault import Fault, FormatError, clip, gettext_noop, refuse
from formats.manifest import Column, Limits, Manifest
from formats.nifti import Buffer

DELIMITERS = (",", ";", "\t")
MAX_COLUMNS = 1000
MAX_CELL = 64 << 20  # characters; run lengths of a large volume are long
MAX_TABLE = 256 << 20  # bytes of one table
MAX_FAULTS = 1000
NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][+-]?[0-9]{1,4})?", re.ASCII)
NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE | re.ASCII)
DANGEROUS = ("=", "+", "-", "@", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}", "\N{FULLWIDTH COMMERCIAL AT}")
STARTS = frozenset(DANGEROUS)
SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)


Value = float | str | None


@dataclass(frozen=True)
class Table:
    """Cells as text, blanks around them removed. `lines[i]` is the row's number in the file, counted from 1.

    `ragged` holds the rows, under their numbers, that have more or fewer cells than the header.
    """

    columns: tuple[str, ...]
    rows: list[list[str]]
    lines: list[int]
    name: str = "table"
    ragged: Mapping[int, list[str]] = field(default_factory=dict)

    def column(self, name: str) -> list[str]:
        """All cells of one column; `KeyError` when there is none."""
        if name not in self.columns:
            raise KeyError(name)
        at = self.columns.index(name)
        return [row[at] for row in self.rows]


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


def parse_number(text: str) -> float | None:
    """A number as INTERFACES allows it (decimal point or comma, exponent), else None; `1e999` is None too."""
    if not NUMBER.fullmatch(text):
        return None
    value = float(text.replace(",", "."))
    return value if math.isfinite(value) else None


def read_csv(
    source: Buffer,
    name: str = "table",
    limits: Limits | None = None,
    expected: Sequence[str] = (),
    ragged: bool = False,
) -> Table:
    """Decode and split a CSV. `expected` column names decide between separators when a header could be read two ways.

    With `ragged`, rows that are too short or too long are kept apart, for `examine` to tell with all that is wrong.
    Raises `FormatError`: `unreadable_file` (encoding), `wrong_format` (ragged rows), `too_large`, `empty_submission`.
    """
    limits = limits or Limits()
    if len(source) > min(limits.bytes, MAX_TABLE):
        raise refuse("too_large", name, TABLE_TOO_LARGE, name=name)
    text = _decoded(bytes(source), name)
    delimiter, skip = None, 0
    if (leading := SEPARATOR_LINE.match(text)) is not None:
        delimiter, skip = leading.group(1), leading.end()
        if delimiter not in DELIMITERS:
            template = gettext_noop("%(name)s: the separator must be a comma, a semicolon or a tab.")
            raise refuse("wrong_format", name, template, name=name)
    delimiter = delimiter or _delimiter(text[skip : skip + 65536], expected)
    csv.field_size_limit(MAX_CELL)
    text = text[skip:]
    if text.count("\n") + text.count("\r") > limits.rows and _more_rows(text, delimiter, limits.rows):
        raise refuse("too_large", name, TOO_MANY_ROWS, name=name, limit=limits.rows)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    return table_of(_numbered(reader, name, 1 if skip else 0), name, limits, ragged)


def check_table(table: Table, manifest: Manifest, ids: Iterable[str] | None = None) -> Values:
    """Every rule of INTERFACES on one table: columns, ids, cells. Raises `FormatError` with all errors at once."""
    values, faults = examine(table, manifest, ids)
    if faults:
        raise FormatError(faults[:MAX_FAULTS])
    return values


def examine(table: Table, manifest: Manifest, ids: Iterable[str] | None = None) -> tuple[Values, list[Fault]]:
    """As `check_table`, but what could be read comes back beside what is wrong, so that the rest is checked as well."""
    faults = [*islice(_unsafe_cells(table), MAX_FAULTS), *islice(_ragged_rows(table), MAX_FAULTS)]
    wanted = list(manifest.ids if ids is None else ids)
    if len(set(table.columns)) < len(table.columns):
        twice = next(c for i, c in enumerate(table.columns) if c in table.columns[:i])
        template = gettext_noop("%(table)s names the column '%(column)s' twice. Keep one of them.")
        if twice in manifest.columns or twice == manifest.id_column:
            faults.append(Fault("wrong_format", table.name, template, {"table": table.name, "column": twice}))
    needed = [manifest.id_column, *(c.name for c in manifest.columns.values() if c.required and c.type != "ignored")]
    for missing in needed:
        if missing not in table.columns:
            template = gettext_noop("%(table)s lacks the column '%(column)s'. It has: %(found)s.")
            found = ", ".join(clip(c, 20) for c in table.columns[:8])
            values = {"table": table.name, "column": missing, "found": found}
            faults.append(Fault("missing_column", f"{table.name}, header", template, values))
    if manifest.id_column not in table.columns:
        return Values([]), faults
    table, ignored = _living(table, manifest)
    faults += _check_ids(table, manifest.id_column, wanted, many=manifest.rows == "many")
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


TABLE_TOO_LARGE = gettext_noop(
    "%(name)s: the table is larger than is allowed. Send only the columns that are asked for."
)
TOO_MANY_ROWS = gettext_noop("%(name)s has more than %(limit)s rows. Send one row a case.")
ENCODING = gettext_noop("%(name)s: the table is not valid UTF-8 text. Save it as 'CSV UTF-8' and resend it.")


def _decoded(data: bytes, name: str) -> str:
    encoding = "utf-8-sig"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b", b"\x89PNG")):
        raise refuse("wrong_format", name, gettext_noop("%(name)s: this is not a CSV. Save it as CSV."), name=name)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise refuse("unreadable_file", name, ENCODING, name=name) from error
    if "\0" in text:
        raise refuse("unreadable_file", name, ENCODING, name=name)
    return text


def _delimiter(head: str, expected: Sequence[str]) -> str:
    """The separator under which the header holds most expected columns, then the one that splits it most."""
    line = next((part for part in head.splitlines() if part.strip()), "")

    def worth(delimiter: str) -> tuple[int, int]:
        try:
            cells = next(csv.reader([line], delimiter=delimiter))
        except (csv.Error, StopIteration):
            return (0, 0)
        return (len({c.strip() for c in cells} & set(expected)), len(cells))

    return max(DELIMITERS, key=worth)


def _more_rows(text: str, delimiter: str, limit: int) -> bool:
    """Whether rows that hold anything are more than `limit` and a header, told without keeping one of them."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        filled = (None for row in reader if any(map(str.strip, row)))
        return next(islice(filled, limit + 1, None), "") is None
    except csv.Error:
        return False  # reading it says where


def _numbered(reader: Any, name: str, offset: int) -> Iterator[tuple[int, list[str]]]:
    before = reader.line_num
    try:
        for row in reader:
            yield before + 1 + offset, row
            before = reader.line_num
    except csv.Error as error:
        template = gettext_noop("%(name)s, row %(row)s: the quotes do not match. Save the table again as CSV.")
        row_number = reader.line_num + offset
        raise refuse("wrong_format", f"{name}, row {row_number}", template, name=name, row=row_number) from error


def table_of(numbered: Iterable[tuple[int, list[str]]], name: str, limits: Limits, keep_ragged: bool = False) -> Table:
    """The table of rows under their numbers, the first of which is the header. Raises as `read_csv` does."""
    columns: tuple[str, ...] = ()
    width = 0
    rows: list[list[str]] = []
    lines: list[int] = []
    ragged: dict[int, list[str]] = {}
    for line, cells in numbered:
        row = list(map(str.strip, cells))
        if not any(row):
            continue
        if not columns:
            while row and not row[-1]:
                row.pop()
            columns = tuple(row)
            width = len(columns)
            if width > MAX_COLUMNS:
                raise refuse("too_large", name, TABLE_TOO_LARGE, name=name)
            continue
        if len(row) > width and not any(row[width:]):
            row = row[:width]
        if len(row) == width:
            rows.append(row)
            lines.append(line)
        else:
            ragged[line] = row
        if len(rows) + len(ragged) > limits.rows:
            raise refuse("too_large", name, TOO_MANY_ROWS, name=name, limit=limits.rows)
    table = Table(columns, rows, lines, name, ragged)
    if ragged and not keep_ragged:
        raise FormatError(islice(_ragged_rows(table), MAX_FAULTS))
    if not rows and not ragged:
        raise refuse("empty_submission", name, gettext_noop("%(name)s holds no row. Send one row a case."), name=name)
    return table


def _ragged_rows(table: Table) -> Iterator[Fault]:
    template = gettext_noop(
        "%(name)s, row %(row)s has %(found)s cells, the header %(wanted)s. Quote cells that hold the separator."
    )
    for line, row in table.ragged.items():
        values = {"name": table.name, "row": line, "found": len(row), "wanted": len(table.columns)}
        yield Fault("wrong_format", f"{table.name}, row {line}", template, values)


_start = itemgetter(slice(0, 1))


def _unsafe_cells(table: Table) -> Iterator[Fault]:
    """Cells that a spreadsheet would run as a formula, anywhere in the table, its header included."""
    template = gettext_noop("%(table)s, row %(row)s: the cell '%(cell)s' begins like a formula. Send plain values.")
    suspect = [
        at for at, cells in enumerate(zip(*table.rows, strict=True)) if not STARTS.isdisjoint(map(_start, cells))
    ]
    rows = ((line, [row[at] for at in suspect]) for line, row in zip(table.lines, table.rows, strict=True))
    for line, row in chain([(1, list(table.columns))], rows if suspect else (), table.ragged.items()):
        for cell in row:
            if cell.startswith(DANGEROUS) and not NUMBER.fullmatch(cell) and not NOT_FINITE.fullmatch(cell):
                where = f"{table.name}, row {line}"
                yield Fault("unsafe_file", where, template, {"table": table.name, "row": line, "cell": clip(cell, 20)})


def _check_ids(table: Table, id_column: str, wanted: list[str], many: bool) -> list[Fault]:
    faults: list[Fault] = []
    ids, known, first_at = table.column(id_column), set(wanted), dict[str, int]()
    distinct = set(ids)
    fine = (many or len(distinct) == len(ids)) and "" not in distinct and (not known or distinct <= known)
    if fine:
        first_at = dict.fromkeys(distinct, 1)
    for line, case in () if fine else zip(table.lines, ids, strict=True):
        if len(faults) >= MAX_FAULTS:
            first_at.setdefault(case, line)
            continue
        where, values = f"{table.name}, row {line}", {"table": table.name, "row": line, "id": clip(case, 40)}
        if not case:
            template = gettext_noop("%(table)s, row %(row)s has no id. Write the id of the case there.")
            faults.append(Fault("missing_id", where, template, values))
        elif case in first_at and not many:
            template = gettext_noop(
                "%(table)s, row %(row)s: the id '%(id)s' stands already in row %(first)s. Keep one."
            )
            faults.append(Fault("duplicate_id", where, template, values | {"first": first_at[case]}))
        elif known and case not in known:
            template = gettext_noop("%(table)s, row %(row)s: the id '%(id)s' is not one of the cases. Remove the row.")
            faults.append(Fault("extra_id", where, template, values))
        first_at.setdefault(case, line)
    template = gettext_noop("%(table)s has no row for the id '%(id)s'. Send one row for each case.")
    told = {cell for row in table.ragged.values() for cell in row}  # the row is there, and its fault is another
    for case in wanted:
        if case not in first_at and case not in told:
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

MISSING = gettext_noop("Row %(row)s, id '%(id)s': the column '%(column)s' is empty. Write a value there.")
NON_NUMERIC = gettext_noop("Row %(row)s, id '%(id)s': '%(cell)s' in the column '%(column)s' is not a plain number.")
NON_FINITE = gettext_noop("Row %(row)s, id '%(id)s': '%(cell)s' in the column '%(column)s' is not a finite number.")
NOT_WHOLE = gettext_noop("Row %(row)s, id '%(id)s': '%(cell)s' in the column '%(column)s' is not a whole number.")
RANGE = gettext_noop("Row %(row)s, id '%(id)s': '%(cell)s' in the column '%(column)s' is outside %(low)s to %(high)s.")
CATEGORY = gettext_noop(
    "Row %(row)s, id '%(id)s': '%(cell)s' in the column '%(column)s' is none of the allowed values: %(values)s."
)
SHAPE = gettext_noop(
    "Row %(row)s, id '%(id)s': the shape '%(cell)s' in '%(column)s' is not that of the image (%(shape)s)."
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
    found = tuple(int(n) for n in re.findall(r"[0-9]{1,9}", cell))
    if grid is None or found == grid.shape:
        return None
    return "wrong_shape", SHAPE, {"shape": " x ".join(map(str, grid.shape))}
