"""Writing in pixels: the seam between the engine and whatever reads it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from anonymization.deid.objects import Kind
from anonymization.deid.pixels import PixelModule
from anonymization.deid.source import Source
from anonymization.deid.transform import Subject

if TYPE_CHECKING:
    from anonymization.deid.deidentifier import Header


@dataclass
class Examined:
    """What was found. `pixels`, where writing was blanked, replaces the pixel data (length and value, encoded as
    `transfer_syntax` says); `frames` are those that were edited; `boxes` say where writing stands, never what it says."""

    review: bool = False
    clean: bool = False
    examined: int = 0
    boxes: list[dict[str, Any]] = field(default_factory=list)
    frames: tuple[int, ...] = ()
    pixels: bytes | None = field(default=None, repr=False)
    pixel_vr: bytes = b"OW"
    transfer_syntax: str = ""
    overrides: list[tuple[int, bytes]] = field(default_factory=list, repr=False)


Examiner = Callable[[Source, "Header", Kind, PixelModule, Subject], Examined]


def no_examiner(source: Source, header: "Header", kind: Kind, module: PixelModule, subject: Subject) -> Examined:
    """Without a reader of writing, every kind that may carry it goes to a person."""
    claimed = header.text(0x00280301) == "YES"
    return Examined(review=kind is Kind.TEXT_IN_PIXELS or claimed)
