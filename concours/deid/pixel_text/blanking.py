"""Blanks boxes of writing and leaves every other pixel bit for bit as it was."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from concours.deid.pixel_text.box import TextBox


def blank(
    pixels: NDArray[np.generic],
    boxes: Iterable[TextBox],
    *,
    photometric: str = "MONOCHROME2",
    verdicts: Iterable[str] = ("identity",),
) -> NDArray[np.generic]:
    """A copy of one frame, shape (rows, columns) or (rows, columns, samples), whose boxes of these verdicts hold one
    dark value.

    The value is the frame's darkest as displayed: its minimum (its maximum for MONOCHROME1), black for colour (0, 0,
    0 or, for YBR, 0 with neutral chroma), so that nothing of a letter can be told from the rest.
    """
    blanked_verdicts = frozenset(verdicts)
    result = pixels.copy()
    dark = _dark_value(pixels, photometric)
    for box in boxes:
        if box.verdict in blanked_verdicts:
            rows, columns = _reach(box, pixels.shape)
            result[rows, columns] = dark
    return result


def _reach(box: TextBox, shape: tuple[int, ...]) -> tuple[slice, slice]:
    margin = 0 if box.exact else 2
    return (
        slice(max(0, box.y0 - margin), min(shape[0], box.y1 + margin)),
        slice(max(0, box.x0 - margin), min(shape[1], box.x1 + margin)),
    )


def _dark_value(pixels: NDArray[np.generic], photometric: str) -> NDArray[np.generic]:
    kind = photometric.upper()
    if pixels.ndim == 3 and pixels.shape[2] >= 3:
        dark = np.zeros(pixels.shape[2], dtype=pixels.dtype)
        if kind.startswith("YBR") and pixels.dtype.kind == "u":
            dark[1:3] = 1 << (8 * pixels.dtype.itemsize - 1)
        return dark
    return np.asarray(pixels.max() if kind == "MONOCHROME1" else pixels.min(), dtype=pixels.dtype)
