"""One table of values for many exams: its rows are matched by folder or by the patient's number. It stays where it is read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from concours.deid.identity import normalise_id
from concours.deid.values.rows import Rows
from concours.study.cases import USUAL_NAMES

FOLDER_NAMES = ("folder", "dossier", "path", "directory", "pasta")
_SQUASH = re.compile(r"[\W_]+")


class ValuesTable:
    """Rows by folder and by patient. Raises ValueError where the table has neither column, or names one exam twice."""

    def __init__(self, table: Rows, patient: str, fields: Sequence[str]) -> None:
        columns = {_squash(str(name)): str(name) for name in (table.rows[0] if table.rows else {})}
        declared = {_squash(name) for name in fields}
        free = [name for name in (patient, *USUAL_NAMES) if name and _squash(name) not in declared]
        self._patient = next((columns[_squash(name)] for name in free if _squash(name) in columns), "")
        self._folder = next((columns[name] for name in FOLDER_NAMES if name in columns and name not in declared), "")
        if table.rows and not (self._patient or self._folder):
            raise ValueError(
                f"{table.called} needs a column 'folder' or 'patient' that says whose values its rows are."
            )
        self._by_folder = _index(table, self._folder, _plain_folder)
        self._by_patient = _index(table, self._patient, normalise_id)
        self._used: set[int] = set()
        self._rows = table.rows

    def row_of(self, folder: str, patient: str) -> dict[str, Any]:
        """The values of one exam, by its folder, a part of it (the deepest first), or its patient; empty without a row."""
        path = _plain_folder(folder)
        keys = [(self._by_folder, key) for key in (path, *reversed(path.split("/")))]
        for index, key in (*keys, (self._by_patient, normalise_id(patient))):
            if key and key in index:
                self._used.add(index[key])
                row = self._rows[index[key]]
                return {name: value for name, value in row.items() if name != self._folder and value not in (None, "")}
        return {}

    @property
    def unused(self) -> list[int]:
        """Rows, counted from 2 as a spreadsheet does, that matched no exam."""
        return [number + 2 for number in range(len(self._rows)) if number not in self._used]


def _index(table: Rows, column: str, form: Any) -> Mapping[str, int]:
    rows_by_key: dict[str, int] = {}
    for number, row in enumerate(table.rows if column else ()):
        key = form(str(row.get(column) or ""))
        if key and key in rows_by_key:
            raise ValueError(f"{table.called}, rows {rows_by_key[key] + 2} and {number + 2}: '{column}' is the same.")
        if key:
            rows_by_key[key] = number
    return rows_by_key


def _plain_folder(text: str) -> str:
    return text.strip().replace("\\", "/").strip("/").lower()


def _squash(name: str) -> str:
    return _SQUASH.sub("", name.lower())
