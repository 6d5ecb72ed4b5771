"""Slices in space: their order along the normal, the gaps between them, and the grid of voxels they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from anonymization.criteria.exam.facts import SeriesFacts, SliceFacts

PARALLEL = 1e-3  # largest difference between direction cosines that are the same direction


@dataclass(frozen=True)
class Stack:
    """Slices in the order of their positions.

    `order` are indices into the given slices, `offsets` their distances along the normal (mm, ascending), `gaps` the
    differences of these, `drift` the largest in-plane displacement between neighbours (mm; a sheared, tilted stack
    has one), `parallel` whether all slices share one orientation.
    """

    order: tuple[int, ...]
    offsets: tuple[float, ...]
    gaps: tuple[float, ...]
    drift: float
    parallel: bool
    normal: tuple[float, ...]


def normal_of(orientation: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return the unit normal of a plane, its sign chosen so that the largest component is positive (shape 3)."""
    cosines = np.asarray(orientation, dtype=float)
    normal = np.cross(cosines[:3], cosines[3:])
    length = float(np.linalg.norm(normal))
    if length < 1e-6:
        return np.zeros(3)
    normal = normal / length
    return normal if normal[int(np.argmax(np.abs(normal)))] > 0 else -normal


def stack_of(slices: Sequence[SliceFacts]) -> Stack | None:
    """Return the stack, None when a slice lacks position or orientation or its direction cosines span no plane."""
    if not slices or any(one.position is None or one.orientation is None for one in slices):
        return None
    first = np.asarray(slices[0].orientation, dtype=float)
    normal = normal_of(first)
    if not normal.any():
        return None
    positions = np.array([one.position for one in slices], dtype=float)
    parallel = all(np.abs(np.asarray(one.orientation) - first).max() <= PARALLEL for one in slices)
    along = positions @ normal
    order = np.argsort(along, kind="stable")
    steps = np.diff(positions[order], axis=0)
    sideways = steps - np.outer(steps @ normal, normal)
    drift = float(np.linalg.norm(sideways, axis=1).max()) if len(steps) else 0.0
    return Stack(
        tuple(int(n) for n in order),
        tuple(float(n) for n in along[order]),
        tuple(float(n) for n in np.diff(along[order])),
        drift,
        bool(parallel),
        tuple(float(n) for n in normal),
    )


def plane_of(orientation: Sequence[float], tolerance_degrees: float) -> str:
    """Return axial, coronal, sagittal or oblique: the patient axis that the slice normal lies on within a tolerance."""
    normal = np.abs(normal_of(orientation))
    axis = int(np.argmax(normal))
    angle = np.degrees(np.arccos(min(1.0, float(normal[axis]))))
    return ("sagittal", "coronal", "axial")[axis] if normal.any() and angle <= tolerance_degrees else "oblique"


def tilt_of(orientation: Sequence[float]) -> float:
    """Return the angle in degrees between the slice normal and the patient axis nearest to it."""
    return float(np.degrees(np.arccos(min(1.0, float(np.abs(normal_of(orientation)).max())))))


@dataclass(frozen=True)
class Grid:
    """The image's grid: shape (columns, rows, slices) and affine from voxel (i, j, k) to mm, RAS as in NIfTI."""

    shape: tuple[int, int, int]
    affine: np.ndarray


def grid_of(series: SeriesFacts) -> Grid | None:
    """Return the grid of a series, k along ascending position; None where the geometry is not known."""
    stack = stack_of(series.slices)
    if stack is None:
        return None
    first, last = series.slices[stack.order[0]], series.slices[stack.order[-1]]
    if first.pixel_spacing is None or first.rows is None or first.columns is None:
        return None
    count = len(series.slices)
    begin, end = np.asarray(first.position, dtype=float), np.asarray(last.position, dtype=float)
    depth = first.thickness or series.number("SpacingBetweenSlices") or 1.0
    step = (end - begin) / (count - 1) if count > 1 else np.asarray(stack.normal) * depth
    cosines = np.asarray(first.orientation, dtype=float)
    affine = np.eye(4)
    affine[:3, 0] = cosines[:3] * first.pixel_spacing[1]
    affine[:3, 1] = cosines[3:] * first.pixel_spacing[0]
    affine[:3, 2] = step
    affine[:3, 3] = begin
    return Grid((first.columns, first.rows, count), np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine)


def covers(grid: Grid, shape: Sequence[int], affine: Any, *, partial: bool, tolerance: float = 1e-3) -> bool:
    """True when each voxel of a mask (shape, affine) lands on a voxel of the grid, axes permuted or flipped at most.

    `tolerance` is in voxels, at every corner. A whole mask must fill the grid; a `partial` one (DICOM segmentation,
    which leaves empty slices out) may skip slices. Where the grid has one slice, only the plane is compared: a
    single slice may state any depth.
    """
    other = np.asarray(affine, dtype=float)
    if other.shape != (4, 4) or len(shape) != 3 or not np.isfinite(other).all():
        return False
    try:
        to_grid = np.linalg.inv(grid.affine) @ other
    except np.linalg.LinAlgError:
        return False
    corners = np.array(
        [[i, j, k, 1.0] for i in (0, shape[0] - 1) for j in (0, shape[1] - 1) for k in (0, shape[2] - 1)]
    )
    landed = (to_grid @ corners.T).T[:, :3]
    across = np.array([0.5 if length == 1 else tolerance for length in grid.shape])
    ends = np.array(grid.shape) - 1
    on_voxels = bool((np.abs(landed - np.round(landed)) <= across).all())
    inside = bool(((landed >= -across) & (landed <= ends + across)).all())
    axes = np.round(to_grid[:3, :3])
    # An axis of a single voxel has no direction to compare.
    used = [n for n in range(3) if shape[n] > 1]
    straight = all(np.count_nonzero(axes[:, n]) == 1 for n in used)
    if partial or not (on_voxels and inside and straight):
        return on_voxels and inside and straight
    reached = np.round(landed.max(axis=0) - landed.min(axis=0)).astype(int)
    return sorted(shape) == sorted(grid.shape) and bool((reached == ends).all())
