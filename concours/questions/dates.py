"""The dates of a question file, moved together: a catalogue's edition of the past becomes one that can be played."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from concours.questions.editing import Change, Path, changed_file, plain_values
from concours.questions.schema import QuestionSpec

DATE_KEYS = ("opens", "closes", "released_at", "reveal_at", "changes_until")  # wherever they stand in a file


def is_over(spec: QuestionSpec, now: datetime) -> bool:
    """Whether every window has closed: nobody could send anything, and batches would come out as soon as they are built."""
    return bool(spec.phases) and all(phase.closes <= now for phase in spec.phases.values())


def first_opening(spec: QuestionSpec) -> datetime | None:
    """When the first window opens."""
    return min((phase.opens for phase in spec.phases.values()), default=None)


def shift_dates(text: str, spec: QuestionSpec, first: date, zone: tzinfo) -> str:
    """The same file, comments included, with every date moved by the same number of days, so that the first window opens on
    the day `first`. Comments say when an edition really took place: their dates stay.

    Hours stay what the clock on the wall says: where a date's offset is that of `zone`, the new one is the zone's on the new day.
    """
    opens = first_opening(spec)
    if opens is None:
        return text
    days = (first - opens.date()).days
    moments = _moments(plain_values(text), ())
    return changed_file(text, [Change(path, _shifted(moment, days, zone)) for path, moment in moments])


def _moments(values: Any, path: Path) -> Iterator[tuple[Path, datetime]]:
    """Every date of the file with its place, in any form that the file's reader takes."""
    items = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    for key, value in items:
        if key in DATE_KEYS and isinstance(value, str):
            yield (*path, key), datetime.fromisoformat(value)
        else:
            yield from _moments(value, (*path, key))


def _shifted(moment: datetime, days: int, zone: tzinfo) -> str:
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
    if spec.rules.changes_until is not None:
        yield "rules.team.changes_until", spec.rules.changes_until
