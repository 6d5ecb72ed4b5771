"""Field of view: the width and height of the image in millimetres."""

from __future__ import annotations

from collections.abc import Iterator

from concours.inclusion.exam.facts import ExamFacts
from concours.inclusion.judgement import Judge, Judgement, gettext_noop
from concours.inclusion.parameter import OF, Parameter

TITLE = gettext_noop("Field of view")
UNIT = "mm"
SUMMARY = gettext_noop("The image covers the field of view that the question requires.")
PARAMETERS = (
    Parameter("min", "number", "smallest side of the image", unit="mm"),
    Parameter("max", "number", "largest side of the image", unit="mm"),
    OF,
)
OF_SLICES = True

MET = gettext_noop("Field of view %(width)d x %(height)d mm.")
SMALL = gettext_noop(
    "The field of view is %(found)d mm; at least %(limit)d mm is required. Send a wider reconstruction."
)
LARGE = gettext_noop(
    "The field of view is %(found)d mm; at most %(limit)d mm is allowed. Send a narrower reconstruction."
)
UNKNOWN = gettext_noop("The pixel spacing is not stated, so the field of view is unknown. Check it.")


def judge(
    say: Judge, exam: ExamFacts, min: float | None, max: float | None, of: list[str] | None
) -> Iterator[Judgement]:
    """Judge Rows x PixelSpacing and Columns x PixelSpacing of each series' first slice."""
    for series in exam.of(of):
        where = exam.where(series)
        first = next(iter(series.slices), None)
        if first is None or first.pixel_spacing is None or not first.rows or not first.columns:
            yield say.review("missing_value", where, UNKNOWN)
            continue
        height, width = first.rows * first.pixel_spacing[0], first.columns * first.pixel_spacing[1]
        small, large = sorted((height, width))
        if min is not None and small < min:
            yield say.refuse("criterion_not_met", where, SMALL, found=round(small), limit=min)
        if max is not None and large > max:
            yield say.refuse("criterion_not_met", where, LARGE, found=round(large), limit=max)
        if not ((min is not None and small < min) or (max is not None and large > max)):
            yield say.accept(where, MET, width=round(width), height=round(height))
