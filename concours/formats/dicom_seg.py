"""DICOM Segmentation objects (PS3.3 A.51 and C.8.20): frames are laid on the reference's grid by their positions."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import FileDataset

from concours.formats import dicom
from concours.formats.fault import FormatError, gettext_noop, refuse
from concours.formats.labels import FOREGROUND, LabelPacker, Masks
from concours.formats.manifest import Grid
from concours.formats.mask import Affine, Mask, tolerance_of
from concours.formats.nifti import MAX_VOXELS, Buffer

SEGMENTATION, LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"
SOP_CLASSES = (SEGMENTATION, LABEL_MAP)

BROKEN = gettext_noop(
    "%(name)s: the segmentation does not state the position or the segment of its frames. Save it again."
)
TWICE = gettext_noop(
    "%(name)s: frames %(first)s and %(frame)s of one segment are on the same plane, slice %(plane)s. Keep one of them."
)
OFF_GRID = gettext_noop("%(name)s: frame %(frame)s is not aligned with the voxels of the image provided.")


_Box = tuple[tuple[int, int], ...]  # first and last voxel along each axis of a plane


@dataclass(frozen=True)
class _SegmentFrame:
    segment: int
    affine: Affine  # of (row, column)


def read_mask(
    source: Buffer, grid: Grid | None = None, values: tuple[int, ...] | None = None, name: str = "file"
) -> Masks:
    """The masks of a Segmentation object. With a list of labels, a segment's number is its label."""
    dataset = dicom.load(source, name)
    if dicom.element(dataset, "SOPClassUID") not in SOP_CLASSES:
        template = gettext_noop("%(name)s: this DICOM file is not a Segmentation object.")
        raise refuse("unsupported_object", name, template, name=name)
    return masks_of(dataset, grid, values, name)


def masks_of(dataset: FileDataset, grid: Grid | None, values: tuple[int, ...] | None, name: str) -> Masks:
    """As `read_mask`, of a data set that is already parsed."""
    count, rows, columns, samples = dicom.layout(dataset, name)
    if samples != 1:
        raise refuse("wrong_channels", name, BROKEN, name=name)
    label_map = dicom.element(dataset, "SOPClassUID") == LABEL_MAP or _kind(dataset) == "LABELMAP"
    frames = _frames(dataset, count, label_map, name)
    target = grid if grid is not None and grid.affine is not None else _own_grid(frames, rows, columns, name)
    if grid is not None and grid.affine is None and target.shape[: len(grid.shape)] != grid.shape:
        raise refuse("geometry_mismatch", name, OFF_GRID, name=name, frame=1)
    expected = [v for v in values or () if v != 0]
    if label_map:
        return _label_map(dataset, frames, target, values, name)
    segments = sorted({f.segment for f in frames})
    if values is None or len(expected) == 1:
        if len(segments) > 1:
            template = gettext_noop("%(name)s: the file contains %(count)s segments; this question accepts one.")
            raise refuse("non_binary_mask", name, template, name=name, count=len(segments))
        labels = {(expected[0] if expected else FOREGROUND): segments[0] if segments else 0}
    elif not set(segments) <= set(expected):
        template = gettext_noop("%(name)s: segment %(found)s is none of the labels %(values)s of the question.")
        unexpected = min(set(segments) - set(expected))
        raise refuse(
            "non_binary_mask", name, template, name=name, found=unexpected, values=", ".join(map(str, expected))
        )
    else:
        labels = {label: label for label in expected}
    return {
        label: Mask.from_array(_laid(dataset, frames, target, name, segment) != 0).placed(target)
        for label, segment in labels.items()
    }


def _label_map(
    dataset: FileDataset, frames: list[_SegmentFrame], target: Grid, values: tuple[int, ...] | None, name: str
) -> Masks:
    array = _laid(dataset, frames, target, name, None)
    packer = LabelPacker(array.size, values, name)
    packer.feed(array.ravel(order="F"))
    return packer.finish(array.shape, "F", None, target)


def _laid(
    dataset: FileDataset, frames: list[_SegmentFrame], target: Grid, name: str, segment: int | None
) -> NDArray[np.uint8]:
    """The frames of one segment (all of them when None) on the target's grid; a fractional one must be all or nothing."""
    full = target.shape + (1,) * (3 - len(target.shape))
    out = np.zeros(full, np.uint8, order="F")
    inverse = np.linalg.inv(np.array(target.affine))
    odd: set[int] = set()
    laid: dict[tuple[int, int], list[tuple[int, _Box]]] = {}
    for number, (frame, pixels) in enumerate(zip(frames, dicom.frames(dataset, name), strict=False)):
        if segment is not None and frame.segment != segment:
            continue
        place = _place(inverse @ frame.affine, pixels.shape, full, tolerance_of(target))
        if place is None:
            raise refuse("geometry_mismatch", name, OFF_GRID, name=name, frame=number + 1)
        if pixels.dtype.itemsize > 1 and pixels.max() > 255:
            raise refuse("non_binary_mask", name, BROKEN, name=name)
        if segment is not None:
            odd.update(int(v) for v in np.unique(pixels) if v)
        index, transposed = place
        plane, box = _box(index, full)
        first = next((other for other, there in laid.setdefault(plane, []) if _overlap(there, box)), None)
        if first is not None:  # which of them is meant is not for us to guess
            values = {"first": first, "frame": number + 1, "plane": plane[1] + 1}
            raise refuse("geometry_mismatch", name, TWICE, name=name, **values)
        laid[plane].append((number + 1, box))
        view = out[index]
        np.maximum(view, pixels.astype(np.uint8).T if transposed else pixels.astype(np.uint8), out=view)
    if len(odd) > 1:
        template = gettext_noop("%(name)s: the segmentation is fractional. Save it as BINARY.")
        raise refuse("non_binary_mask", name, template, name=name)
    return out.reshape(target.shape, order="F")


