"""What the tables of an edition are made of: plain cells, so that the page, CSV, XLSX and JSON say the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

Cell = str | int | float | None


def pandas() -> Any:
    """Loaded when tables are made: a web process that shows none does without its 40 MB."""
    return import_module("pandas")


@dataclass(frozen=True)
class EditionTable:
    """One table: `name` is its key in files, `numeric` the columns that align right."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    numeric: tuple[int, ...] = field(default=())

    def frame(self) -> Any:
        """The table as pandas writes it to CSV and XLSX."""
        return pandas().DataFrame([list(row) for row in self.rows], columns=list(self.columns), dtype=object)

    def to_json(self) -> dict[str, Any]:
        return {"title": self.title, "columns": list(self.columns), "rows": [list(row) for row in self.rows]}


def percent(part: int, whole: int) -> int | None:
    """In whole percent, cut as the published tables are: 1461 of 1468 are 99 %, and only all of them are 100 %."""
    return 100 * part // whole if whole else None


def edition_table(
    name: str,
    title: str,
    columns: Sequence[str],
    rows: Sequence[tuple[Cell, ...]],
    *,
    note: str = "",
    numeric: bool = False,
) -> EditionTable:
    return EditionTable(
        name, title, tuple(columns), tuple(rows), note, tuple(range(1, len(columns))) if numeric else ()
    )
