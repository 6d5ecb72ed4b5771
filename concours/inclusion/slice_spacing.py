"""The distance between slices, and how the slices lie in the body."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from concours.formats.fault import plural_noop
from concours.imaging import Geometry
from concours.imaging.assemble import angle_to_body
from concours.inclusion.exam.facts import ExamFacts
from concours.inclusion.judgement import Judge, Judgement, gettext_noop
from concours.inclusion.parameter import OF, Parameter

TITLE = gettext_noop("Distance between slices")
UNIT = "mm"
SUMMARY = gettext_noop("The distance between slices is what the question requires, and the slices are not tilted.")
PARAMETERS = (
    Parameter("min", "number", "smallest distance between slices", unit="mm"),
    Parameter("max", "number", "largest distance between slices", unit="mm"),
    Parameter(
        "tolerance", "number", "share of the distance by which it may vary, at most what `usable` allows", default=0.1
    ),
    Parameter("tilt", "number", "largest angle between slices and the body's axes", unit="degrees", default=35),
    OF,
)
OF_SLICES = True
ROUNDING = 0.02  # mm

MET = plural_noop("%(count)d slice of %(spacing)s mm, complete.", "%(count)d slices every %(spacing)s mm, complete.")
IRREGULAR = gettext_noop(
    "The distance between slices varies from %(low)s to %(high)s mm. Upload the reconstruction with equal spacing."
)
TILTED = gettext_noop("The slices are tilted by %(angle)s degrees against the body. Check that the volume can be used.")
CLOSE = gettext_noop("The slices are %(spacing)s mm apart and at least %(limit)s mm is required.")
FAR = gettext_noop(
    "The slices are %(spacing)s mm apart and at most %(limit)s mm is required. Upload a finer reconstruction."
)


def judge(
    say: Judge, exam: ExamFacts, min: float | None, max: float | None, tolerance: float, tilt: float,
    of: list[str] | None,
) -> Iterator[Judgement]:  # fmt: skip
    """Judge the distances between ImagePositionPatient along the slice normal; completeness is judged by `usable`."""
    for image in of or exam.images:
        geometry = exam.geometry(image)
        if geometry is None or geometry.affine is None or geometry.spacing is None or len(geometry.slices) < 2:
            continue
        spacing = geometry.spacing[2]
        shown = f"{spacing:.2f}"
        faults = []
        low, high = _distances(geometry)
        if high - low > 2 * (tolerance * spacing + ROUNDING):
            faults.append(say.refuse("incomplete_series", image, IRREGULAR, low=f"{low:.2f}", high=f"{high:.2f}"))
        angle = angle_to_body(_cosines(geometry))
        if angle > tilt:
            faults.append(say.review("criterion_not_met", image, TILTED, angle=f"{angle:.0f}"))
        if min is not None and spacing < min - ROUNDING:
            faults.append(say.refuse("criterion_not_met", image, CLOSE, spacing=shown, limit=f"{min:g}"))
        if max is not None and spacing > max + ROUNDING:
            faults.append(say.refuse("criterion_not_met", image, FAR, spacing=shown, limit=f"{max:g}"))
        yield from faults
        if not faults:
            yield say.accept(image, MET, count=len(geometry.slices), spacing=shown)


def _distances(geometry: Geometry) -> tuple[float, float]:
    """The smallest and the largest distance between neighbours along the normal, in mm."""
    cosines = np.array(_cosines(geometry))
    normal = np.cross(cosines[:3], cosines[3:])
    gaps = np.diff(np.array([piece.position for piece in geometry.slices], float) @ normal)
    return float(gaps.min()), float(gaps.max())


def _cosines(geometry: Geometry) -> list[float]:
    """Row and column direction in the patient's LPS axes."""
    directions = geometry.matrix[:3, :2] / np.linalg.norm(geometry.matrix[:3, :2], axis=0)
    return [float(value) for value in (np.diag([-1, -1, 1]) @ directions).T.ravel()]
