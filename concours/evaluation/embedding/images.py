"""Images as SFR 2021 prepared them: min-max to 0..1, nearest neighbour to 299 x 299, three images as three channels."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from concours.questions.schema.nouns import EMBEDDED_IMAGES

SIDE = 299
CHANNELS = EMBEDDED_IMAGES


class UnusableImageError(ValueError):
    """An image that is not a plane of finite numbers, or a case that has not three of them."""


def prepare(case: Any) -> np.ndarray:
    """One case, three planes (arterial, portal, T2) of any sizes, as float32 (3, 299, 299) in 0 to 1.

    Each plane is normalised by its own minimum and maximum (a constant plane becomes 0) and resized by nearest neighbour,
    pixel `floor(i * side / 299)`. Raises UnusableImageError.
    """
    planes: Sequence[Any] = list(case)
    if len(planes) != CHANNELS:
        raise UnusableImageError(f"A case has {CHANNELS} images, not {len(planes)}.")
    return np.stack([_plane(plane) for plane in planes])


def _plane(plane: Any) -> np.ndarray:
    pixels = np.asarray(plane)
    if pixels.ndim != 2 or not pixels.size:
        raise UnusableImageError(f"An image is rows x columns, not {pixels.shape}.")
    if pixels.dtype.kind not in "uifb" or not np.isfinite(pixels).all():
        raise UnusableImageError("An image holds finite numbers alone.")
    low, high = float(pixels.min()), float(pixels.max())
    rows, columns = (np.arange(SIDE) * side // SIDE for side in pixels.shape)
    chosen = pixels[np.ix_(rows, columns)].astype(np.float64)
    if high == low:
        return np.zeros((SIDE, SIDE), np.float32)
    return ((chosen - low) / (high - low)).astype(np.float32)
