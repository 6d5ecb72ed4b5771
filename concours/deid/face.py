"""Finds the region of the face in a head volume by geometry alone, in the patient's own axes, to be blanked on export.

A plain cut, not a validated defacing tool: a coronal plane behind brows, eyelids, nose, lips and chin, from the level of the eyes
downwards. All lengths are shares of the head's own length (glabella to occiput; 195 mm in adults), after adult proportions of the
skull (Farkas 1994, Anthropometry of the Head and Face: nasion to pronasale 0.22, vertex to nasion 0.54 of the head's length).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

STEP = 3.0  # mm of the grid on which the head is looked at
HU_OF_TISSUE = -300.0
MR_SHARE_OF_BRIGHT = 0.15  # between the 1st and 99th percentile: air is below, skin and muscle above
ADULT, LENGTHS = 195.0, (110.0, 220.0)  # mm, glabella to occiput
BROW_ABOVE_NOSE, BROW_BELOW_VERTEX = 0.25, 0.54
PITCHES = (0.0, -8.0, 8.0, -16.0, 16.0, -24.0, 24.0)  # degrees by which a head may be bent or stretched
FEWEST = 15  # cells that make a level of a head
WIDE = 0.3  # of the widest level: what is cut off by the volume's edge ends wide
BEHIND = 0.11  # the plane behind the foremost point of the brow
DEEPEST = 0.28  # no voxel farther than this behind the skin in front of it is blanked
CHIN, LIPS = 0.75, (0.62, 0.42)  # below the brow: where the region ends, and where the plane's tilt is read
STEEPEST = 0.6
CHIN_BEHIND = 0.05  # the forehead, in a face that looks straight ahead
NARROW = 0.05  # and from a thumb's breadth beside it: a brain or a neck is round there
NOSE = 0.04  # by how much a nose stands out from brow, lips and cheeks
BRAIN = (0.02, 0.48, 0.4)  # guard: off the sides of the head; half its length; half its height
BRAIN_ABOVE_BROW = 0.14

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]


@dataclass(frozen=True)
class Face:
    """The region in RAS mm, nodded by `pitch` about the x axis so that the face looks straight ahead: at and below `brow`, in
    front of the plane, never deeper than `deepest` behind the skin, never in the brain's ellipsoid. `front` is the skin's y at
    (x, z) on the grid from `corner` by STEP, -inf where there is none."""

    pitch: float
    brow: float
    chin: float
    plane: float
    tilt: float
    deepest: float
    centre: tuple[float, float, float]
    axes: tuple[float, float, float]
    corner: tuple[float, float] = (0.0, 0.0)
    front: Float = field(default_factory=lambda: np.zeros((0, 0)), repr=False)

    def covers(self, affine: Float, shape: tuple[int, int]) -> Bool:
        """The region on one slice: bool (rows, columns). `affine` takes (row, column, slice 0) to RAS mm."""
        turned = _nod(self.pitch) @ affine
        rows, columns = np.arange(shape[0])[:, None], np.arange(shape[1])[None, :]
        x, y, z = (turned[axis, 0] * rows + turned[axis, 1] * columns + turned[axis, 3] for axis in range(3))
        cut = self.plane + self.tilt * (z - self.brow)
        inside: Bool = (z <= self.brow) & (z >= self.chin) & (y >= cut)
        at = np.nonzero(inside)
        if not at[0].size:
            return inside
        x, y, z = x[at], y[at], z[at]
        column = np.clip(np.rint((x - self.corner[0]) / STEP).astype(int), 0, self.front.shape[0] - 1)
        level = np.clip(np.rint((z - self.corner[1]) / STEP).astype(int), 0, self.front.shape[1] - 1)
        skin = self.front[column, level]
        from_brain = sum(
            ((value - middle) / half) ** 2
            for value, middle, half in zip((x, y, z), self.centre, self.axes, strict=True)
        )
        inside[at] = ((y >= skin - self.deepest) | ~np.isfinite(skin)) & (from_brain > 1.0)
        return inside


@dataclass(frozen=True)
class View:
    """The head looked at under one pitch: tissue on the nodded grid, the foremost y index at (x, z), the level of the crown and
    whether it is in view, the head's length (mm), the x index of the midline."""

    pitch: float
    corner: Float
    tissue: Bool
    front: Float
    top: int
    crown_seen: bool
    length: float
    middle: float


