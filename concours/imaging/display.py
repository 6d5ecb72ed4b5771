"""How an image hangs on a screen: the radiological convention, whatever order it is stored in.

Axial: anterior up, the patient's right on the left, from the head down. Coronal: head up, the patient's right on the
left, from front to back. Sagittal: head up, anterior on the left, from right to left. A radiograph has no position; its
PatientOrientation says where the head and the patient's right are (PS3.3 C.7.6.1.1.1).
"""

from __future__ import annotations

import numpy as np

from concours.formats.mask import Turn
from concours.imaging.geometry import Affine, Geometry

# For slices across R/L, A/P, S/I: the sides that slices, rows and columns go to on the screen. RAS axis, and its sign.
_SAGITTAL = ((0, -1), (2, -1), (1, -1))
_CORONAL = ((1, -1), (2, -1), (0, -1))
_AXIAL = ((2, -1), (1, -1), (0, -1))
HANGING = (_SAGITTAL, _CORONAL, _AXIAL)
SIDES = ("RL", "AP", "SI")  # the side of growing and of falling RAS coordinates
OPPOSITE = {"L": "R", "R": "L", "A": "P", "P": "A", "H": "F", "F": "H"}
AS_STORED = Turn((2, 1, 0))


def upright(geometry: Geometry) -> Turn:
    """Return how an array (i, j, k) is turned to be shown: (slices, rows, columns), each slice hanging as radiologists expect."""
    if geometry.affine is None:
        return _radiograph(geometry)
    directions = _directions(geometry.matrix)
    hanging = HANGING[directions[2][0]]
    axes, flipped = [], []
    for place, (body_axis, sign) in enumerate(hanging):
        axis = next(n for n in range(3) if directions[n][0] == body_axis)
        axes.append(axis)
        if directions[axis][1] != sign:
            flipped.append(place)
    return Turn(tuple(axes), tuple(flipped))


def letters(geometry: Geometry) -> str:
    """Return the sides of the patient that slices, rows and columns of the turned array go to, as "I,P,L"; "" where unknown.

    Of a radiograph only rows and columns are known: ",F,L".
    """
    turn = upright(geometry)
    if geometry.affine is None:
        column, row = (letter[:1] for letter in geometry.patient_orientation)
        sides = [column, row]
        if any(side not in OPPOSITE for side in sides):
            return ""
        shown = ["", *(sides[axis] for axis in turn.axes[1:])]
        return ",".join(
            OPPOSITE[side] if place in turn.flipped else side for place, side in enumerate(shown)
        ).translate({ord("H"): "S", ord("F"): "I"})
    directions = _directions(geometry.matrix)
    sides = []
    for place, axis in enumerate(turn.axes):
        body_axis, sign = directions[axis]
        grows = (sign > 0) != (place in turn.flipped)
        sides.append(SIDES[body_axis][0 if grows else 1])
    return ",".join(sides)


def _directions(affine: Affine) -> list[tuple[int, int]]:
    """For i, j, k: the body axis (RAS) that it runs along most, no axis twice, and the sign.

    The slices' own direction is that of their normal, not of the stack: a tilted gantry does not change the plane.
    """
    steps = affine[:3, :3].copy()
    normal = np.cross(steps[:, 0], steps[:, 1])
    steps[:, 2] = normal * np.sign(normal @ steps[:, 2])
    steps = steps / np.linalg.norm(steps, axis=0)
    result: list[tuple[int, int]] = [(0, 1)] * 3
    weights = np.abs(steps)
    for axis in (2, 0, 1):
        body_axis = int(weights[:, axis].argmax())
        result[axis] = (body_axis, 1 if steps[body_axis, axis] > 0 else -1)
        weights[body_axis, :] = -1.0
    return result


def _radiograph(geometry: Geometry) -> Turn:
    """Head up; of a frontal view the patient's right on the left. Other views keep their side: a mammogram has its own."""
    column, row = (letter[:1] for letter in geometry.patient_orientation)
    lying = column in ("H", "F") and row not in ("H", "F", "")
    along, down = (row, column) if lying else (column, row)
    flipped = tuple(place for place, side, up in ((1, down, "H"), (2, along, "R")) if side == up)
    return Turn((2, 0, 1) if lying else (2, 1, 0), flipped)
