"""A table that kills its child takes no other file along, and the fault names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from concours.deid.values import KnownIdentifiers, admit_exam, apart, parse_apart, parse_here, parse_tables
from concours.formats.child import ChildLimits
from concours.formats.stored import whole
from tests.concours.deid.values.test_gate import FIELDS

HEAVY = b"a,b\n" + (b"1," + b"x" * 400 + b"\n") * 90_000


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Children that a table of 36 MB kills."""
    monkeypatch.setattr(apart, "LIMITS", ChildLimits(memory_bytes=24 << 20, cpu_seconds=20))


@pytest.mark.parametrize(
    ("name", "content", "is_text"),
    [
        ("a.csv", b"x;y\n1;2\n", False),
        ("a.json", b'[{"x": 1}]', False),
        ("a.txt", "Épanchement.".encode(), True),
        ("a.json", b"{", False),
    ],
)
def test_apart_reads_as_here(name: str, content: bytes, is_text: bool, tmp_path: Path) -> None:
    (path := tmp_path / name).write_bytes(content)
    assert parse_apart(whole(path), name, is_text=is_text) == parse_here(whole(path), name, is_text=is_text)


@pytest.mark.usefixtures("small")
def test_a_table_that_kills_its_child_leaves_its_neighbours(tmp_path: Path) -> None:
    tables = tmp_path / "tables"
    tables.mkdir()
    name = next(name for name, field in FIELDS.items() if field.type == "number")
    (tables / "00-heavy.csv").write_bytes(HEAVY)
    (tables / "01-fine.csv").write_text(f"{name}\n3\n")
    parse_tables(tmp_path)
    assert list(tables.iterdir()) == []
    admission, _known = admit_exam(tmp_path, FIELDS, KnownIdentifiers(), 0)
    assert float(admission.values[name]) == 3
    (fault,) = [fault for fault in admission.faults if fault.reason == "too_large"]
    assert fault.where == "heavy.csv" and fault.message.startswith("heavy.csv: The file ")
