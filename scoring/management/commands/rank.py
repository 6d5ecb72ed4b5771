"""`manage.py rank QUESTION.yaml SCORES.csv`: places by a question's rule, without a database."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from django.core.management.base import BaseCommand, CommandError

from challenges.spec import QuestionSpec, SpecError, load_spec
from formats.fault import FormatError
from formats.tables import parse_number, read_csv
from scoring.known import known_names
from scoring.ranking import Entry, EntryStatus, rank
from scoring.ranking_rule import RankingError, RankingRule

MISSING = {"", "nan"}
FLAGS = {"": False, "0": False, "false": False, "no": False, "1": True, "true": True, "yes": True}
STATUSES = {"", "entered", "superseded", "excluded"}
WRONG_CALL = 2


class Command(BaseCommand):
    help = (
        "Print the places of teams as JSON. SCORES.csv has the column team, one column a score, and optionally "
        "submitted_at (ISO 8601, UTC where it names no zone), baseline (1 or 0) and status (superseded, excluded)."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("question", type=Path, metavar="QUESTION.yaml")
        parser.add_argument("scores", type=Path, metavar="SCORES.csv")

    def handle(self, *args: Any, **options: Any) -> None:
        spec = _read_question(options["question"])
        try:
            rule = RankingRule.from_spec(spec)
            entries = _read_entries(options["scores"], rule, [*spec.metrics, *([spec.jury.score] if spec.jury else [])])
            placings = rank(rule, entries)
        except RankingError as error:
            raise CommandError(str(error), returncode=WRONG_CALL) from error
        self.stdout.write(json.dumps({"placings": [placing.as_dict() for placing in placings]}))


def _read_question(path: Path) -> QuestionSpec:
    try:
        return load_spec(_bytes(path).decode("utf-8-sig"), known_names())
    except UnicodeError as error:
        raise CommandError(f"{path.name} is no UTF-8 text.", returncode=WRONG_CALL) from error
    except SpecError as error:
        raise CommandError(str(error), returncode=WRONG_CALL) from error


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path.name} cannot be read: {error.strerror}", returncode=WRONG_CALL) from error


def _read_entries(path: Path, rule: RankingRule, scores: Iterable[str]) -> list[Entry]:
    rows = _rows(path)
    columns = [name for name in dict.fromkeys([*rule.inputs, *scores]) if any(name in row for _, row in rows)]
    absent = [name for name in _needed(rule) if name not in columns]
    if rows and absent:
        raise CommandError(f"{path.name} lacks the column {', '.join(absent)}.", returncode=WRONG_CALL)
    errors: list[str] = []
    entries = [_entry(row, columns, f"{path.name} line {line}", errors) for line, row in rows]
    if errors:
        raise CommandError("\n".join(errors), returncode=WRONG_CALL)
    return entries


def _needed(rule: RankingRule) -> list[str]:
    """Scores that totals are made of; a column that only breaks ties may be left out."""
    made = {one.name: one.of for one in rule.derived}
    names = list(rule.by)
    for name in names:
        names.extend(made.get(name, ()))
    return [name for name in dict.fromkeys(names) if name not in made]


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        table = read_csv(_bytes(path), path.name, expected=["team"])
    except FormatError as error:
        raise CommandError("\n".join(fault.message for fault in error.faults), returncode=WRONG_CALL) from error
    if "team" not in table.columns or len(set(table.columns)) != len(table.columns):
        raise CommandError(f"{path.name} needs a column team, and each column once.", returncode=WRONG_CALL)
    return [
        (line, dict(zip(table.columns, row, strict=True))) for line, row in zip(table.lines, table.rows, strict=True)
    ]


def _entry(row: Mapping[str, str], columns: Sequence[str], where: str, errors: list[str]) -> Entry:
    baseline, status = row.get("baseline", "").lower(), row.get("status", "").lower()
    if not row["team"]:
        errors.append(f"{where}: the team is missing.")
    if baseline not in FLAGS:
        errors.append(f"{where}: baseline is 1 or 0.")
    if status not in STATUSES:
        errors.append(f"{where}: status is superseded, excluded or empty.")
    return Entry(
        team=row["team"],
        scores={name: _number(row[name], f"{where}, column {name}", errors) for name in columns},
        submitted_at=_time(row.get("submitted_at", ""), where, errors),
        baseline=FLAGS.get(baseline, False),
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
