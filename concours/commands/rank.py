"""Print the places of teams as JSON. SCORES.csv has the column team, one column per score, and optionally submitted_at (ISO 8601,
UTC where it names no zone), baseline (1 or 0) and status (superseded, excluded).
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TextIO, cast

from concours.commands.error import CommandError
from concours.commands.question import read_spec
from concours.evaluation.ranking import EntryStatus, RankingEntry, rank
from concours.evaluation.ranking_rule import RankingError, RankingRule
from concours.formats.fault import FormatError
from concours.formats.tables import read_csv
from concours.formats.values import parse_boolean, parse_number

MISSING = {"", "nan"}
STATUSES = {"", "entered", "superseded", "excluded"}


def add_arguments(parser: ArgumentParser) -> None:
    """The question and the table of scores."""
    parser.add_argument("question", type=Path, metavar="QUESTION.yaml")
    parser.add_argument("scores", type=Path, metavar="SCORES.csv")


def run(arguments: Namespace, out: TextIO, err: TextIO) -> int:
    """Exit 0, or 2 for a wrong call."""
    spec = read_spec(arguments.question)
    try:
        rule = RankingRule.from_spec(spec)
        entries = _read_entries(arguments.scores, rule, [*spec.metrics, *([spec.jury.score] if spec.jury else [])])
        placings = rank(rule, entries)
    except RankingError as error:
        raise CommandError(str(error)) from error
    out.write(json.dumps({"placings": [placing.as_dict() for placing in placings]}) + "\n")
    return 0


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path.name} cannot be read: {error.strerror}") from error


def _read_entries(path: Path, rule: RankingRule, scores: Iterable[str]) -> list[RankingEntry]:
    rows = _rows(path)
    columns = [name for name in dict.fromkeys([*rule.inputs, *scores]) if any(name in row for _, row in rows)]
    absent = [name for name in _needed(rule) if name not in columns]
    if rows and absent:
        raise CommandError(f"{path.name} lacks the column {', '.join(absent)}.")
    errors: list[str] = []
    entries = [_entry(row, columns, f"{path.name} line {line}", errors) for line, row in rows]
    if errors:
        raise CommandError("\n".join(errors))
    return entries


def _needed(rule: RankingRule) -> list[str]:
    """Scores that totals are made of; a column that only breaks ties may be left out."""
    parts = {derived.name: derived.of for derived in rule.derived}
    names = list(rule.by)
    for name in names:
        names.extend(parts.get(name, ()))
    return [name for name in dict.fromkeys(names) if name not in parts]


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        table = read_csv(_bytes(path), path.name, expected=["team"])
    except FormatError as error:
        raise CommandError("\n".join(fault.message for fault in error.faults)) from error
    if "team" not in table.columns or len(set(table.columns)) != len(table.columns):
        raise CommandError(f"{path.name} needs a column team, and each column once.")
    return [
        (line, dict(zip(table.columns, row, strict=True))) for line, row in zip(table.lines, table.rows, strict=True)
    ]


def _entry(row: Mapping[str, str], columns: Sequence[str], where: str, errors: list[str]) -> RankingEntry:
    baseline, status = parse_boolean(row.get("baseline", "") or False), row.get("status", "").lower()
    if not row["team"]:
        errors.append(f"{where}: the team is missing.")
    if baseline is None:
        errors.append(f"{where}: baseline is 1 or 0.")
    if status not in STATUSES:
        errors.append(f"{where}: status is superseded, excluded or empty.")
    return RankingEntry(
        team=row["team"],
        scores={name: _number(row[name], f"{where}, column {name}", errors) for name in columns},
        submitted_at=_time(row.get("submitted_at", ""), where, errors),
        baseline=bool(baseline),
        status=cast(EntryStatus, status or "entered"),
    )


def _number(cell: str, where: str, errors: list[str]) -> float | None:
    if cell.lower() in MISSING:
        return None
    value = parse_number(cell)
    if value is None:
        errors.append(f"{where}: not a number; leave the cell empty where there is no score.")
    return value


def _time(cell: str, where: str, errors: list[str]) -> datetime | None:
    if not cell:
        return None
    try:
        return datetime.fromisoformat(cell)
    except ValueError:
        errors.append(f"{where}: submitted_at is a date and time such as 2019-10-13T09:30:00+02:00.")
        return None
