"""Fill closed outlines on a plane of voxels: a voxel is inside when its centre is, by the even-odd rule."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Outline = NDArray[np.float64]  # (n, 2): position along the rows and along the columns, in voxels; closed by itself
MOST_CROSSINGS = 50_000_000  # of outlines with rows of voxels; a drawn organ has some 100 000
SEPARATE, NESTED = 0.02, 0.98  # share of the smaller outline's voxels in the larger: below apart, above a hole


class CrossingError(Exception):
    """Two outlines overlap in part, so that what they enclose together is unclear."""


class TooManyCrossingsError(Exception):
    """The outlines wind more often than any drawn region does."""


def fill(outline: Outline, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """The voxels of a plane of `shape` whose centre lies inside.

    A centre on an edge belongs to the side of the larger index, so that two outlines that share an edge neither overlap nor
    leave a gap. Raises TooManyCrossingsError.
    """
    rows, columns = shape
    begin, end = outline, np.roll(outline, -1, axis=0)
    low, high = np.minimum(begin[:, 0], end[:, 0]), np.maximum(begin[:, 0], end[:, 0])
    first = np.clip(np.ceil(low), 0, rows).astype(np.int64)  # rows first <= row < last are crossed
    count = np.clip(np.ceil(high), 0, rows).astype(np.int64) - first
    if count.sum() > MOST_CROSSINGS:
        raise TooManyCrossingsError
    edge = np.repeat(np.arange(len(outline)), count)
    row = first[edge] + np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    run = end[edge] - begin[edge]
    at = begin[edge, 1] + (row - begin[edge, 0]) * run[:, 1] / run[:, 0]
    column = np.clip(np.ceil(at), 0, columns).astype(np.int64)
    toggles = np.bincount(row * (columns + 1) + column, minlength=rows * (columns + 1))
    inside = np.cumsum(toggles.reshape(rows, columns + 1), axis=1) & 1
    return inside[:, :columns].astype(np.bool_)


def fill_together(outlines: Sequence[Outline], shape: tuple[int, int], may_cross: bool) -> NDArray[np.bool_]:
    """The voxels inside an odd number of outlines; an outline that is given twice counts once.

    Raises CrossingError where two overlap in part, unless `may_cross`, and TooManyCrossingsError.
    """
    different = {outline.tobytes(): outline for outline in outlines}
    planes = [fill(outline, shape) for outline in different.values()]
    if not may_cross:
        _check_apart(list(different.values()), planes)
    together = np.zeros(shape, np.bool_)
    for plane in planes:
        together ^= plane
    return together


def _check_apart(outlines: Sequence[Outline], planes: Sequence[NDArray[np.bool_]]) -> None:
    boxes = [(outline.min(axis=0), outline.max(axis=0)) for outline in outlines]
    for n, (low, high) in enumerate(boxes):
        for m in range(n + 1, len(boxes)):
            if (low > boxes[m][1]).any() or (high < boxes[m][0]).any():
                continue
            sizes = sorted((int(planes[n].sum()), int(planes[m].sum())))
            shared = int((planes[n] & planes[m]).sum())
            alike = sizes[0] > NESTED * sizes[1]
            if shared > SEPARATE * sizes[0] and (shared < NESTED * sizes[0] or alike):
                raise CrossingError
