"""Plane of the slices: axial, coronal or sagittal."""

from __future__ import annotations

from collections.abc import Iterator

from concours.imaging.assemble import plane_of
from concours.inclusion.exam.facts import ExamFacts
from concours.inclusion.judgement import Judge, Judgement, gettext_noop
from concours.inclusion.parameter import OF, Parameter

TITLE = gettext_noop("Plane of the slices")
SUMMARY = gettext_noop("The slices are in the plane that the question requires.")
PARAMETERS = (
    Parameter("allowed", "list", "planes", required=True, choices=("axial", "coronal", "sagittal", "oblique")),
    Parameter("tolerance", "number", "largest angle to the plane", unit="degrees", default=30),
    OF,
)
OF_SLICES = True

MET = gettext_noop("Plane: %(found)s.")
NOT_MET = gettext_noop("The plane of the slices is %(found)s; required: %(allowed)s.")
UNKNOWN = gettext_noop("The orientation of the slices is not stated. Check that it is %(allowed)s.")


def judge(
    say: Judge, exam: ExamFacts, allowed: list[str], tolerance: float, of: list[str] | None
) -> Iterator[Judgement]:
    """Judge the slice normal from ImageOrientationPatient (0020,0037) against the patient's axes."""
    allowed_names = ", ".join(allowed)
    for series in exam.of(of):
        where = exam.where(series)
        planes = {plane_of(piece.orientation, tolerance) for piece in series.slices if piece.orientation is not None}
        if not planes or any(piece.orientation is None for piece in series.slices):
            yield say.review("missing_value", where, UNKNOWN, allowed=allowed_names)
        elif planes <= set(allowed):
            yield say.accept(where, MET, found=", ".join(sorted(planes)))
        else:
            plane = ", ".join(sorted(planes - set(allowed)))
            yield say.refuse("criterion_not_met", where, NOT_MET, found=plane, allowed=allowed_names)
