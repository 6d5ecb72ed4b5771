"""XLSX workbooks: the values of the first sheet that shows; formulas, macros, links and document types are refused.

Layout: ECMA-376 part 1, sections 18.3 (sheets), 18.4 (shared strings), 18.2 (workbook).
"""

import io
import posixpath
import re
from collections.abc import Callable
from typing import Any
from xml.parsers import expat

from concours.formats.archive import Archive, open_archive
from concours.formats.fault import FormatError, gettext_noop, refuse
from concours.formats.manifest import SubmissionLimits
from concours.formats.nifti import Buffer
from concours.formats.tables import MAX_COLUMNS, TABLE_TOO_LARGE, Table, table_of
from concours.formats.xlsx_styles import EPOCH_1904, Styles

MAX_PART = 256 << 20  # bytes of one part once inflated
MAX_TEXT = 128 << 20  # characters of all cells together
MAX_PARTS = 2000
MAX_CELL = 1 << 20  # characters of one cell; Excel itself holds 32 767
MAX_TOKEN = 4 << 20  # bytes of one tag, which the parser would hold whole
LAST_ROW = 1_048_576
CELL = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
BLANK_ROWS = 10_000  # how far apart two rows may lie

NOT_XLSX = gettext_noop("%(name)s: this is not a readable workbook (.xlsx). Save it again as XLSX or CSV.")
FORMULA = gettext_noop("%(name)s, cell %(cell)s contains a formula. Paste values only and resend the workbook.")
ACTIVE = gettext_noop("%(name)s: the workbook contains macros, links or embedded objects. Save a plain workbook.")
DOCTYPE = gettext_noop("%(name)s: the workbook's XML declares a document type, which is not allowed. Save it again.")
FAR = gettext_noop("%(name)s: cell %(cell)s is far from the table. Delete everything outside the table and resend it.")


def read_xlsx(
    source: Buffer, name: str = "table", limits: SubmissionLimits | None = None, ragged: bool = False
) -> Table:
    """The first sheet that is not hidden, as a `Table`; dates as ISO 8601, `001` where a number is shown so.

    With `ragged`, rows longer than the header are kept apart, not refused.

    Raises `FormatError`: `unsafe_file`, `wrong_format`, `too_large`, `unreadable_file`.
    """
    limits = limits or SubmissionLimits()
    inside = SubmissionLimits(limits.bytes, 2 * MAX_PART, MAX_PARTS, limits.rows)
    try:
        archive = open_archive(io.BytesIO(source), inside, spreadsheet=True)
    except FormatError as error:  # the words of an archive would not help the owner of a workbook
        reason = error.faults[0].reason
        refusal_reason = reason if reason in ("too_large", "unsafe_archive", "wrong_format") else "unreadable_file"
        raise refuse(refusal_reason, name, NOT_XLSX, name=name) from error
    with archive:
        return _workbook(archive, name, limits, ragged)


def _workbook(archive: Archive, name: str, limits: SubmissionLimits, ragged: bool) -> Table:
    parts = {m.name: m for m in archive.members}
    lowered = {part.lower() for part in parts}
    if "[content_types].xml" not in lowered or "xl/workbook.xml" not in parts:
        raise refuse("wrong_format", name, NOT_XLSX, name=name)
    if any(
        "vbaproject" in p or p.startswith(("xl/externallinks/", "xl/embeddings/", "xl/macrosheets/")) for p in lowered
    ):
        raise refuse("unsafe_file", name, ACTIVE, name=name)
    styles = Styles()
    sheet = _first_sheet(archive, parts, name, styles)
    if "xl/styles.xml" in parts:
        _parse(archive, parts["xl/styles.xml"], styles, name)
    strings = _Strings(name)
    if "xl/sharedStrings.xml" in parts:
        _parse(archive, parts["xl/sharedStrings.xml"], strings, name)
    cells = _Cells(strings.texts, styles, name, limits)
    _parse(archive, parts[sheet], cells, name)
    rows = [(number, cells.rows[number]) for number in sorted(cells.rows)]
    return table_of(((number, _filled(row, cells.width)) for number, row in rows), name, limits, ragged)


def _filled(row: dict[int, str], width: int) -> list[str]:
    out = [""] * width
    for column, text in row.items():
        out[column] = text
    return out


def _first_sheet(archive: Archive, parts: dict[str, Any], name: str, styles: Styles) -> str:
    """The path of the first sheet that is not hidden: the workbook names a relation, the relations name its part.

    The workbook also says from which day its dates count.
    """
    book, relations = _Attributes("sheet", "workbookPr"), _Attributes("Relationship")
    _parse(archive, parts["xl/workbook.xml"], book, name)
    if "xl/_rels/workbook.xml.rels" in parts:
        _parse(archive, parts["xl/_rels/workbook.xml.rels"], relations, name)
    if any(a.get("date1904") in ("1", "true") for a in book.elements):
        styles.epoch = EPOCH_1904
    sheets = [a for a in book.elements if "sheetId" in a]
    seen = [a for a in sheets if a.get("state", "visible") == "visible"] or sheets
    sheet_relation = next((v for a in seen[:1] for k, v in a.items() if k.rpartition(":")[2] == "id"), None)
    for relation in relations.elements:
        if relation.get("TargetMode") == "External":
            raise refuse("unsafe_file", name, ACTIVE, name=name)
        if relation.get("Id") == sheet_relation:
            target = relation.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))
            if path in parts:
                return path
    if "xl/worksheets/sheet1.xml" in parts:
        return "xl/worksheets/sheet1.xml"
    raise refuse("wrong_format", name, NOT_XLSX, name=name)


