"""A perceptual hash of a volume: near copies of one exam, sent twice or by two centres, have nearly the same bits."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.fft import dctn

SIDE = 32  # a slice is averaged down to SIDE x SIDE
DEPTH = 16  # and a volume to DEPTH slices
SLABS = 4  # of which each quarter gives a quarter of the bits
BITS = 256
NEAR = 26  # bits of 256; two exams at or below this distance go to a person as a likely duplicate


def thumbnail(image: np.ndarray) -> np.ndarray:
    """Return the image (rows, columns) averaged down to 32 x 32 as float64; smaller images are repeated up first."""
    array = np.asarray(image)
    for axis in (0, 1):
        if array.shape[axis] < SIDE:
            array = np.repeat(array, -(-SIDE // array.shape[axis]), axis=axis)
    rows, columns = (np.linspace(0, length, SIDE + 1).astype(int) for length in array.shape)
    if (
        array.dtype.kind in "iu" and array.dtype.itemsize <= 2
    ):  # whole numbers: exact in any order, and three times as fast
        sums = np.stack([array[start:end].sum(axis=0, dtype=np.int32) for start, end in pairwise(rows)])
    else:
        sums = np.add.reduceat(array, rows[:-1], axis=0, dtype=np.float64)
    sums = np.add.reduceat(sums, columns[:-1], axis=1, dtype=np.float64)
    means: np.ndarray = sums / np.outer(np.diff(rows), np.diff(columns))
    return means


def perceptual_hash(volume: np.ndarray) -> int:
    """Return the 256-bit hash of a volume (slices, rows, columns) or an image (rows, columns); any unit.

    Signs of the low frequencies of a discrete cosine transform against their median (Zauner 2010, pHash): 8 x 8 of
    each quarter of the volume along its slices, 16 x 16 of the mean slice below four slices. Insensitive to gain,
    offset, mild noise and resampling; not to rotation. ValueError for an empty volume.
    """
    array = np.asarray(volume)
    array = array[None] if array.ndim == 2 else array
    if array.ndim != 3 or array.size == 0:
        raise ValueError("a volume of slices x rows x columns is needed")
    return hash_thumbnails(np.stack([thumbnail(image) for image in array]))


def hash_thumbnails(stack: np.ndarray) -> int:
    """Return the hash of thumbnails (slices, 32, 32) in the order of their positions."""
    low, high = np.percentile(stack, [1, 99])
    stack = np.clip(stack, low, high)
    if len(stack) < SLABS:
        bits = _bits(stack.mean(axis=0), 16)
    else:
        at = np.linspace(0, len(stack) - 1, DEPTH)
        below = np.floor(at).astype(int)
        above = np.minimum(below + 1, len(stack) - 1)
        share = (at - below)[:, None, None]
        even = stack[below] * (1 - share) + stack[above] * share
        bits = np.concatenate([_bits(slab.mean(axis=0), 8) for slab in np.split(even, SLABS)])
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def _bits(image: np.ndarray, side: int) -> np.ndarray:
    """Return side x side signs of the lowest frequencies against their median, the mean brightness left out."""
    coefficients = dctn(image, norm="ortho")[:side, :side].ravel()
    bits: np.ndarray = coefficients > np.median(coefficients[1:])
    bits[0] = False
    return bits


def hash_distance(first: int, second: int) -> int:
    """Return how many of the 256 bits differ (0 to 256)."""
    return (first ^ second).bit_count()
