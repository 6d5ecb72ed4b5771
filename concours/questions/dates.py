"""The dates of a question file, moved together: a catalogue's edition of the past becomes one that can be played."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta, tzinfo

from concours.questions.schema import QuestionSpec

MOMENT = re.compile(r"(?<![\d:T-])\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)(?![\d:])")


def is_over(spec: QuestionSpec, now: datetime) -> bool:
    """Whether every window has closed: nobody could send anything, and batches would come out as soon as they are built."""
    return bool(spec.phases) and all(phase.closes <= now for phase in spec.phases.values())


def first_opening(spec: QuestionSpec) -> datetime | None:
    """When the first window opens."""
    return min((phase.opens for phase in spec.phases.values()), default=None)


def shift_dates(text: str, spec: QuestionSpec, first: date, zone: tzinfo) -> str:
    """The same file, comments included, with every date moved by the same number of days, so that the first window opens on
    the day `first`.

    Hours stay what the clock on the wall says: where a date's offset is that of `zone`, the new one is the zone's on the new day.
    """
    opens = first_opening(spec)
    if opens is None:
        return text
    days = (first - opens.date()).days
    lines = [_shifted_line(line, days, zone) for line in text.splitlines(keepends=True)]
    return "".join(lines)


def _shifted_line(line: str, days: int, zone: tzinfo) -> str:
    """Comments say when an edition really took place: their dates stay."""
    code, hash_, comment = _cut_comment(line)
    return MOMENT.sub(lambda match: _shifted(match.group(), days, zone), code) + hash_ + comment


def _cut_comment(line: str) -> tuple[str, str, str]:
    quote = ""
    for place, letter in enumerate(line):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter == "#" and (place == 0 or line[place - 1].isspace()):
            return line[:place], "#", line[place + 1 :]
    return line, "", ""


def _shifted(text: str, days: int, zone: tzinfo) -> str:
    moment = datetime.fromisoformat(text)
    moved = moment + timedelta(days=days)
    if moment.utcoffset() == moment.astimezone(zone).utcoffset():
        moved = moved.replace(tzinfo=zone)
    return moved.isoformat()


def named_dates(spec: QuestionSpec) -> Iterable[tuple[str, datetime]]:
    """Every date that the file declares, under its place in the file."""
    for phase in spec.phases.values():
        yield f"phases.{phase.name}.opens", phase.opens
        yield f"phases.{phase.name}.closes", phase.closes
    for batch in spec.batches:
        yield f"batches.{batch.name}.released_at", batch.released_at
    if spec.leaderboard.reveal_at is not None:
        yield "leaderboard.reveal_at", spec.leaderboard.reveal_at
