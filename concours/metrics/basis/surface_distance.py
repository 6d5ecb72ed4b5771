"""Distances between the surfaces of two masks, in mm, computed once for all metrics of one pair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from concours.metrics.basis.contract import Policy, gettext_noop
from concours.metrics.basis.region import Region

# Threads of one search: a scoring child has two cores at most.
WORKERS = 2

# Voxels that neighbours are looked up within, along each axis; and how many are cheaper to search for.
REACH = 3
FEW = 64

POLICY = Policy(
    both_empty=gettext_noop("Both masks empty: 0."),
    one_empty=gettext_noop("One mask empty: the diagonal of the volume."),
    missing=gettext_noop("A missing mask counts as the diagonal of the volume."),
)


@dataclass(frozen=True)
class SurfaceDistances:
    """For each surface voxel of one mask, the distance in mm to the nearest surface voxel of the other; both ways.

    Surface voxels have a face neighbour outside the mask; distances are between voxel centres.
    """

    from_truth: np.ndarray
    from_prediction: np.ndarray


def surface_distances(truth: Region, prediction: Region) -> SurfaceDistances | float:
    """Distances both ways, or, where they do not exist, the value that counts: both empty 0, one empty the diagonal."""
    prediction = prediction.in_order(truth.order)
    if not truth.count or not prediction.count:
        return 0.0 if truth.count == prediction.count else truth.diagonal
    cached = prediction.__dict__.get("_distances")
    if cached is not None and cached[0] is truth:
        pair: SurfaceDistances = cached[1]
        return pair
    pair = SurfaceDistances(_directed(truth, prediction), _directed(prediction, truth))
    prediction.__dict__["_distances"] = (truth, pair)
    return pair


def _directed(source: Region, target: Region) -> np.ndarray:
    """Distances from the surface of `source` to that of `target`, mm.

    Most surface voxels of a good prediction lie on the truth's surface or a few voxels off: these are looked up in a grid,
    nearest offsets first, which is exact; the rest are searched for in a tree.
    """
    distances = np.zeros(len(source.surface))
    left = np.arange(len(distances))
    grid, places = _grid(source, target)
    offsets, lengths = _offsets(grid.shape, target.dims_spacing)
    flat = grid.ravel()
    for offset, length in zip(offsets.tolist(), lengths.tolist(), strict=True):
        if len(left) < FEW:
            break
        hit = flat.take(places + offset)
        distances[left[hit]] = length
        rest = ~hit
        left, places = left[rest], places[rest]
    if len(left):
        points = source.points(source.surface[left])
        distances[left] = target.surface_tree.query(points, workers=WORKERS)[0]
    return distances


def _grid(source: Region, target: Region) -> tuple[np.ndarray, np.ndarray]:
    """The target's surface as a bool grid around both regions, and the places of the source's surface in it.

    At most one byte a voxel of the volume and its margin, for the time of one comparison.
    """
    boxes = [region.dims_box for region in (source, target)]
    low = [min(side.start for side in sides) - REACH for sides in zip(*boxes, strict=True)]
    high = [max(side.stop for side in sides) + REACH for sides in zip(*boxes, strict=True)]
    shape = tuple(stop - start for start, stop in zip(low, high, strict=True))
    places = [
        np.ravel_multi_index(
            [index - start for index, start in zip(region.indices(region.surface), low, strict=True)], shape
        )
        for region in (source, target)
    ]
    grid = np.zeros(shape, bool)
    grid.ravel()[places[1]] = True
    return grid, places[0]


def _offsets(shape: tuple[int, ...], spacing: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Flat offsets and lengths in mm, shortest first, of all steps that no step outside the reach can undercut."""
    steps = np.stack(np.meshgrid(*[np.arange(-REACH, REACH + 1)] * len(shape), indexing="ij"), -1).reshape(
        -1, len(shape)
    )
    lengths = np.linalg.norm(steps * spacing, axis=1)
    certain = np.flatnonzero(lengths < (REACH + 1) * min(spacing))
    order = certain[np.argsort(lengths[certain], kind="stable")]
    strides = np.cumprod([1, *shape[:0:-1]])[::-1]
    return steps[order] @ strides, lengths[order]
