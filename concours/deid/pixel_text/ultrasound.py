"""Ultrasound machines say where their image regions are; the banner above them is where they write who the patient
is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from concours.deid.pixel_text.box import TextBox


@dataclass(frozen=True)
class UltrasoundRegion:
    """RegionLocationMinX0, MinY0, MaxX1, MaxY1 of (0018,6011), pixels from 0, last ones included (PS3.3 C.8.5.5)."""

    x0: int
    y0: int
    x1: int
    y1: int


def banner_boxes(rows: int, columns: int, regions: Sequence[UltrasoundRegion], frame: int = 0) -> list[TextBox]:
    """The band above every region as one box of identity; nothing when no sound region is declared or no band is left.

    The band is blanked whole, read or not: names stand there in every vendor's layout. Bands beside and below hold
    scales and settings and are judged line by line.
    """
    sound = list(_sound(rows, columns, regions))
    if not sound:
        return []
    top = min(region.y0 for region in sound)
    if not 4 <= top <= 0.3 * rows:
        return []
    return [TextBox(frame, 0, 0, columns, top, "identity", 1.0, exact=True)]


def _sound(rows: int, columns: int, regions: Iterable[UltrasoundRegion]) -> Iterable[UltrasoundRegion]:
    for region in regions:
        if 0 <= region.x0 < region.x1 <= columns and 0 <= region.y0 < region.y1 <= rows:
            yield region
