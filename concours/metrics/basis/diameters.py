"""Diameters of sets of voxels: row ends, then hulls, then the few pairs that are left; and enclosing circles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np

from concours.metrics.basis.contract import MetricParameter, gettext_noop
from concours.metrics.basis.region import Region

Definition = Literal["d2_center", "d2_edge", "d2_center_component", "d3_center", "d3_edge", "enclosing_circle"]
# Below this many points all pairs are cheaper than a hull.
FEW = 64

RECIST = MetricParameter(
    "recist",
    "d2_center",
    gettext_noop(
        "Largest diameter in an axial slice between voxel centres (d2_center) or outer edges (d2_edge), or within one "
        "connected component of the slice (d2_center_component); in 3D (d3_center, d3_edge); or the diameter of the "
        "smallest circle around a component of a slice (enclosing_circle)."
    ),
    choices=("d2_center", "d2_edge", "d2_center_component", "d3_center", "d3_edge", "enclosing_circle"),
)


def recist_diameter(region: Region, definition: Definition) -> float:
    """The maximal diameter of a mask in mm under one of the definitions of `RECIST`; 0 when empty.

    Components are 8-connected within an axial slice; enclosing circles are of voxel centres, as OpenCV contours are.
    """
    diameters = region.__dict__.setdefault("_diameters", {})
    if definition not in diameters:
        diameters[definition] = _measure(region, definition)
    diameter: float = diameters[definition]
    return diameter


def _measure(region: Region, definition: Definition) -> float:
    if region.box is None:
        return 0.0
    crop, spacing, axis = region.crop(), np.array(region.spacing), region.axial_axis
    if region.order == "F":  # distances do not care which axis is called first, and memory does
        crop, spacing, axis = crop.T, spacing[::-1], None if axis is None else crop.ndim - 1 - axis
    if definition in ("d3_center", "d3_edge"):
        return diameter(_row_ends(crop, edges=definition == "d3_edge"), spacing / 2)
    slices = crop[None] if axis is None else np.ascontiguousarray(np.moveaxis(crop, axis, 0))
    scale = (spacing if axis is None else np.delete(spacing, axis)) / 2
    if definition == "enclosing_circle":
        # Jung: the circle around a set of diameter D is at most 2/√3 D wide.
        return _largest([_row_ends(part, edges=False) for part in _components(slices)], scale, _circle, 2 / np.sqrt(3))
    if definition == "d2_center_component":
        return _largest([_row_ends(part, edges=False) for part in _components(slices)], scale, diameter)
    return _largest(_ends_of_slices(slices, edges=definition == "d2_edge"), scale, diameter)


def _ends_of_slices(slices: np.ndarray, *, edges: bool) -> list[np.ndarray]:
    """The row ends of each slice that holds any, all found at once."""
    rows = np.argwhere(slices.any(axis=-1))
    cuts = np.flatnonzero(np.diff(rows[:, 0])) + 1
    inside = slices[tuple(rows.T)]
    first = inside.argmax(axis=1)
    last = slices.shape[-1] - 1 - inside[:, ::-1].argmax(axis=1)
    parts = zip(*(np.split(values, cuts) for values in (rows[:, 1:], first, last)), strict=True)
    return [_ends(*part, edges=edges) for part in parts]


def _row_ends(mask: np.ndarray, *, edges: bool) -> np.ndarray:
    """First and last voxel of each row (last axis), in half voxels, int64 (n, d): every hull vertex is among them.

    With `edges` these are the outer corners of the voxels, otherwise their centres.
    """
    rows = np.argwhere(mask.any(axis=-1))
    if not len(rows):
        return np.empty((0, mask.ndim), np.int64)
    inside = mask[tuple(rows.T)]
    first = inside.argmax(axis=1)
    last = mask.shape[-1] - 1 - inside[:, ::-1].argmax(axis=1)
    return _ends(rows, first, last, edges=edges)


def _ends(rows: np.ndarray, first: np.ndarray, last: np.ndarray, *, edges: bool) -> np.ndarray:
    """Row ends in half voxels, from the rows' own indices (n, d - 1) and their first and last voxel."""
    if not edges:
        return 2 * np.concatenate([np.column_stack([rows, first]), np.column_stack([rows, last])])
    corners = []
    for side in np.ndindex(*(2,) * rows.shape[1]):
        around = 2 * rows + (2 * np.array(side) - 1)
        corners += [np.column_stack([around, 2 * first - 1]), np.column_stack([around, 2 * last + 1])]
    return np.concatenate(corners)


def _components(slices: np.ndarray) -> Iterator[np.ndarray]:
    """Each 8-connected component of each slice, as a bool array of its own box."""
    import cv2  # here and below, as in `region`: pages never measure

    for plane in slices:
        count, labels, boxes, _ = cv2.connectedComponentsWithStats(plane.astype(np.uint8), connectivity=8)
        for label in range(1, count):
            left, top, width, height = boxes[label, :4]
            yield labels[top : top + height, left : left + width] == label


