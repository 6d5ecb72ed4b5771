"""Turns the frames of one image into a geometry, or into the reasons why they are no image that can be used.

Every tolerance that decides whether slices form a volume stands here, once. Distances come from ImagePositionPatient
along the slices' normal, never from SliceThickness, SpacingBetweenSlices or the order of files (PS3.3 C.7.6.2.1.1).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from concours.formats.fault import Fault, gettext_noop, plural_noop
from concours.formats.mask import LPS_TO_RAS, by
from concours.imaging.geometry import Assembly, Geometry, Slice
from concours.imaging.header import Frame

Float = NDArray[np.float64]

STACKED = frozenset({"CT", "MR", "PT"})  # modalities whose frames are slices: several of them must form a volume
# Direction cosines may differ by this much from their mean (0.4 degrees): headers are rounded, to two decimals at worst.
PARALLEL = 7.5e-3
PLANE = 2e-2  # cosines whose squared lengths or product are further off than two decimals explain span no plane
SAME_PLACE, SAME_SHARE = 0.05, 0.2  # mm, or share of the mean distance: positions nearer than both are one position
GAP_SHARE, ROUNDING = 0.1, 0.02  # a distance may differ from the usual one by this share, and mm that two decimals lose
IN_PLANE_SHARE, IN_PLANE = 0.25, 0.05  # a slice may lie beside the line of the others by this share of a pixel, or mm
FEWEST_OF_A_STACK = 4  # frames of one plane; fewer are the lines of a localiser
PIXEL_SHARE = 2e-3  # pixel spacings that differ by less are one spacing

FLAT = gettext_noop("%(name)s: the rescale slope is 0, which makes every pixel the same. Export the images again.")
NOTHING = gettext_noop("%(name)s: no file contains an image. Upload the images.")
COLOUR = gettext_noop(
    "%(name)s: the slices are colour images (%(count)d samples per pixel). Upload the original slices."
)
SIZES = gettext_noop(
    "%(name)s: the slices differ in size (%(sizes)s). Upload one series without localisers or captures."
)
SPACINGS = gettext_noop("%(name)s: the pixel spacing differs from slice to slice. Upload one reconstruction.")
UNPLACED = gettext_noop(
    "%(name)s: the positions of %(count)d of %(total)d slices are not stated, so their distances are unknown. "
    "Export the original series."
)
NOT_PARALLEL = gettext_noop(
    "%(name)s: the slices are not parallel (%(planes)s), as in a localiser. Upload the series of one plane."
)
TIMES = plural_noop(
    "%(name)s: the position of the slice occurs %(times)d times. Upload each slice once: one phase or echo, without copies.",
    "%(name)s: each of the %(places)d positions occurs %(times)d times. Upload each slice once: one phase or echo, "
    "without copies.",
    "places",
)
STACKS = gettext_noop(
    "%(file)s holds several stacks in one multi-frame object (phases, echoes or b-values; frames: %(count)d, positions: "
    "%(places)d). Export the stack that is required as a series of its own and upload that one."
)
STACKED_PLANES = gettext_noop(
    "%(file)s holds several stacks in one multi-frame object, in several planes (%(planes)s). Export the stack of the required "
    "plane as a series of its own and upload that one."
)
TWICE = gettext_noop("%(file)s duplicates the position of another slice. Upload each slice once.")
MISSING = plural_noop(
    "About %(count)d slice is missing after %(file)s. Upload the whole series again.",
    "About %(count)d slices are missing after %(file)s. Upload the whole series again.",
)
IRREGULAR = gettext_noop(
    "The distance between slices varies from %(low)s to %(high)s mm. Upload the reconstruction with equal spacing."
)
OFF_LINE = gettext_noop(
    "%(file)s is shifted sideways by %(shift)s mm against its neighbours. Upload one reconstruction with one centre."
)


def assemble(frames: Sequence[Frame], name: str = "image") -> Assembly:
    """Return the geometry of the frames of one image, given in any order, or every reason why they have none.

    `name` is what the reasons call the image; a reason about one file has that file in `where` and in `values["file"]`.
    Reason codes: `no_pixels`, `corrupt_pixels` (a rescale slope of 0), `wrong_channels`, `wrong_shape`,
    `missing_value` (positions not stated),
    `criterion_not_met` (not parallel, several per position, shifted), `duplicate_file`, `incomplete_series`. Several
    frames of CT, MR or PET must form a volume; frames of other modalities that do not are `pictures`. Nothing raises.
    """
    if not frames or any(frame.rows < 1 or frame.columns < 1 for frame in frames):
        return Assembly(None, (Fault("no_pixels", name, NOTHING, {"name": name}),))
    if any(frame.slope == 0 for frame in frames):
        return Assembly(None, (Fault("corrupt_pixels", name, FLAT, {"name": name}),))
    if len(frames) == 1 and (frames[0].samples != 1 or not _is_placed(frames[0])):
        return Assembly(pictures_of(frames))
    must_stack = any(frame.modality in STACKED for frame in frames)
    faults = tuple(_mixture(frames, name))
    if not faults:
        stack = _Stack(frames)
        faults = tuple(stack.faults(name))
        if not faults:
            return Assembly(stack.geometry())
    if must_stack:
        return Assembly(None, faults)
    return Assembly(pictures_of(frames))


def order_of(frames: Sequence[Frame]) -> list[int] | None:
    """Return the indices of parallel frames in the order of their positions along the normal; None where not parallel."""
    if not frames or not all(_is_placed(frame) for frame in frames) or _planes(frames):
        return None
    normal = normal_of(_middle([frame.orientation for frame in frames]))
    along = np.array([frame.position for frame in frames], float) @ normal
    return [int(n) for n in np.argsort(along, kind="stable")]


def _is_placed(frame: Frame) -> bool:
    """Whether position, plane and pixel size are stated and make sense."""
    if frame.position is None or frame.orientation is None or frame.pixel_spacing is None:
        return False
    a, b, c, d, e, f = frame.orientation  # in plain Python: this runs for each of a thousand slices
    lengths = (a * a + b * b + c * c - 1, d * d + e * e + f * f - 1)
    plane = max(abs(lengths[0]), abs(lengths[1]), abs(a * d + b * e + c * f)) <= PLANE
    return plane and min(frame.pixel_spacing) > 0


def _mixture(frames: Sequence[Frame], name: str) -> Iterator[Fault]:
    """The first reason why the frames cannot be compared slice by slice at all."""
    samples = max(frame.samples for frame in frames)
    sizes = Counter((frame.columns, frame.rows) for frame in frames)
    unplaced = sum(not _is_placed(frame) for frame in frames)
    if samples != 1:
        yield Fault("wrong_channels", name, COLOUR, {"name": name, "count": samples})
    elif unplaced:
        values = {"name": name, "count": unplaced, "total": len(frames)}
        yield Fault("missing_value", name, UNPLACED, values)
    elif (planes := _planes(frames)) and (file := _only_file(frames)) and _are_stacks(frames):
        yield Fault("criterion_not_met", file, STACKED_PLANES, {"file": file, "planes": planes})
    elif planes:
        yield Fault("criterion_not_met", name, NOT_PARALLEL, {"name": name, "planes": planes})
    elif len(sizes) > 1:
        listed = ", ".join(by(size) for size, _ in sizes.most_common(3))
        yield Fault("wrong_shape", name, SIZES, {"name": name, "sizes": listed})
    elif _spread([frame.pixel_spacing or () for frame in frames]) > PIXEL_SHARE:
        yield Fault("criterion_not_met", name, SPACINGS, {"name": name})


def _only_file(frames: Sequence[Frame]) -> str:
    """The one multi-frame object that holds all frames; "" where there are several files."""
    files = {frame.file for frame in frames}
    return frames[0].file if len(files) == 1 and len(frames) > 1 else ""


def _are_stacks(frames: Sequence[Frame]) -> bool:
    """Whether each plane has more frames than a localiser's lines."""
    counts = Counter(plane_of(frame.orientation or ()) for frame in frames)
    return len(counts) > 1 and min(counts.values()) >= FEWEST_OF_A_STACK


