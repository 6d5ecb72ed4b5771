"""Each table and each text of a centre is parsed in a limited child of its own: one that kills it takes no other file along."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from concours.deid.values.rows import Rows, read_rows, read_text
from concours.formats.child import ChildLimits, run_limited
from concours.formats.fault import Fault, FormatError, gettext_noop
from concours.formats.stored import Stored, whole

LIMITS = ChildLimits(memory_bytes=1 << 30, cpu_seconds=60, result_bytes=1 << 30)
STOPPED = gettext_noop("%(name)s: %(detail)s")
PARSED, TABLES = "parsed", "tables"  # folders of an exam's original


@dataclass(frozen=True)
class ParsedSource:
    """What one file holds: `rows` of a table, the `text` of a text file, or why it cannot be read. `row` as in `Rows`."""

    called: str
    rows: tuple[Mapping[str, Any], ...] = ()
    text: str = ""
    faults: tuple[Fault, ...] = ()
    row: int = 0

    def to_json(self) -> dict[str, Any]:
        faults = [fault.to_json() for fault in self.faults]
        return {"called": self.called, "rows": list(self.rows), "text": self.text, "faults": faults, "row": self.row}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ParsedSource:
        faults = tuple(Fault.from_json(fault) for fault in value["faults"])
        return cls(str(value["called"]), tuple(value["rows"]), str(value["text"]), faults, int(value["row"]))

    def as_rows(self) -> Rows:
        return Rows(self.called, self.rows, self.row)


def parse_here(source: Stored, called: str, *, is_text: bool = False) -> ParsedSource:
    """Parses in this process."""
    with source.open() as file:
        content = file.read(source.size)
    try:
        if is_text:
            return ParsedSource(called, text=read_text(content, called))
        return ParsedSource(called, rows=read_rows(content, called).rows)
    except FormatError as error:
        return ParsedSource(called, faults=tuple(error.faults))


def parse(source: dict[str, Any], called: str, is_text: bool) -> dict[str, Any]:
    """`parse_here` for a child."""
    return parse_here(Stored.from_json(source), called, is_text=is_text).to_json()


def parse_apart(source: Stored, called: str, *, is_text: bool = False) -> ParsedSource:
    """Parses in a child of its own. What ends the child is this file's fault alone; a fault of the platform is raised."""
    try:
        answer = run_limited(
            "concours.deid.values.apart:parse",
            source.to_json(),
            called,
            is_text,
            limits=LIMITS,
            read=[source.path],
        )
    except FormatError as error:
        stopped = (
            replace(fault, where=called, template=STOPPED, values=_named(fault, called)) for fault in error.faults
        )
        return ParsedSource(called, faults=tuple(stopped))
    return ParsedSource.from_json(answer)


def parse_tables(original: Path) -> None:
    """The tables of an exam's original become `parsed/NN.json`, which the engine reads instead of what the centre sent."""
    (original / PARSED).mkdir(exist_ok=True)
    for path in sorted((original / TABLES).glob("*")):
        number, _, called = path.name.partition("-")
        parsed = parse_apart(whole(path), called)
        (original / PARSED / f"{number}.json").write_text(json.dumps(parsed.to_json()), encoding="utf-8")
        path.unlink()


def _named(fault: Fault, called: str) -> dict[str, Any]:
    return {"name": called, "detail": fault.template}
