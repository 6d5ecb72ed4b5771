"""One slice (2D) or a volume (3D)."""

from __future__ import annotations

from collections.abc import Iterator

from anonymization.criteria.exam.facts import ExamFacts
from anonymization.criteria.judgement import Judge, Judgement, gettext_noop
from anonymization.criteria.parameter import OF, Parameter

SUMMARY = gettext_noop("Each image is one slice (2D) or a volume of slices (3D), as the question asks.")
PARAMETERS = (
    Parameter("value", "integer", "2 for a single slice, 3 for a volume", required=True),
    OF,
)

FLAT = gettext_noop("One slice.")
VOLUME = gettext_noop("A volume of %(count)d slices.")
NOT_FLAT = gettext_noop("There are %(count)d slices. Send the one slice that the question asks for.")
NOT_VOLUME = gettext_noop("There is only one slice. Send the whole series.")


def judge(say: Judge, exam: ExamFacts, value: int, of: list[str] | None) -> Iterator[Judgement]:
    """Count the slices of each series; one slice is 2D, more are 3D."""
    for series in exam.of(of):
        count, where = len(series.slices), exam.where(series)
        if value == 2 and count != 1:
            yield say.refuse("criterion_not_met", where, NOT_FLAT, count=count)
        elif value == 3 and count < 2:
            yield say.refuse("incomplete_series", where, NOT_VOLUME)
        else:
            yield say.accept(where, FLAT if count == 1 else VOLUME, count=count)
