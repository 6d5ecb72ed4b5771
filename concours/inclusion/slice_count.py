"""How many slices a series has."""

from __future__ import annotations

from collections.abc import Iterator

from concours.formats.fault import plural_noop
from concours.inclusion.exam.facts import ExamFacts
from concours.inclusion.judgement import Judge, Judgement, gettext_noop
from concours.inclusion.parameter import OF, Parameter

TITLE = gettext_noop("Number of slices")
SUMMARY = gettext_noop("The number of slices is in the required range.")
PARAMETERS = (
    Parameter("min", "integer", "smallest number of slices", default=1),
    Parameter("max", "integer", "largest number of slices; no limit when left out"),
    OF,
)
OF_SLICES = True

MET = plural_noop("%(count)d slice.", "%(count)d slices.")
FEW = gettext_noop("Slices: %(count)d; at least %(min)d required. Send the whole series.")
MANY = gettext_noop("Slices: %(count)d; at most %(max)d allowed. Send only the required slices.")


def judge(say: Judge, exam: ExamFacts, min: int, max: int | None, of: list[str] | None) -> Iterator[Judgement]:
    """Count the slices (frames of multi-frame objects included)."""
    for series in exam.of(of):
        count, where = len(series.slices), exam.where(series)
        if count < min:
            yield say.refuse("incomplete_series", where, FEW, count=count, min=min)
        elif max is not None and count > max:
            yield say.refuse("criterion_not_met", where, MANY, count=count, max=max)
        else:
            yield say.accept(where, MET, count=count)
