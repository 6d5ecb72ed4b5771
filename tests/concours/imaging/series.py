"""Frames of a series, as headers would describe them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from concours.imaging import Frame, assemble

RAS = np.diag([-1.0, -1.0, 1.0])
IDENTITY = np.eye(3)


def axes_of(degrees: tuple[float, float, float]) -> NDArray[np.float64]:
    """Row direction, column direction and normal after turning about x, y and z."""
    turned = np.eye(3)
    for axis, angle in enumerate(np.radians(degrees)):
        entry, other = (n for n in range(3) if n != axis)
        turn = np.eye(3)
        turn[entry, entry] = turn[other, other] = np.cos(angle)
        turn[entry, other], turn[other, entry] = -np.sin(angle), np.sin(angle)
        turned = turn @ turned
    return turned.T


def lined_up(
    count: int,
    *,
    step: float = 2.0,
    axes: NDArray[np.float64] = IDENTITY,
    pixel: float = 0.9,
    tilt: float = 0.0,
    backwards: bool = False,
    thickness: float | None = None,
    name: str = "",
) -> list[Frame]:
    """A CT of 64 columns and 48 rows; `tilt` degrees between the table's direction and the normal, `backwards` against it."""
    row, column, normal = axes
    angle = np.radians(tilt)
    along = (normal * np.cos(angle) + column * np.sin(angle)) * step * (-1 if backwards else 1)
    return [
        Frame(
            file=f"{name}{n:02d}",
            number=0,
            rows=48,
            columns=64,
            position=tuple((np.array([-30.0, 12.0, 100.0]) + n * along).tolist()),
            orientation=(*row.tolist(), *column.tolist()),
            pixel_spacing=(pixel, pixel),
            thickness=thickness,
            modality="CT",
            units="HU",
        )
        for n in range(count)
    ]


def reasons(frames: list[Frame]) -> list[str]:
    return [fault.reason for fault in assemble(frames).faults]
