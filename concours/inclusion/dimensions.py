"""One slice (2D) or a volume (3D)."""

from __future__ import annotations

from collections.abc import Iterator

from concours.formats.fault import plural_noop
from concours.inclusion.exam.facts import ExamFacts
from concours.inclusion.judgement import Judge, Judgement, gettext_noop
from concours.inclusion.parameter import OF, Parameter

TITLE = gettext_noop("Dimensions of the image")
WORDS = {"value": "%sD"}
SUMMARY = gettext_noop("Each image is one slice (2D) or a volume of slices (3D), as the question requires.")
PARAMETERS = (
    Parameter("value", "integer", "2 for a single slice, 3 for a volume", required=True),
    OF,
)
OF_SLICES = True

FLAT = gettext_noop("One slice.")
VOLUME = plural_noop("A volume of %(count)d slice.", "A volume of %(count)d slices.")
NOT_FLAT = gettext_noop("There are %(count)d slices. Send the one slice that the question requires.")
NO_POSITIONS = plural_noop(
    "The picture does not state where it lies, so it is no volume. Export the original series.",
    "The %(count)d pictures do not state where they lie, so they are no volume. Export the original series.",
)
NOT_VOLUME = gettext_noop("There is only one slice. Send the whole series.")


def judge(say: Judge, exam: ExamFacts, value: int, of: list[str] | None) -> Iterator[Judgement]:
    """Count the slices of each series; one slice is 2D, more are 3D where they form a volume."""
    for series in exam.of(of):
        count, where = len(series.slices), exam.where(series)
        if value == 2 and count != 1:
            yield say.refuse("criterion_not_met", where, NOT_FLAT, count=count)
        elif value == 3 and count < 2:
            yield say.refuse("incomplete_series", where, NOT_VOLUME)
        elif value == 3 and (geometry := exam.geometry(series.image)) is not None and geometry.kind != "volume":
            yield say.refuse("missing_value", where, NO_POSITIONS, count=count)
        else:
            yield say.accept(where, FLAT if count == 1 else VOLUME, count=count)
