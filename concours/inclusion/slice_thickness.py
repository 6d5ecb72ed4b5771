"""Slice thickness in millimetres."""

from __future__ import annotations

from collections.abc import Iterator

from concours.inclusion.exam.facts import ExamFacts
from concours.inclusion.judgement import Judge, Judgement, gettext_noop
from concours.inclusion.parameter import OF, Parameter

TITLE = gettext_noop("Slice thickness")
UNIT = "mm"
SUMMARY = gettext_noop("The slices have the thickness that the question requires.")
PARAMETERS = (
    Parameter("min", "number", "thinnest slice, included", unit="mm"),
    Parameter("max", "number", "thickest slice, included", unit="mm"),
    Parameter("below", "number", "slices must be thinner than this, itself not included", unit="mm"),
    OF,
)
ROUNDING = 1e-3  # mm; decimal strings such as 1.249999 are 1.25

MET = gettext_noop("Slice thickness %(found)s mm.")
THIN = gettext_noop(
    "The slice thickness is %(found)s mm; at least %(limit)s mm is required. Send a thicker reconstruction."
)
THICK = gettext_noop(
    "The slice thickness is %(found)s mm; at most %(limit)s mm is allowed. Send a thinner reconstruction."
)
NOT_BELOW = gettext_noop(
    "The slice thickness is %(found)s mm; less than %(limit)s mm is required. Send a thinner reconstruction."
)
UNKNOWN = gettext_noop("The slice thickness is not stated. Check it on the scanner or in the PACS.")


def judge(
    say: Judge, exam: ExamFacts, min: float | None, max: float | None, below: float | None, of: list[str] | None
) -> Iterator[Judgement]:
    """Judge each thickness that occurs in SliceThickness (0018,0050)."""
    for series in exam.of(of):
        where = exam.where(series)
        if not series.slices or any(not piece.thickness or piece.thickness <= 0 for piece in series.slices):
            yield say.review("missing_value", where, UNKNOWN)
        faults = []
        thicknesses = sorted(
            {round(piece.thickness, 3) for piece in series.slices if piece.thickness and piece.thickness > 0}
        )
        for thickness in thicknesses:
            if min is not None and thickness < min - ROUNDING:
                faults.append(say.refuse("criterion_not_met", where, THIN, found=f"{thickness:g}", limit=f"{min:g}"))
            if max is not None and thickness > max + ROUNDING:
                faults.append(say.refuse("criterion_not_met", where, THICK, found=f"{thickness:g}", limit=f"{max:g}"))
            if below is not None and thickness >= below - ROUNDING:
                limit = f"{below:g}"
                faults.append(say.refuse("criterion_not_met", where, NOT_BELOW, found=f"{thickness:g}", limit=limit))
        yield from faults
        if thicknesses and not faults:
            yield say.accept(where, MET, found=", ".join(f"{piece:g}" for piece in thicknesses))