def find_face(slices: Sequence[NDArray[np.generic]], affines: Sequence[Float], modality: str) -> Face | None:
    """The face of a head given as parallel slices (rows, columns) of one size with their affines (row, column, slice) to RAS mm;
    HU for CT. None where no head with a face is in view. The slices may be thinned out in plane: 3 mm are enough.
    """
    values, inside, corner = _in_patient_axes(slices, affines)
    tissue = _tissue(values, inside, modality)
    if np.count_nonzero(tissue.sum(axis=(0, 1)) >= FEWEST) < 10:
        return None
    crown_seen, cut_below = _ends(tissue, inside)
    best: tuple[float, View, int | None] | None = None
    for pitch in PITCHES if crown_seen else PITCHES[:3]:
        view = _view(tissue, corner, pitch, crown_seen)
        nose = _nose(view)
        if nose is not None and (best is None or nose[0] > best[0]):
            best = (nose[0], replace(view, middle=nose[2]), nose[1])
        elif best is None and pitch == 0 and crown_seen and cut_below:  # no brain freed of its skull
            best = (-np.inf, view, None)
    if best is None:
        return None
    _, view, tip = best
    share = view.length / STEP
    by_crown = view.top - BROW_BELOW_VERTEX * share
    if tip is None or (view.crown_seen and abs(tip + BROW_ABOVE_NOSE * share - by_crown) > 0.3 * share):
        return _face(view, by_crown)
    length = _length(view.tissue, tip + int(0.2 * share), tip + int(0.5 * share))
    return _face(replace(view, length=length), tip + BROW_ABOVE_NOSE * length / STEP)


def _ends(tissue: Bool, inside: Bool) -> tuple[bool, bool]:
    """Whether the crown is in view, and whether the volume ends below within the head: what an edge cuts off ends wide."""
    areas, seen = tissue.sum(axis=(0, 1)), np.flatnonzero(inside.any(axis=(0, 1)))
    top = int(np.flatnonzero(areas >= FEWEST)[-1])
    widest = areas[max(0, top - int(120 / STEP)) : top + 1].max()
    crown_seen = top < seen[-1] - 1 or areas[max(0, top - 1)] < WIDE * widest
    return bool(crown_seen), bool(areas[seen[0] + 1] >= WIDE * widest)


def _nod(pitch: float) -> Float:
    """The rotation about the patient's x axis by `pitch` degrees, 4 x 4."""
    turn = np.eye(4)
    cosine, sine = np.cos(np.radians(pitch)), np.sin(np.radians(pitch))
    turn[1:3, 1:3] = [[cosine, -sine], [sine, cosine]]
    return turn


def _view(tissue: Bool, corner: Float, pitch: float, crown_seen: bool) -> View:
    """The head nodded by `pitch`."""
    if pitch:
        turn = _nod(pitch)[:3, :3]
        high = corner + STEP * (np.array(tissue.shape) - 1)
        ends = np.array([turn @ (corner[0], y, z) for y in (corner[1], high[1]) for z in (corner[2], high[2])])
        low = ends.min(axis=0)
        counts = (np.ptp(ends[:, 1:], axis=0) / STEP).astype(int) + 2
        y, z = (low[axis + 1] + STEP * np.arange(counts[axis]) for axis in range(2))
        back = turn.T[1:, 1:]
        j = np.rint((back[0, 0] * y[:, None] + back[0, 1] * z[None, :] - corner[1]) / STEP).astype(int)
        k = np.rint((back[1, 0] * y[:, None] + back[1, 1] * z[None, :] - corner[2]) / STEP).astype(int)
        inside = (j >= 0) & (j < tissue.shape[1]) & (k >= 0) & (k < tissue.shape[2])
        j, k = np.clip(j, 0, tissue.shape[1] - 1), np.clip(k, 0, tissue.shape[2] - 1)
        tissue, corner = tissue[:, j, k] & inside, low
    areas = tissue.sum(axis=(0, 1))
    top = int(np.flatnonzero(areas >= FEWEST)[-1]) if (areas >= FEWEST).any() else 0
    length = _length(tissue, top - int(75 / STEP), top)
    skull = tissue[:, :, max(0, top - int(0.5 * length / STEP)) : top + 1]
    middle = float(np.median(np.nonzero(skull)[0])) if skull.any() else tissue.shape[0] / 2
    return View(pitch, corner, tissue, _front(tissue), top, crown_seen, length, middle)