def _spread(spacings: Sequence[Sequence[float]]) -> float:
    values = np.array(spacings, float)
    return float((np.ptp(values, axis=0) / values.min(axis=0)).max())


def _middle(rows: Sequence[Sequence[float] | None]) -> Float:
    """The mean of rows that differ by rounding at most; of equal ones exactly their value."""
    values = np.array(rows, float)
    middle: Float = values[0] if (values == values[0]).all() else values.mean(axis=0)
    return middle


def _planes(frames: Sequence[Frame]) -> str:
    """How many slices lie in which plane, in words; "" when all are parallel."""
    cosines = np.array([frame.orientation for frame in frames], float)
    if np.abs(cosines - cosines.mean(axis=0)).max() <= PARALLEL:
        return ""
    counts = Counter(plane_of(row) for row in cosines)
    return ", ".join(f"{count} {plane}" for plane, count in sorted(counts.items()))


def plane_of(orientation: Sequence[float] | Float, tolerance_degrees: float = 45.0) -> str:
    """Return axial, coronal or sagittal: the body axis that the slices' normal lies on within a tolerance; else oblique."""
    normal = np.abs(normal_of(orientation))
    axis = int(np.argmax(normal))
    angle = np.degrees(np.arccos(min(1.0, float(normal[axis]))))
    return ("sagittal", "coronal", "axial")[axis] if normal.any() and angle <= tolerance_degrees else "oblique"