class _Attributes:
    """Collects the attributes of every element of these names."""

    def __init__(self, *tags: str) -> None:
        self.tags, self.elements = tags, list[dict[str, str]]()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(":")[2] in self.tags and len(self.elements) < 10_000:
            self.elements.append(attributes)

    def end(self, tag: str) -> None:
        """Nothing to do."""

    def text(self, data: str) -> None:
        """Nothing to do."""


class _Strings:
    """The shared strings, without phonetic hints."""

    def __init__(self, name: str) -> None:
        self.name, self._length = name, 0
        self.texts: list[str] = []
        self._parts: list[str] = []
        self._in_text = self._phonetic = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "si":
            self._parts, self._length = [], 0
        self._phonetic = self._phonetic or tag == "rPh"
        self._in_text = tag == "t" and not self._phonetic

    def end(self, tag: str) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "si":
            self.texts.append("".join(self._parts))
        elif tag == "rPh":
            self._phonetic = False
        self._in_text = False

    def text(self, data: str) -> None:
        if self._in_text:
            self._parts.append(data)
            self._length += len(data)
            if self._length > MAX_CELL:
                raise refuse("too_large", self.name, TABLE_TOO_LARGE, name=self.name)


class _Cells:
    """The cells of one sheet as `rows[number][column]`."""

    def __init__(self, strings: list[str], styles: Styles, name: str, limits: SubmissionLimits) -> None:
        self.strings, self.styles, self.name, self.limits = strings, styles, name, limits
        self.rows: dict[int, dict[int, str]] = {}
        self.width = 0
        self._row, self._column, self._kind, self._style = 0, -1, "n", ""
        self._parts: list[str] | None = None
        self._length = self._total = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "row":
            self._move(attributes.get("r"))
        elif tag == "c":
            self._cell(attributes.get("r"))
            if self._column in self.rows.get(self._row, ()):
                raise refuse("unreadable_file", self.name, NOT_XLSX, name=self.name)
            self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "")
        elif tag == "f":
            raise refuse("unsafe_file", self.name, FORMULA, name=self.name, cell=f"row {self._row}")
        elif tag in ("v", "t"):
            self._parts, self._length = [], 0

    def end(self, tag: str) -> None:
        if tag.rpartition(":")[2] in ("v", "t") and self._parts is not None:
            self._put("".join(self._parts))
            self._parts = None

    def text(self, data: str) -> None:
        if self._parts is not None:
            self._parts.append(data)
            self._length += len(data)
            if self._length > MAX_CELL:
                raise refuse("too_large", self.name, TABLE_TOO_LARGE, name=self.name)

    def _move(self, number: str | None) -> None:
        row = int(number) if number and number.isdigit() and len(number) < 9 else self._row + 1
        if row > LAST_ROW or row - self._row > BLANK_ROWS or row < self._row:
            raise refuse("too_large", self.name, FAR, name=self.name, cell=f"row {row}")
        if len(self.rows) > self.limits.rows + 1:
            raise refuse("too_large", self.name, TABLE_TOO_LARGE, name=self.name)
        self._row, self._column = row, -1

    def _cell(self, reference: str | None) -> None:
        column = self._column + 1
        if reference is not None:
            match = CELL.fullmatch(reference)
            if match is None:
                raise refuse("unreadable_file", self.name, NOT_XLSX, name=self.name)
            column = -1
            for letter in match.group(1):
                column = (column + 1) * 26 + ord(letter) - ord("A")
            if int(match.group(2)) != self._row:
                self._move(match.group(2))
        if column >= MAX_COLUMNS:
            raise refuse("too_large", self.name, FAR, name=self.name, cell=reference or f"row {self._row}")
        self._column = column

    def _put(self, text: str) -> None:
        if self._kind == "s":
            if not text.isdigit() or len(text) > 9 or int(text) >= len(self.strings):
                raise refuse("unreadable_file", self.name, NOT_XLSX, name=self.name)
            text = self.strings[int(text)]
        elif self._kind == "b":
            text = "TRUE" if text == "1" else "FALSE"
        elif self._kind == "n":
            if re.fullmatch(r"-?[0-9]{1,15}\.0+", text):
                text = text.partition(".")[0]
            if self._style:
                text = self.styles.shown(self._style, text)
        self._total += len(text) + 8
        if self._total > MAX_TEXT:
            raise refuse("too_large", self.name, TABLE_TOO_LARGE, name=self.name)
        row = self.rows.setdefault(self._row, {})
        row[self._column] = row.get(self._column, "") + text
        self.width = max(self.width, self._column + 1)


def _parse(archive: Archive, member: Any, handler: Any, name: str) -> None:
    """Stream one part through expat; a document type or an entity ends it at once."""
    if member.size > MAX_PART:
        raise refuse("too_large", name, TABLE_TOO_LARGE, name=name)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = handler.start
    parser.EndElementHandler = handler.end
    parser.CharacterDataHandler = handler.text
    parser.StartDoctypeDeclHandler = _refuse_doctype(name)
    parser.EntityDeclHandler = _refuse_doctype(name)
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    try:
        fed = 0
        for chunk in archive.chunks(member):
            parser.Parse(chunk, False)
            fed += len(chunk)
            if fed - parser.CurrentByteIndex > MAX_TOKEN:
                raise refuse("too_large", name, TABLE_TOO_LARGE, name=name)
        parser.Parse(b"", True)
    except (expat.ExpatError, UnicodeDecodeError, ValueError) as error:
        raise refuse("unreadable_file", name, NOT_XLSX, name=name) from error


def _refuse_doctype(name: str) -> Callable[..., None]:
    def refuse_it(*_: object) -> None:
        raise refuse("unsafe_file", name, DOCTYPE, name=name)

    return refuse_it
