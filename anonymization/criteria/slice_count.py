"""How many slices a series has."""

from __future__ import annotations

from collections.abc import Iterator

from anonymization.criteria.exam.facts import ExamFacts
from anonymization.criteria.judgement import Judge, Judgement, gettext_noop
from anonymization.criteria.parameter import OF, Parameter

SUMMARY = gettext_noop("The number of slices lies in the asked range.")
PARAMETERS = (
    Parameter("min", "integer", "smallest number of slices", default=1),
    Parameter("max", "integer", "largest number of slices; no limit when left out"),
    OF,
)

MET = gettext_noop("%(count)d slices.")
FEW = gettext_noop("There are %(count)d slices and at least %(min)d are needed. Send the whole series.")
MANY = gettext_noop("There are %(count)d slices and at most %(max)d are allowed. Send only the slices asked for.")


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
