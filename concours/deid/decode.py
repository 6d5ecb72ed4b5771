"""Decodes frames for the search of writing, and encodes edited ones without loss. Runs in a limited child: codecs crash on
hostile bytes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

REENCODED = {
    "1.2.840.10008.1.2.5": "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.4.80": "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.90": "1.2.840.10008.1.2.4.90",
}
"""Lossless transfer syntaxes whose single-channel frames are encoded again in the same syntax."""
LOSSLESS = frozenset(
    (
        *REENCODED,
        "1.2.840.10008.1.2.4.57",
        "1.2.840.10008.1.2.4.70",
        "1.2.840.10008.1.2.4.201",
        "1.2.840.10008.1.2.4.202",
    )
)
"""Transfer syntaxes whose decoded values are the originals, so that writing uncompressed values keeps every pixel."""
LOSSY_OR_NOT = frozenset(("1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.203"))


@dataclass(frozen=True)
class PixelLayout:
    """What pydicom's decoders and encoders are told of an image, under its names for it."""

    rows: int
    columns: int
    samples_per_pixel: int
    bits_allocated: int
    bits_stored: int
    pixel_representation: int
    number_of_frames: int
    photometric_interpretation: str
    planar_configuration: int
    pixel_keyword: str = "PixelData"

    def to_json(self) -> dict[str, Any]:
        """As it crosses to a child, and as the keywords of pydicom's calls."""
        return asdict(self)


def decode_frames(
    pixels: bytes, transfer_syntax: str, layout: Mapping[str, Any], indexes: list[int]
) -> list[tuple[NDArray[np.generic], str]]:
    """Frames as (rows, columns) or (rows, columns, samples) without conversion of colour, each with its photometric
    interpretation.

    `pixels`: the value of the pixel data element; `layout`: a `PixelLayout` as JSON. Raises ValueError where a frame cannot be
    decoded.
    """
    return list(_frames(pixels, transfer_syntax, PixelLayout(**layout), indexes))


def _frames(
    pixels: bytes, transfer_syntax: str, layout: PixelLayout, indexes: list[int]
) -> Iterator[tuple[NDArray[np.generic], str]]:
    import warnings

    from pydicom.pixels import get_decoder  # large, and needed for compressed frames alone

    decoder = get_decoder(transfer_syntax)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for index in indexes:
            try:
                frame, meta = decoder.as_array(pixels, raw=True, index=index, **layout.to_json())
            except (ValueError, RuntimeError, AttributeError, IndexError, TypeError, EOFError, OSError) as error:
                raise ValueError("a frame cannot be decoded") from error
            yield np.asarray(frame), str(meta.get("photometric_interpretation", layout.photometric_interpretation))


def encode_frames(
    pixels: bytes, transfer_syntax: str, layout: Mapping[str, Any], edited: dict[str, NDArray[np.generic]]
) -> bytes:
    """The encapsulated value with the frames of `edited` (index as text: pixels) encoded again without loss and the others as
    they were.

    Raises ValueError where an encoded frame does not decode to the same pixels.
    """
    from pydicom.encaps import encapsulate, generate_frames
    from pydicom.pixels import get_encoder

    whole = PixelLayout(**layout)
    single = replace(whole, number_of_frames=1)
    number = whole.number_of_frames
    frames = list(generate_frames(pixels, number_of_frames=number))
    for text, frame in edited.items():
        encoded = get_encoder(transfer_syntax).encode(np.ascontiguousarray(frame).tobytes(), **single.to_json())
        value = encapsulate([encoded])
        back, _meta = next(_frames(value, transfer_syntax, single, [0]))
        if not np.array_equal(back, frame):
            raise ValueError("an encoded frame is not what it was")
        frames[int(text)] = encoded
    return bytes(encapsulate(frames, has_bot=number > 1)) + b"\xfe\xff\xdd\xe0\0\0\0\0"
