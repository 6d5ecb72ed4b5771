"""The centre's own list: which folder and patient each exam of the site is. It stays with the centre and is never sent."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from pathlib import Path

COLUMNS = ("folder", "patient", "exam")


def add_keys(path: Path, rows: Iterable[tuple[str, str, str]]) -> None:
    """Adds (folder, patient, exam id) to the list, each exam once. Readable by its owner alone. Raises OSError."""
    rows_by_exam = {exam: (folder, patient, exam) for folder, patient, exam in (*read_keys(path), *rows) if exam}
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(tuple(map(_plain, row)) for row in rows_by_exam.values())
    os.replace(draft, path)


def read_keys(path: Path) -> list[tuple[str, str, str]]:
    """The rows that are there; none where there is no list."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["folder"].lstrip("'"), row["patient"].lstrip("'"), row["exam"]) for row in csv.DictReader(file)]


def _plain(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
