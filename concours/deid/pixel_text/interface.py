"""Writing in pixels: the seam between the engine and whatever reads it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from concours.deid import tags
from concours.deid.header import ElementHeader
from concours.deid.objects import Kind
from concours.deid.pixel_text.box import ReportedBox
from concours.deid.pixels import PixelModule
from concours.deid.source import OpenedFile
from concours.deid.subject import Subject


@dataclass
class Examined:
    """What was found. `pixels`, where writing was blanked, replaces the pixel data (length and value, encoded as
    `transfer_syntax` says); `frames` are those that were edited; `boxes` say where writing stands, never what it says."""

    review: bool = False
    clean: bool = False
    examined: int = 0
    boxes: list[ReportedBox] = field(default_factory=list)
    frames: tuple[int, ...] = ()
    pixels: bytes | None = field(default=None, repr=False)
    pixel_vr: bytes = b"OW"
    transfer_syntax: str = ""
    overrides: list[tuple[int, bytes]] = field(default_factory=list, repr=False)


Examiner = Callable[[OpenedFile, ElementHeader, Kind, PixelModule, Subject], Examined]


def no_examiner(
    source: OpenedFile, header: ElementHeader, kind: Kind, module: PixelModule, subject: Subject
) -> Examined:
    """Without a reader of writing, every kind that may carry it goes to a person."""
    claimed = header.text(tags.BurnedInAnnotation) == "YES"
    return Examined(review=kind is Kind.TEXT_IN_PIXELS or claimed)