def _in_patient_axes(
    slices: Sequence[NDArray[np.generic]], affines: Sequence[Float]
) -> tuple[NDArray[np.float32], Bool, Float]:
    """The volume on a grid of STEP mm along R, A, S by its nearest voxels; where there are voxels at all; the grid's corner."""
    normal = np.cross(affines[0][:3, 0], affines[0][:3, 1])
    normal /= np.linalg.norm(normal)
    order = np.argsort([float(affine[:3, 3] @ normal) for affine in affines], kind="stable")
    stack = np.stack([np.asarray(slices[k], np.float32) for k in order])
    origins = np.stack([affines[k][:3, 3] for k in order])
    depths = origins @ normal
    gap = float(np.median(np.diff(np.unique(depths.round(2))))) if len(depths) > 1 else STEP
    rows, columns = stack.shape[1:]
    row, column = affines[0][:3, 0], affines[0][:3, 1]
    ends = [
        o + row * r + column * c for o in (origins[0], origins[-1]) for r in (0, rows - 1) for c in (0, columns - 1)
    ]
    low, high = np.min(ends, axis=0), np.max(ends, axis=0)
    axes = [np.arange(a, b + STEP / 2, STEP) for a, b in zip(low, high, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    depth = points @ normal
    k = np.clip(np.searchsorted(depths, depth), 1, len(depths) - 1) if len(depths) > 1 else np.zeros(depth.shape, int)
    k = np.where(np.abs(depths[k - 1] - depth) <= np.abs(depths[k] - depth), k - 1, k) if len(depths) > 1 else k
    from_origin = points - origins[k]
    r = np.rint(from_origin @ row / (row @ row)).astype(int)
    c = np.rint(from_origin @ column / (column @ column)).astype(int)
    inside = (r >= 0) & (r < rows) & (c >= 0) & (c < columns) & (np.abs(depths[k] - depth) <= max(gap, STEP))
    values = stack[k, np.clip(r, 0, rows - 1), np.clip(c, 0, columns - 1)]
    return np.where(inside, values, stack.min()), inside, low


def _tissue(values: NDArray[np.float32], inside: Bool, modality: str) -> Bool:
    """The largest body of tissue, filled; a table or a headrest, thin or apart, is left out."""
    block = ndimage.generate_binary_structure(3, 1)
    if modality == "CT":
        solid = ndimage.binary_opening((values > HU_OF_TISSUE) & inside, block)
    else:  # the skull is dark: scalp and brain are closed to one body first
        low, high = np.percentile(values[inside], (1, 99))
        bright = (values > low + MR_SHARE_OF_BRIGHT * (high - low)) & inside
        padded = np.pad(bright, 3)
        closed = ndimage.binary_closing(padded, block, iterations=2)[3:-3, 3:-3, 3:-3]
        solid = ndimage.binary_opening(_filled(closed), block)
    labels, count = ndimage.label(solid, block)
    if not count:
        return np.zeros_like(inside)
    largest = labels == 1 + int(np.argmax(ndimage.sum_labels(solid, labels, range(1, count + 1))))
    return _filled(largest)


def _filled(mask: Bool) -> Bool:
    """Holes closed level by level: airways and the skull's dark shell are open below."""
    return np.stack([ndimage.binary_fill_holes(mask[:, :, z]) for z in range(mask.shape[2])], axis=2)


def _length(tissue: Bool, low: int, high: int) -> float:
    """The head's length between two levels, mm, bounded by what heads measure."""
    extent = _widest(np.asarray(tissue[:, :, max(low, 0) : max(high, 1) + 1].any(axis=0)))
    return float(np.clip(extent * STEP, *LENGTHS)) if extent else ADULT


def _widest(shadow: Bool) -> int:
    """The largest extent at any level of (extent, level), in cells."""
    return max((int(np.ptp(np.flatnonzero(level))) + 1 for level in shadow.T if level.any()), default=0)


def _front(tissue: Bool) -> Float:
    """The index of the foremost tissue at (x, z), -inf where there is none."""
    depth = tissue.shape[1] - 1 - np.argmax(tissue[:, ::-1, :], axis=1)
    return np.where(tissue.any(axis=1), depth.astype(float), -np.inf)


def _nose(view: View) -> tuple[float, int, float] | None:
    """(by how much, level, x) of the tip of the nose: where a midline stands out most from what is above, below and beside."""
    share, front = view.length / STEP, view.front
    best = (0.0, 0, -1.0)
    lowest, highest = (
        view.top - round(1.2 * share),
        view.top - round((0.3 if view.crown_seen else BROW_ABOVE_NOSE) * share),
    )
    asides = sorted(
        np.arange(-0.12 * share, 0.12 * share, 1.0), key=abs
    )  # the middle first: it wins where all is equal
    for middle in (view.middle + aside for aside in asides):
        tip = _foremost(front, middle - 0.04 * share, middle + 0.04 * share)
        cheeks, wings = (
            np.maximum(
                _foremost(front, middle - b * share, middle - a * share),
                _foremost(front, middle + a * share, middle + b * share),
            )
            for a, b in ((0.14, 0.2), (0.1, 0.15))
        )
        for z in np.flatnonzero(np.isfinite(tip)):
            above = tip[z + round(0.12 * share) : z + round(0.25 * share) + 1]
            below = tip[max(0, z - round(0.2 * share)) : max(0, z - round(0.08 * share))]
            if not lowest <= z < highest or not np.isfinite(above).any():
                continue
            around = max(float(np.median(above)), float(np.median(below)) if below.size else -np.inf, float(cheeks[z]))
            if tip[z] - around < NOSE * share or tip[z] - wings[z] < NARROW * share:
                continue
            score = float(tip[z]) - around - 0.5 * _askance(view, tip, int(z))
            if score > best[0]:
                best = (score, int(z), float(middle))
    return best if best[2] >= 0 else None


def _askance(view: View, profile: Float, tip: int) -> float:
    """By how many cells a face with this tip of the nose looks up or down: in a straight one skull, forehead and chin stand in
    one line."""
    share = view.length / STEP
    forehead = _finite(profile[tip + round(0.2 * share) : tip + round(0.4 * share)])
    chin = _finite(profile[max(0, tip - round(0.37 * share)) : max(0, tip - round(0.17 * share))])
    if not forehead.size:
        return 0.2 * share
    foremost = float(forehead.max())
    off = abs(foremost - float(np.median(chin)) - CHIN_BEHIND * share) if chin.size else 0.1 * share
    skull = _finite(profile[view.top - round(0.35 * share) : view.top + 1])
    return off + (abs(foremost - float(skull.max())) if view.crown_seen and skull.size else 0.0)


def _foremost(front: Float, left: float, right: float) -> Float:
    """At each level the foremost tissue between two x indices."""
    foremost: Float = front[max(0, round(left)) : max(1, round(right) + 1)].max(axis=0, initial=-np.inf)
    return foremost


def _face(view: View, brow: float) -> Face | None:
    """The region below a level, from the head's front and length."""
    share, length = view.length / STEP, view.length
    band = _foremost(view.front, view.middle - 0.12 * share, view.middle + 0.12 * share)
    forehead = _finite(band[max(0, round(brow)) : max(0, round(brow + 0.1 * share)) + 1])
    if not forehead.size:
        return None
    reference = float(forehead.max())
    lower = _finite(band[max(0, round(brow - LIPS[0] * share)) : max(0, round(brow - LIPS[1] * share))])
    tilt = 0.0
    if lower.size >= 0.1 * share:
        fall = (reference - float(np.median(lower))) / (share * sum(LIPS) / 2)
        tilt = float(np.clip(fall, -STEEPEST, STEEPEST))
    width = _widest(np.asarray(view.tissue[:, :, max(0, round(brow)) :].any(axis=1))) or 0.78 * share
    x, y, z = (float(view.corner[axis] + STEP * index) for axis, index in enumerate((view.middle, reference, brow)))
    return Face(
        pitch=view.pitch,
        brow=z,
        chin=z - CHIN * length,
        plane=y - BEHIND * length,
        tilt=tilt,
        deepest=DEEPEST * length,
        centre=(x, y - 0.5 * length, z + BRAIN_ABOVE_BROW * length),
        axes=(max(STEP, 0.5 * float(width) * STEP - BRAIN[0] * length), BRAIN[1] * length, BRAIN[2] * length),
        corner=(float(view.corner[0]), float(view.corner[2])),
        front=np.where(np.isfinite(view.front), view.corner[1] + STEP * view.front, -np.inf),
    )


def _finite(values: Float) -> Float:
    return values[np.isfinite(values)]
