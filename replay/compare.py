"""The published tables beside those of the site's results page, cell by cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Cell = str | int | float | None
Rows = dict[str, dict[str, Cell]]


@dataclass(frozen=True)
class Comparison:
    """One table twice: rows by name, cells by column. `ours` holds the rows that the site shows."""

    name: str
    published: Rows
    ours: Rows

    def differences(self) -> list[str]:
        """Every cell that differs, and every row that only one of the two has."""
        lines = [f"{self.name}: {row}: not published" for row in self.ours if row not in self.published]
        for row, cells in self.published.items():
            if row not in self.ours:
                lines.append(f"{self.name}: {row}: missing")
                continue
            for column, value in cells.items():
                own = self.ours[row].get(column)
                if not equal(value, own):
                    lines.append(f"{self.name}: {row}: {column}: published {value!r}, ours {own!r}")
        return lines


def equal(published: Cell, ours: Cell) -> bool:
    """Numbers by value, however they are written; anything else as text."""
    first, second = _number(published), _number(ours)
    if first is not None and second is not None:
        return first == second
    return str("" if published is None else published) == str("" if ours is None else ours)


def _number(cell: Cell) -> float | None:
    try:
        return float(cell) if cell not in (None, "") else None
    except ValueError:
        return None


def rows_of(table: Mapping[str, Any], columns: Mapping[str, str]) -> Rows:
    """A table of the results page by its first cell; `columns` are the page's column -> our name, others are left out."""
    places = {table["columns"].index(title): name for title, name in columns.items()}
    return {str(row[0]): {name: row[place] for place, name in places.items()} for row in table["rows"]}
