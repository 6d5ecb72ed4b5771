"""Tables that teams send: CSV in all its dialects and XLSX values, read as text, strictly, with all errors at once."""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from concours.formats.fault import Fault, FormatError, gettext_noop, plural_noop, refuse
from concours.formats.manifest import SubmissionLimits
from concours.formats.nifti import Buffer

DELIMITERS = (",", ";", "\t")
MAX_COLUMNS = 1000
MAX_CELL = 64 << 20  # characters; run lengths of a large volume are long
MAX_TABLE = 256 << 20  # bytes of one table
MAX_FAULTS = 1000
SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)


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


def read_csv(
    source: Buffer,
    name: str = "table",
    limits: SubmissionLimits | None = None,
    expected: Sequence[str] = (),
    ragged: bool = False,
) -> Table:
    """Decode and split a CSV. `expected` column names decide between separators when a header could be read two ways.

    With `ragged`, rows that are too short or too long are kept apart, for `examine` to tell with all that is wrong.
    Raises `FormatError`: `unreadable_file` (encoding), `wrong_format` (ragged rows), `too_large`, `empty_submission`.
    """
    limits = limits or SubmissionLimits()
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


TABLE_TOO_LARGE = gettext_noop("%(name)s: the table is larger than allowed. Send only the required columns.")
TOO_MANY_ROWS = gettext_noop("%(name)s has more than %(limit)s rows. Send one row per case.")
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
        template = gettext_noop(
            "%(name)s, row %(row)s: the quotation marks are unbalanced. Save the table again as CSV."
        )
        row_number = reader.line_num + offset
        raise refuse("wrong_format", f"{name}, row {row_number}", template, name=name, row=row_number) from error


def table_of(
    numbered: Iterable[tuple[int, list[str]]], name: str, limits: SubmissionLimits, keep_ragged: bool = False
) -> Table:
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
        raise FormatError(islice(ragged_rows(table), MAX_FAULTS))
    if not rows and not ragged:
        raise refuse(
            "empty_submission", name, gettext_noop("%(name)s contains no rows. Send one row per case."), name=name
        )
    return table


def ragged_rows(table: Table) -> Iterator[Fault]:
    template = plural_noop(
        "%(name)s, row %(row)s has %(found)s cell, but the header has %(wanted)s. Quote cells that contain the separator.",
        "%(name)s, row %(row)s has %(found)s cells, but the header has %(wanted)s. Quote cells that contain the separator.",
        "found",
    )
    for line, row in table.ragged.items():
        values = {"name": table.name, "row": line, "found": len(row), "wanted": len(table.columns)}
        yield Fault("wrong_format", f"{table.name}, row {line}", template, values)
