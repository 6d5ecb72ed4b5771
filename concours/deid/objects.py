"""Kinds of object by SOP class: which are images, which may carry text in their pixels, which are reports, and which are
refused.
"""

from enum import Enum

_STORAGE = "1.2.840.10008.5.1.4.1.1."


class Kind(Enum):
    """What an object is to de-identification."""

    IMAGE = "image; one sampled frame of a series is examined for text"
    TEXT_IN_PIXELS = "image whose pixels often carry text; every frame is examined"
    DERIVED = "measurements, segmentations or plans without readable pixels; header rules alone"
    REPORT = "structured report; rebuilt from codes and numbers, to a person where unknown words were dropped"
    PRESENTATION = "presentation state; header rules alone, graphics cleaned"
    WAVEFORM = "waveform; to a person, because it is no image"
    REFUSED = "refused: it embeds a document, raw data or an unknown form"


_IMAGES = (
    "2 2.1 2.2 4 4.1 4.4 20 128 128.1 130 481.1 481.2 13.1.1 13.1.2 13.1.3 13.1.4 13.1.5 1.2 1.2.1 30 66.4 "
    "14.1 14.2 77.1.6"
)
_TEXT = (
    "1 1.1 1.1.1 1.3 1.3.1 3 3.1 6 6.1 6.2 6.3 7 7.1 7.2 7.3 7.4 12.1 12.1.1 12.2 12.2.1 12.3 4.3 5 481.23 481.24 "
    "77.1 77.2 77.1.1 77.1.2 77.1.3 77.1.4 77.1.5.1 77.1.5.2 77.1.5.4 77.1.5.5 77.1.5.7 77.1.7 77.1.8 77.1.9 81.1 82.1"
)
_DERIVED = (
    "66.1 66.2 66.3 66.5 66.6 67 68.1 68.2 481.3 481.4 481.5 481.6 481.7 481.8 481.9 481.10 481.11 481.12 481.13 "
    "481.14 481.15 481.16 481.17 "
    "481.18 481.19 481.20 481.21 481.22 481.25 4.2 77.1.5.3 77.1.5.6 77.1.5.8 78.1 78.2 78.3 78.4 78.5 78.7 78.8 79.1 80.1 91.1"
)
_REPORTS = (
    "88.11 88.22 88.33 88.34 88.35 88.40 88.50 88.59 88.65 88.67 88.68 88.69 88.70 88.71 88.72 88.73 88.74 88.75 "
    "88.76 88.77 90.1"
)
_PRESENTATIONS = "11.1 11.2 11.3 11.4 11.5 11.6 11.7 11.8 11.9 11.10 11.11 11.12"
_WAVEFORMS = "9.1.1 9.1.2 9.1.3 9.1.4 9.2.1 9.3.1 9.4.1 9.4.2 9.5.1 9.6.1 9.6.2 9.7.1 9.7.2 9.7.3 9.7.4 9.8.1"

KINDS: dict[str, Kind] = {
    _STORAGE + suffix: kind
    for kind, suffixes in (
        (Kind.DERIVED, _DERIVED),
        (Kind.TEXT_IN_PIXELS, _TEXT),
        (Kind.REPORT, _REPORTS),
        (Kind.PRESENTATION, _PRESENTATIONS),
        (Kind.WAVEFORM, _WAVEFORMS),
        (Kind.IMAGE, _IMAGES),
    )
    for suffix in suffixes.split()
}

LITTLE_EXPLICIT = "1.2.840.10008.1.2.1"
LITTLE_IMPLICIT = "1.2.840.10008.1.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
BIG_EXPLICIT = "1.2.840.10008.1.2.2"
NATIVE = frozenset((LITTLE_EXPLICIT, LITTLE_IMPLICIT, DEFLATED, BIG_EXPLICIT))
_JPEG = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 57, 70, 80, 81))
_JPEG2000 = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (90, 91, 92, 93, 201, 202, 203))
_JPEGXL = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (110, 111, 112))
RLE = "1.2.840.10008.1.2.5"
ENCAPSULATED = _JPEG | _JPEG2000 | {RLE}
"""Encapsulated transfer syntaxes that are taken. Video and JPEG XL are refused: their frames cannot be examined here."""
JPEG_MARKED, JPEG2000_MARKED = _JPEG, _JPEG2000


def kind_of(sop_class: str) -> Kind:
    """The kind of a SOP class; one that is unknown is refused."""
    return KINDS.get(sop_class, Kind.REFUSED)