def _largest(
    sets: list[np.ndarray], scale: np.ndarray, measure: Callable[[np.ndarray, np.ndarray], float], slack: float = 1.0
) -> float:
    """Largest measure of several plane point sets; a set that cannot win by its widths is not measured.

    The diameter lies within π/16 of one of eight directions, so it is at most the largest width over cos(π/16).
    """
    bounds = slack * _widths(sets, scale).max(axis=1) / np.cos(np.pi / 16) * (1 + 1e-9)
    best = 0.0
    for index in np.argsort(bounds)[::-1]:
        if bounds[index] <= best:
            break
        best = max(best, measure(sets[index], scale))
    return best


def _widths(sets: list[np.ndarray], scale: np.ndarray) -> np.ndarray:
    """Widths of each set in eight directions, mm, (sets, 8)."""
    angles = np.arange(8) * np.pi / 8
    along = np.concatenate(sets) * scale @ np.stack([np.cos(angles), np.sin(angles)])
    starts = np.cumsum([0, *(len(points) for points in sets[:-1])])
    return np.maximum.reduceat(along, starts) - np.minimum.reduceat(along, starts)


def diameter(points: np.ndarray, scale: np.ndarray) -> float:
    """Largest distance between two of the points (int64 (n, d)) after scaling to mm; 0 for one point."""
    vertices = hull_vertices(points) * scale
    best = 0.0
    for start in range(0, len(vertices), 512):
        block = vertices[start : start + 512, None] - vertices[None, start:]
        best = max(best, float(np.einsum("ijk,ijk->ij", block, block).max(initial=0.0)))
    return float(np.sqrt(best))


def hull_vertices(points: np.ndarray) -> np.ndarray:
    """The vertices of the convex hull of whole-numbered points, or all points where they are few.

    Points in a plane or on a line are projected on axes along which they stay distinct first: a hull is kept by that.
    """
    if len(points) <= FEW:
        return points
    if points.shape[1] == 2:
        import cv2

        return cv2.convexHull(points.astype(np.int32))[:, 0].astype(np.int64)  # exact: whole numbers, 64-bit products
    axes = _spanning_axes(points - points[0])
    if not axes:
        return points[:1]
    if len(axes) == 1:
        along = points[:, axes[0]]
        return points[[int(along.argmin()), int(along.argmax())]]
    from scipy.spatial import ConvexHull

    corners: np.ndarray = points[ConvexHull(points[:, axes]).vertices]
    return corners


def _spanning_axes(offsets: np.ndarray) -> list[int]:
    """As few axes as the points have dimensions, chosen so that no two points fall together."""
    gram = (offsets.T @ offsets).astype(float)
    chosen: list[int] = []
    for axis in range(len(gram)):
        tried = [*chosen, axis]
        block = gram[np.ix_(tried, tried)]
        scale = np.sqrt(np.maximum(np.diag(block), 1.0))
        if np.linalg.det(block / np.outer(scale, scale)) > 1e-9:
            chosen = tried
    return chosen


def _circle(points: np.ndarray, scale: np.ndarray) -> float:
    """Diameter of the smallest circle around the points, mm (Welzl 1991, on hull vertices, farthest first)."""
    vertices = hull_vertices(points) * scale
    order = np.argsort(np.linalg.norm(vertices - vertices.mean(axis=0), axis=1))[::-1]
    vertices = vertices[order]
    centre, radius = vertices[0], 0.0
    outside = _first_outside(vertices, centre, radius)
    while outside is not None:
        centre, radius = _circle_through(vertices[:outside], (vertices[outside],))
        further = _first_outside(vertices[outside + 1 :], centre, radius)
        outside = None if further is None else outside + 1 + further
    return 2 * radius


def _circle_through(vertices: np.ndarray, fixed: tuple[np.ndarray, ...]) -> tuple[np.ndarray, float]:
    """Smallest circle around the vertices that passes through the fixed points (one or two of them)."""
    centre, radius = _around(fixed)
    outside = _first_outside(vertices, centre, radius)
    while outside is not None:
        through = (*fixed, vertices[outside])
        centre, radius = _around(through) if len(through) == 3 else _circle_through(vertices[:outside], through)
        further = _first_outside(vertices[outside + 1 :], centre, radius)
        outside = None if further is None else outside + 1 + further
    return centre, radius


def _around(fixed: tuple[np.ndarray, ...]) -> tuple[np.ndarray, float]:
    """The circle on one point, two ends of a diameter, or through three points."""
    if len(fixed) == 1:
        return fixed[0], 0.0
    if len(fixed) == 2:
        return (fixed[0] + fixed[1]) / 2, float(np.linalg.norm(fixed[0] - fixed[1])) / 2
    sides = np.array([fixed[1] - fixed[0], fixed[2] - fixed[0]])
    offset = np.linalg.solve(2 * sides, np.square(sides).sum(axis=1))
    return fixed[0] + offset, float(np.linalg.norm(offset))


def _first_outside(vertices: np.ndarray, centre: np.ndarray, radius: float) -> int | None:
    """Index of the first vertex outside the circle, by more than rounding."""
    far = np.linalg.norm(vertices - centre, axis=1) > radius * (1 + 1e-12) + 1e-12
    return int(far.argmax()) if far.any() else None
