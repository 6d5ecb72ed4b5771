"""Turns stored pixels into the 8-bit picture that a person would see, so that writing can be read in it."""

import numpy as np
from numpy.typing import NDArray


def displayed(frame: NDArray[np.generic], photometric: str = "MONOCHROME2") -> NDArray[np.uint8]:
    """8-bit picture of one frame of shape (rows, columns) or (rows, columns, samples).

    Monochrome values are stretched between their 0.5 and 99.5 percentiles; MONOCHROME1 is inverted. Colour keeps its
    values (16-bit colour is divided by its maximum); for YBR the luminance is shown, which is where writing lives.
    """
    if frame.ndim == 3 and frame.shape[2] >= 3:
        colour = frame[..., :3]
        if colour.dtype != np.uint8:
            highest = max(1.0, float(colour.max()))
            colour = (colour.astype(np.float32) * (255.0 / highest)).clip(0, 255).astype(np.uint8)
        if photometric.upper().startswith("YBR"):
            return np.ascontiguousarray(colour[..., 0])
        return np.ascontiguousarray(colour)
    grey = frame[..., 0] if frame.ndim == 3 else frame
    low, high = (float(v) for v in np.percentile(grey.astype(np.float32), (0.5, 99.5)))
    if high - low < 1e-9:  # a blank page with a little writing on it
        low, high = float(grey.min()), float(grey.max())
    scale = 255.0 / (high - low) if high > low else 0.0
    picture = ((grey.astype(np.float32) - low) * scale).clip(0, 255).astype(np.uint8)
    return 255 - picture if photometric.upper() == "MONOCHROME1" else picture