def _place(
    between: Affine, pixels: tuple[int, ...], full: tuple[int, ...], tolerance: float
) -> tuple[tuple[slice | int, ...], bool] | None:
    """Where a frame goes: an index into the target whose two slices take the frame, transposed or not; None off grid."""
    rows, columns = pixels
    origin, along_row, along_column = between[:3, 3], between[:3, 0], between[:3, 1]
    axis_row, axis_column = int(np.argmax(np.abs(along_row))), int(np.argmax(np.abs(along_column)))
    if axis_row == axis_column:
        return None
    sign_row, sign_column = (1 if v[a] > 0 else -1 for v, a in ((along_row, axis_row), (along_column, axis_column)))
    start = np.round(origin)
    for r in (0, rows - 1):
        for c in (0, columns - 1):
            meant = start.copy()
            meant[axis_row] += sign_row * r
            meant[axis_column] += sign_column * c
            off = np.abs(origin + along_row * r + along_column * c - meant).max()
            if not off <= tolerance or (meant < 0).any() or (meant >= full).any():
                return None
    index: list[slice | int] = [int(v) for v in start]
    for axis, sign, size in ((axis_row, sign_row, rows), (axis_column, sign_column, columns)):
        first = int(start[axis])
        last = first + sign * size
        index[axis] = slice(first, None if last < 0 else last, sign)
    return tuple(index), axis_row > axis_column


def _box(index: tuple[slice | int, ...], full: tuple[int, ...]) -> tuple[tuple[int, int], _Box]:
    """The plane that a frame lies on (its axis and number, from 0) and what it covers there: tiles may share a plane."""
    plane, box = (0, 0), []
    for axis, (at, size) in enumerate(zip(index, full, strict=True)):
        if isinstance(at, int):
            plane = (axis, at)
        else:
            steps = range(size)[at]
            box.append((min(steps), max(steps)))
    return plane, tuple(box)


def _overlap(box: _Box, other: _Box) -> bool:
    return all(low <= last and first <= high for (low, high), (first, last) in zip(box, other, strict=True))


def _own_grid(frames: list[_SegmentFrame], rows: int, columns: int, name: str) -> Grid:
    """A grid from the frames themselves, for a segmentation without a reference: (column, row, slice)."""
    if not frames:
        raise refuse("unreadable_file", name, BROKEN, name=name)
    base = frames[0].affine
    normal = np.cross(base[:3, 1], base[:3, 0])
    normal /= np.linalg.norm(normal)
    along = sorted({round(float(f.affine[:3, 3] @ normal), 4) for f in frames})
    step = min(np.diff(along)) if len(along) > 1 else float(np.linalg.norm(base[:3, 2]))
    span = (along[-1] - along[0]) / step
    slices = round(span) + 1
    if step < 1e-3 or rows * columns * slices > MAX_VOXELS or slices > 100_000:
        raise refuse("unreadable_file", name, BROKEN, name=name)
    low = min(frames, key=lambda f: float(f.affine[:3, 3] @ normal)).affine
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2], affine[:3, 3] = base[:3, 1], base[:3, 0], normal * step, low[:3, 3]
    return Grid((columns, rows, slices), tuple(map(tuple, affine.tolist())))


def _frames(dataset: FileDataset, count: int, label_map: bool, name: str) -> list[_SegmentFrame]:
    try:
        shared = dataset.get("SharedFunctionalGroupsSequence") or [None]
        per_frame = dataset.get("PerFrameFunctionalGroupsSequence") or []
        if len(per_frame) != count:
            raise ValueError("frames")
        frames = []
        for group in per_frame:
            position = _from(group, shared[0], "PlanePositionSequence").ImagePositionPatient
            orientation = _from(group, shared[0], "PlaneOrientationSequence").ImageOrientationPatient
            measures = _from(group, shared[0], "PixelMeasuresSequence")
            thickness = float(measures.get("SpacingBetweenSlices") or measures.get("SliceThickness") or 1)
            if not math.isfinite(thickness) or thickness <= 0:
                raise ValueError("thickness")
            affine = dicom.plane(position, orientation, measures.PixelSpacing, thickness)
            if affine is None:
                raise ValueError("geometry")
            segment = 0
            if not label_map:
                segment = int(_from(group, shared[0], "SegmentIdentificationSequence").ReferencedSegmentNumber)
            frames.append(_SegmentFrame(segment, affine))
    except FormatError:
        raise
    except dicom.DICOM_ERRORS as error:
        raise refuse("unreadable_file", name, BROKEN, name=name) from error
    return frames


def _from(group: Any, shared: Any, keyword: str) -> Any:
    """A functional group macro of this frame, or the one all frames share."""
    for holder in (group, shared):
        if holder is not None and holder.get(keyword):
            return holder.get(keyword)[0]
    raise ValueError(keyword)


def _kind(dataset: FileDataset) -> str:
    return str(dicom.element(dataset, "SegmentationType") or "").upper()