def angle_to_body(orientation: Sequence[float]) -> float:
    """Return the angle in degrees between the slices' normal and the body axis nearest to it."""
    return float(np.degrees(np.arccos(min(1.0, float(np.abs(normal_of(orientation)).max())))))


def normal_of(orientation: Sequence[float] | Float) -> Float:
    """Return the unit normal of a plane (LPS): the cross product of row and column direction, zeros where they span none."""
    cosines = np.asarray(orientation, dtype=float)
    normal = np.cross(cosines[:3], cosines[3:])
    length = float(np.linalg.norm(normal))
    return np.zeros(3) if length < 1e-6 else normal / length


class _Stack:
    """Parallel frames of one size in the order of their positions along their common normal."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self.cosines = _orthonormal(_middle([frame.orientation for frame in frames]))
        self.normal = np.cross(self.cosines[0], self.cosines[1])
        positions = np.array([frame.position for frame in frames], float)
        along = positions @ self.normal
        order = order_of(frames) or []
        self.frames = [frames[n] for n in order]
        self.positions = positions[order]
        self.gaps = np.diff(along[order])
        self.mean = float(self.gaps.mean()) if len(self.gaps) else 0.0
        self.same = min(SAME_PLACE, SAME_SHARE * self.mean)

    @property
    def step(self) -> Float:
        """The vector from one slice to the next; of a single slice, its thickness along the normal."""
        if len(self.frames) == 1:
            return self.normal * (self.frames[0].thickness or 1.0)
        step: Float = (self.positions[-1] - self.positions[0]) / (len(self.frames) - 1)
        return step

    def faults(self, name: str) -> Iterator[Fault]:
        """Every reason why the slices do not lie at equal distances on a line."""
        if len(self.frames) == 1:
            return
        doubled = list(self._doubled(name))
        yield from doubled
        if doubled and _only_file(self.frames):
            return  # distances between stacks of one object say nothing
        broken = list(self._gaps(name))
        yield from broken
        if not doubled and not broken:
            yield from self._beside(name)

    def _doubled(self, name: str) -> Iterator[Fault]:
        repeated = self.gaps <= self.same
        if not repeated.any():
            return
        places = int((~repeated).sum()) + 1
        if file := _only_file(self.frames):
            values = {"file": file, "count": len(self.frames), "places": places}
            yield Fault("criterion_not_met", file, STACKS, values)
            return
        runs = np.diff(np.flatnonzero(np.r_[True, ~repeated, True]))
        if len(set(runs.tolist())) == 1:
            values = {"name": name, "places": places, "times": int(runs[0])}
            yield Fault("criterion_not_met", name, TIMES, values)
            return
        for n in np.flatnonzero(repeated):
            file = self.frames[n + 1].file
            yield Fault("duplicate_file", file, TWICE, {"file": file})

    def _gaps(self, name: str) -> Iterator[Fault]:
        apart = self.gaps[self.gaps > self.same]
        if not len(apart):
            return
        usual = float(np.median(apart))
        odd = False
        for n in np.flatnonzero(np.abs(self.gaps - usual) > GAP_SHARE * usual + ROUNDING):
            gap = float(self.gaps[n])
            steps = round(gap / usual)
            if gap <= self.same:
                continue
            if steps >= 2 and abs(gap / usual - steps) <= GAP_SHARE * steps:
                file = self.frames[n].file
                yield Fault("incomplete_series", name, MISSING, {"count": steps - 1, "file": file})
            else:
                odd = True
        if odd:
            values = {"low": f"{apart.min():.2f}", "high": f"{apart.max():.2f}"}
            yield Fault("incomplete_series", name, IRREGULAR, values)

    def _beside(self, name: str) -> Iterator[Fault]:
        """Slices that follow each other regularly, but leave the straight line that one affine can describe."""
        meant = self.positions[0] + np.arange(len(self.frames))[:, None] * self.step
        off = self.positions - meant
        along = off @ self.normal
        sideways = np.linalg.norm(off - np.outer(along, self.normal), axis=1)
        if np.abs(along).max() > GAP_SHARE * self.mean + ROUNDING:
            values = {"low": f"{self.gaps.min():.2f}", "high": f"{self.gaps.max():.2f}"}
            yield Fault("incomplete_series", name, IRREGULAR, values)
        pixel = min(self.frames[0].pixel_spacing or (1.0,))
        worst = int(sideways.argmax())
        if sideways[worst] > max(IN_PLANE_SHARE * pixel, IN_PLANE):
            values = {"file": self.frames[worst].file, "shift": f"{sideways[worst]:.2f}"}
            yield Fault("criterion_not_met", name, OFF_LINE, values)

    def geometry(self) -> Geometry:
        """The volume. Raises nothing once `faults` is empty."""
        first = self.frames[0]
        row, column = _middle([frame.pixel_spacing for frame in self.frames])
        step = self.step
        affine = np.eye(4)
        affine[:3, 0], affine[:3, 1], affine[:3, 2] = self.cosines[0] * column, self.cosines[1] * row, step
        affine[:3, 3] = self.positions[0]
        between = float(step @ self.normal)
        return Geometry(
            kind="volume",
            shape=(first.columns, first.rows, len(self.frames)),
            slices=tuple(
                Slice(frame.file, frame.number, frame.position, frame.slope, frame.intercept) for frame in self.frames
            ),
            affine=tuple(tuple(float(value) for value in line) for line in LPS_TO_RAS @ affine),
            spacing=(float(column), float(row), between),
            units=_common([frame.units for frame in self.frames]),
            modality=first.modality,
            tilt=float(np.degrees(np.arccos(min(1.0, between / float(np.linalg.norm(step)))))),
            slack=self._slack(affine),
        )

    def _slack(self, affine: Float) -> float:
        """The largest distance in voxels, over all slices and their corners, between a slice's own header and the affine."""
        first = self.frames[0]
        corners = np.array([[i, j] for i in (0, first.columns - 1) for j in (0, first.rows - 1)], float)
        cosines = np.array([frame.orientation for frame in self.frames], float).reshape(-1, 2, 3)
        spacing = np.array([frame.pixel_spacing for frame in self.frames], float)[:, ::-1]
        own = np.einsum("cn,sn,snx->scx", corners, spacing, cosines) + self.positions[:, None, :]
        index = (own - affine[:3, 3]) @ np.linalg.inv(affine[:3, :3]).T
        meant = np.concatenate(
            [
                np.broadcast_to(corners, (len(self.frames), *corners.shape)),
                np.broadcast_to(np.arange(len(self.frames))[:, None, None], (len(self.frames), len(corners), 1)),
            ],
            axis=2,
        )
        return float(np.abs(index - meant).max())


