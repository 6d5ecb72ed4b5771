"""PNG masks of 2D images: the header is checked by arithmetic before the image is decoded.

Layout: PNG (third edition), sections 5 and 11.2. Grey and palette images are read (a palette's indices are the values);
colour and transparency have no meaning in a mask and are refused.
"""

import io
import struct
import warnings
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin, UnidentifiedImageError

from concours.formats.fault import FormatError, gettext_noop, refuse
from concours.formats.files import PNG_SIGNATURE
from concours.formats.labels import Masks, pack_array
from concours.formats.manifest import Grid
from concours.formats.mask import Turn, by, fit
from concours.formats.nifti import Buffer

MAX_PIXELS = 100_000_000
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
CHANNELS = {2: "RGB", 4: "LA", 6: "RGBA"}
DECODE_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    zlib.error,
    struct.error,
    UnidentifiedImageError,
    IndexError,
    TypeError,
)

NOT_PNG = gettext_noop("%(name)s: this is not a PNG file. Save the mask as PNG and resend it.")
DAMAGED = gettext_noop("%(name)s: the PNG is damaged or truncated. Save it again and resend it.")


def read_array(source: Buffer, name: str = "file", grid: Grid | None = None) -> NDArray[Any]:
    """The grey values (rows, columns) as uint8 or uint16. Raises `FormatError` before decoding when the header is wrong."""
    head = bytes(memoryview(source)[:33])
    if head[:8] != PNG_SIGNATURE or head[12:16] != b"IHDR" or len(head) < 33:
        raise refuse("wrong_format" if head[:8] != PNG_SIGNATURE else "unreadable_file", name, NOT_PNG, name=name)
    columns, rows, depth, colour = struct.unpack(">IIBB", head[16:26])
    if colour not in DEPTHS or depth not in DEPTHS[colour] or not rows or not columns:
        raise refuse("unreadable_file", name, DAMAGED, name=name)
    if rows * columns > MAX_PIXELS:
        template = gettext_noop("%(name)s: the image declares %(shape)s pixels, more than any image provided.")
        raise refuse("too_large", name, template, name=name, shape=by((rows, columns)))
    if colour in CHANNELS:
        template = gettext_noop("%(name)s: the image has the channels %(kind)s; a mask has one. Save it in greyscale.")
        raise refuse("wrong_channels", name, template, name=name, kind=CHANNELS[colour])
    turn = fit((rows, columns), None, grid, name)
    if not isinstance(turn, Turn):
        raise FormatError(turn)
    return _decoded(source, name)


def read_mask(
    source: Buffer, grid: Grid | None = None, values: tuple[int, ...] | None = None, name: str = "file"
) -> Masks:
    """The masks of a grey or palette PNG of the reference's shape."""
    return pack_array(read_array(source, name, grid), values, name, None, grid)


def _decoded(source: Buffer, name: str) -> NDArray[Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd metadata, which a mask does not need
            with PngImagePlugin.PngImageFile(io.BytesIO(source)) as image:
                image.load()
                if image.mode == "1":
                    return np.asarray(image).astype(np.uint8)
                if image.mode in ("L", "P", "I;16", "I;16B"):
                    return np.asarray(image)
                if image.mode == "I":
                    return np.asarray(image).astype(np.int32)
    except (*DECODE_ERRORS, Image.DecompressionBombError) as error:
        raise refuse("unreadable_file", name, DAMAGED, name=name) from error
    raise refuse("wrong_channels", name, DAMAGED, name=name)
