"""An edition's tables as files: one CSV, one workbook, one JSON document, one PDF; no cell can become a formula."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

from concours.formats.values import inert_cell
from leaderboard.edition_parts import Cell, EditionTable, pandas
from leaderboard.pdf.edition import edition_pdf

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
    "pdf": "application/pdf",
}
LONGEST_SHEET_NAME = 31  # of a workbook


def write_tables(tables: Sequence[EditionTable], kind: str, title: str) -> bytes:
    """The bytes of the file; `kind` is a key of TYPES, `title` the edition's."""
    if kind == "pdf":
        return edition_pdf(title, tables)
    return {"csv": _csv, "xlsx": _xlsx, "json": _json}[kind](tables)


def _csv(tables: Sequence[EditionTable]) -> bytes:
    """The tables one after the other, each under its title. With a byte order mark, so that spreadsheets read accents."""
    parts = [f"{inert_cell(table.title)}\n{_safe(table).to_csv(index=False)}" for table in tables]
    return ("\ufeff" + "\n".join(parts)).encode("utf-8")


def _xlsx(tables: Sequence[EditionTable]) -> bytes:
    target = io.BytesIO()
    with pandas().ExcelWriter(target, engine="openpyxl") as writer:
        for place, table in enumerate(tables, start=1):
            _safe(table).to_excel(writer, sheet_name=f"{place} {table.name}"[:LONGEST_SHEET_NAME], index=False)
    return target.getvalue()


def _json(tables: Sequence[EditionTable]) -> bytes:
    document = {table.name: table.to_json() for table in tables}
    return json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8")


def _safe(table: EditionTable) -> Any:
    frame = table.frame().map(_cell)
    frame.columns = [inert_cell(column) for column in table.columns]
    return frame


def _cell(value: Cell) -> Cell:
    return inert_cell(value) if isinstance(value, str) else value