def _orthonormal(cosines: Float) -> Float:
    """Row and column direction of unit length and at a right angle: what rounding took from them is given back."""
    row = cosines[:3] / np.linalg.norm(cosines[:3])
    column = cosines[3:] - (cosines[3:] @ row) * row
    return np.array([row, column / np.linalg.norm(column)])


def pictures_of(frames: Sequence[Frame]) -> Geometry:
    """Return the geometry of frames without a common grid, by file and then by their number in it; one of them is a picture."""
    ordered = sorted(frames, key=lambda frame: (frame.file, frame.number))
    first = ordered[0]
    spacing = first.pixel_spacing if first.pixel_spacing and min(first.pixel_spacing) > 0 else None
    return Geometry(
        kind="picture" if len(ordered) == 1 else "pictures",
        shape=(first.columns, first.rows, len(ordered)),
        slices=tuple(Slice(frame.file, frame.number, None, frame.slope, frame.intercept) for frame in ordered),
        spacing=None if spacing is None else (float(spacing[1]), float(spacing[0]), 1.0),
        units=_common([frame.units for frame in ordered]),
        modality=first.modality,
        samples=max(frame.samples for frame in ordered),
        patient_orientation=first.patient_orientation
        if len({frame.patient_orientation for frame in ordered}) == 1
        else ("", ""),
    )


def _common(words: Sequence[str]) -> str:
    return words[0] if len(set(words)) == 1 else ""
