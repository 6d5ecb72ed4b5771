"""The pixels themselves: constant or saturated slices."""

from __future__ import annotations

from collections.abc import Iterator

from concours.formats.fault import plural_noop
from concours.inclusion.exam.facts import ExamFacts
from concours.inclusion.judgement import Judge, Judgement, gettext_noop
from concours.inclusion.parameter import OF, Parameter

TITLE = gettext_noop("Image neither blank nor saturated")
SUMMARY = gettext_noop("No slice is blank or saturated.")
PARAMETERS = (
    Parameter("saturated", "number", "largest share of a slice's pixels at its highest value", default=0.05),
    Parameter("blank_ends", "number", "largest share of blank slices allowed at both ends of a volume", default=0.0),
    OF,
)

MET = plural_noop("%(count)d slice contains an image.", "%(count)d slices contain an image.")
BLANK = gettext_noop("All pixels of %(name)s have the same value. Export it again and send the whole series.")
SATURATED = gettext_noop("%(share)d %% of %(name)s is at the highest value. Check that the image is not clipped.")
MANY_SATURATED = plural_noop(
    "%(count)d slice is saturated: %(name)s. Check that it is not clipped.",
    "%(count)d slices are saturated, most of all %(name)s. Check that they are not clipped.",
)


def judge(
    say: Judge, exam: ExamFacts, saturated: float, blank_ends: float, of: list[str] | None
) -> Iterator[Judgement]:
    """Refuse a slice of one value (but for allowed blank ends), review one with many pixels at its highest value."""
    for series in exam.of(of):
        where = exam.where(series)
        blank = {
            n
            for n, piece in enumerate(series.slices)
            if piece.pixels is not None and piece.pixels.low == piece.pixels.high
        }
        faults = [
            say.refuse("corrupt_pixels", series.slices[n].instance, BLANK, name=series.slices[n].instance)
            for n in sorted(blank - _at_ends(blank, len(series.slices), blank_ends))
        ]
        clipped = [
            piece
            for n, piece in enumerate(series.slices)
            if n not in blank and piece.pixels is not None and piece.pixels.saturated > saturated
        ]
        if clipped:
            worst = max(clipped, key=lambda piece: piece.pixels.saturated if piece.pixels else 0.0)
            share = round(100 * (worst.pixels.saturated if worst.pixels else 0.0))
            words = SATURATED if len(clipped) == 1 else MANY_SATURATED
            faults.append(
                say.review("out_of_range", where, words, name=worst.instance, share=share, count=len(clipped))
            )
        yield from faults
        if series.slices and not faults:
            yield say.accept(where, MET, count=len(series.slices))


def _at_ends(blank: set[int], count: int, share: float) -> set[int]:
    """Return the blank slices that lie in one run from either end, unless they are more than the allowed share."""
    ends: set[int] = set()
    for run in (range(count), range(count - 1, -1, -1)):
        for n in run:
            if n not in blank:
                break
            ends.add(n)
    return ends if len(ends) <= share * count else set()
