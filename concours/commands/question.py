"""Check a question file of ours, a Codabench bundle or an EvalAI configuration: every error at once with its line, and what could
not be carried over.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import replace
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

from concours.commands.error import CommandError
from concours.evaluation.probing import least_cases, probing_bound
from concours.known_names import known_names
from concours.questions.dates import is_over, shift_dates
from concours.questions.importers import Imported, read_question_file
from concours.questions.schema import QuestionSpec, SpecError, load_spec

WRONG_FILE = 1
OVER = "every window of this question is over: nothing can be submitted. --shift-dates YYYY-MM-DD moves its dates."


def add_arguments(parser: ArgumentParser) -> None:
    """The file, and where its translation is written."""
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--check", action="store_true", help="read the file and write nothing")
    parser.add_argument(
        "--shift-dates",
        type=date.fromisoformat,
        metavar="YYYY-MM-DD",
        help="move all dates by the same number of days, so that the first window opens on this day",
    )
    parser.add_argument(
        "--time-zone", type=ZoneInfo, default=ZoneInfo("Europe/Paris"), help="whose clock the moved hours keep"
    )
    parser.add_argument("--write", type=Path, metavar="YAML", help="write the question file that was read there")


def run(arguments: Namespace, out: TextIO, err: TextIO) -> int:
    """Exit 0 for a sound question, 1 for a file with errors, 2 for a wrong call."""
    imported, spec = read(arguments.file, err, arguments.shift_dates, arguments.time_zone)
    if arguments.write is not None:
        arguments.write.write_text(imported.text, encoding="utf-8")
    out.write(f"{arguments.file.name} is a sound question: {spec.slug} ({spec.kind}, {imported.source}).\n")
    return 0


def read(path: Path, err: TextIO, first: date | None = None, zone: tzinfo = UTC) -> tuple[Imported, QuestionSpec]:
    """The file as a question file and what it declares, its dates moved so that the first window opens on the day `first`.

    Notes go to `err`. Raises CommandError with every error.
    """
    if not path.exists():
        raise CommandError(f"There is no {path.name}.")
    try:
        imported = read_question_file(path)
        spec = load_spec(imported.text, known_names())
        if first is not None:
            imported = replace(imported, text=shift_dates(imported.text, spec, first, zone))
            spec = load_spec(imported.text, known_names())
    except SpecError as error:
        raise CommandError("\n".join(f"{path.name}: {mistake}" for mistake in error.mistakes), WRONG_FILE) from error
    over = [OVER] if is_over(spec, datetime.now(UTC)) else []
    notes = [*imported.notes, *over, *([words] if (words := probing_words(spec)) else [])]
    err.writelines(f"{path.name}: note: {note}\n" for note in notes)
    return imported, spec


def probing_words(spec: QuestionSpec) -> str:
    """What the public scores can tell of the labels, and what to change where that is too much; else nothing."""
    bound = probing_bound(spec)
    if bound is None:
        cases = least_cases(spec)
        if cases is None:
            return ""
        return (
            f"with fewer than {cases} evaluation cases, limits.per_phase {spec.limits.per_phase} and leaderboard.digits "
            f"{spec.leaderboard.digits} could let a team recover public labels."
        )
    facts = (
        f"limits.per_phase {bound.answers} and leaderboard.digits {bound.digits} let a team learn at most "
        f"{bound.told_bits:.0f} bits about the {bound.public} public labels, of which {bound.unknown_bits:.0f} bits are "
        "unknown"
    )
    if bound.holds:
        return f"{facts}: no strategy can be sure to recover them."
    if bound.safe_answers == 0:
        return f"{facts}: a team could recover them. Make the public part larger or set leaderboard.step."
    return (
        f"{facts}: a team could recover them. limits.per_phase {bound.safe_answers} with leaderboard.digits "
        f"{bound.safe_digits} stays below; so may leaderboard.step."
    )


def read_spec(path: Path) -> QuestionSpec:
    """A question file of ours, for the commands that use one. Raises CommandError: a wrong call."""
    try:
        return load_spec(path.read_bytes().decode("utf-8-sig"), known_names())
    except OSError as error:
        raise CommandError(f"{path.name} cannot be read: {error.strerror}") from error
    except UnicodeError as error:
        raise CommandError(f"{path.name} is not UTF-8 text.") from error
    except SpecError as error:
        raise CommandError(str(error)) from error
