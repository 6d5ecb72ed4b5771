"""A past edition's dates move together, and nothing else in the file does."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from concours.known_names import known_names
from concours.questions.dates import DATE_KEYS, first_opening, is_over, named_dates, shift_dates
from concours.questions.schema import load_spec

CATALOGUE = Path("concours/questions/catalogue")
PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize("path", sorted(CATALOGUE.glob("*.yaml")), ids=lambda path: path.stem)
@pytest.mark.parametrize("first", [date(2031, 1, 6), date(2031, 7, 7)])
def test_every_date_moves_by_the_same_days_and_keeps_its_hour(path: Path, first: date) -> None:
    text = path.read_text(encoding="utf-8")
    before = load_spec(text, known_names())
    moved = shift_dates(text, before, first, PARIS)
    after = load_spec(moved, known_names())
    opened, opens = first_opening(before), first_opening(after)
    assert opened is not None and opens is not None and opens.astimezone(PARIS).date() == first
    days = (first - opened.date()).days
    for (place, old), (same, new) in zip(named_dates(before), named_dates(after), strict=True):
        assert place == same
        assert (new.date() - old.date()).days == days and new.time() == old.time()
        assert new.utcoffset() == new.astimezone(PARIS).utcoffset()
    assert len(moved.splitlines()) == len(text.splitlines())
    assert [line.partition(" #")[2] for line in moved.splitlines()] == [
        line.partition(" #")[2] for line in text.splitlines()
    ]


def test_what_is_over_says_so() -> None:
    spec = load_spec((CATALOGUE / "nodules.yaml").read_text(encoding="utf-8"), known_names())
    last = max(phase.closes for phase in spec.phases.values())
    assert is_over(spec, last) and not is_over(spec, last - timedelta(microseconds=1))
    assert is_over(spec, datetime(2026, 1, 1, tzinfo=UTC))


def test_an_offset_that_is_not_the_sites_stays() -> None:
    text = (CATALOGUE / "nodules.yaml").read_text(encoding="utf-8").replace("+02:00", "-05:00")
    moved = shift_dates(text, load_spec(text, known_names()), date(2031, 1, 6), PARIS)
    assert "-05:00" in moved and "+01:00" not in moved


@pytest.mark.parametrize(
    "form",
    [
        "2019-04-01T00:00:00.250000+02:00",
        "2019-04-01 00:00:00+02:00",
        "20190401T000000+0200",
        "2019-04-01T00:00+02:00",
        "2019-W14-1T00:00+02:00",
        "2019-03-31T22:00:00Z",
    ],
)
def test_every_form_that_the_reader_takes_is_moved(form: str) -> None:
    text = (CATALOGUE / "nodules.yaml").read_text(encoding="utf-8").replace("2019-04-01T00:00:00+02:00", form)
    before = load_spec(text, known_names())
    after = load_spec(shift_dates(text, before, date(2031, 1, 6), PARIS), known_names())
    old, new = before.phases["inclusion"].opens, after.phases["inclusion"].opens
    assert (new.date() - old.date()).days == (
        after.phases["final"].opens.date() - before.phases["final"].opens.date()
    ).days
    assert new.time() == old.time()


def test_no_date_that_the_reader_knows_is_forgotten() -> None:
    read = {
        key
        for path in Path("concours/questions/schema").glob("*.py")
        for key in re.findall(r'\.moment\("(\w+)"', path.read_text(encoding="utf-8"))
    }
    assert read == set(DATE_KEYS)


def test_dates_in_sentences_stay() -> None:
    text = (CATALOGUE / "nodules.yaml").read_text(encoding="utf-8")
    text = text.replace("source: SFR 2019", "source: of 2019-10-13T09:00:00+02:00, SFR 2019")
    moved = shift_dates(text, load_spec(text, known_names()), date(2031, 1, 6), PARIS)
    assert "of 2019-10-13T09:00:00+02:00" in moved
