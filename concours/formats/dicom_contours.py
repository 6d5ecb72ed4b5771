"""Contours of an RT Structure Set (PS3.3 A.19, C.8.8.5 and C.8.8.6), filled on the grid of their image.

A voxel belongs to a region when its centre lies inside an odd number of the region's contours on its slice: a contour inside
another one is a hole. Nothing is interpolated: a slice without a contour stays empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from concours.formats import dicom
from concours.formats.contour_fill import CrossingError, TooManyCrossingsError, fill_together
from concours.formats.fault import FormatError, gettext_noop, refuse
from concours.formats.labels import FOREGROUND, Masks
from concours.formats.manifest import Grid
from concours.formats.mask import LPS_TO_RAS, MOST_SLACK, Mask

STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
PLANAR, XOR = "CLOSED_PLANAR", "CLOSEDPLANAR_XOR"
MOST_POINTS = 20_000_000
ROUNDING = 1e-4  # of a voxel: coordinates are decimal strings of 16 characters
SAME_PLANE = 1e-2  # of a slice

INCOMPLETE = gettext_noop(
    "%(name)s: contour %(number)d of region %(region)d is incomplete. Export the structure set again."
)
OPEN = gettext_noop(
    "%(name)s: contour %(number)d of region %(region)d is not closed, so it encloses no area. Send closed contours only."
)
NO_CONTOURS = gettext_noop("%(name)s: the structure set has no closed contours. Draw the region and export it again.")
SEVERAL = gettext_noop(
    "%(name)s: the structure set has %(count)d regions, and one is required. Name the required region after its field."
)
UNKNOWN = gettext_noop("%(name)s: region %(region)d is none of the labels %(values)s of the question.")
TILTED = gettext_noop(
    "%(name)s: contour %(number)d of region %(region)d is not parallel to the slices of the image. "
    "Draw it on the slices of the image provided."
)
BETWEEN = gettext_noop(
    "%(name)s: contour %(number)d of region %(region)d lies between two slices of the image. "
    "Draw it on the slices of the image provided."
)
OUTSIDE = gettext_noop("%(name)s: contour %(number)d of region %(region)d lies outside the image.")
CROSS = gettext_noop(
    "%(name)s: two contours of region %(region)d cross on slice %(slice)d, so their area is unclear. Join or separate them."
)
TOO_MANY = gettext_noop("%(name)s: the structure set has too many contour points.")
NO_POSITIONS = gettext_noop("%(name)s: contours need an image that states its position, and this image does not.")


@dataclass(frozen=True, eq=False)
class Contour:
    """`number` counts from 1 within its region; `points` are (n, 3) mm, patient LPS. Contours of kind XOR may cross."""

    number: int
    points: NDArray[np.float64]
    may_cross: bool = False


@dataclass(frozen=True)
class DrawnRegion:
    """One ROI with its closed contours; marks of single points are left out."""

    number: int
    name: str
    contours: tuple[Contour, ...]


def read_regions(dataset: Dataset, name: str) -> list[DrawnRegion]:
    """The regions that enclose an area, in the order of their numbers.

    Raises FormatError: `unreadable_file`, `wrong_format` (an open contour), `too_large`.
    """
    try:
        names = region_names(dataset)
        drawn = ((int(item.ReferencedROINumber), item) for item in dataset.get("ROIContourSequence") or ())
        regions = [DrawnRegion(n, names.get(n, ""), tuple(_contours(item, n, name))) for n, item in drawn]
    except FormatError:
        raise
    except dicom.DICOM_ERRORS as error:
        raise refuse("unreadable_file", name, dicom.UNREADABLE, name=name) from error
    if sum(len(contour.points) for region in regions for contour in region.contours) > MOST_POINTS:
        raise refuse("too_large", name, TOO_MANY, name=name)
    return sorted((region for region in regions if region.contours), key=lambda region: region.number)


def region_names(dataset: Dataset) -> dict[int, str]:
    """ROI number -> ROI name, as the sender wrote it: it may identify a person. Raises what pydicom raises."""
    items = dataset.get("StructureSetROISequence") or ()
    return {int(item.ROINumber): str(item.get("ROIName") or "") for item in items}


def masks_of(dataset: Dataset, grid: Grid | None, values: tuple[int, ...] | None, name: str) -> Masks:
    """The masks of a structure set on `grid`. With a list of labels, a region's number is its label.

    Raises FormatError: `geometry_mismatch`, `non_binary_mask`, `missing_value`, and what `read_regions` raises.
    """
    if grid is None or grid.affine is None:
        raise refuse("geometry_mismatch", name, NO_POSITIONS, name=name)
    regions = read_regions(dataset, name)
    labels_of_truth = [value for value in values or () if value != 0]
    if not regions:
        raise refuse("missing_value", name, NO_CONTOURS, name=name)
    if len(labels_of_truth) < 2:
        if len(regions) > 1:
            raise refuse("non_binary_mask", name, SEVERAL, name=name, count=len(regions))
        return {(labels_of_truth[0] if labels_of_truth else FOREGROUND): _filled(regions, grid, name)}
    strange = next((region.number for region in regions if region.number not in labels_of_truth), None)
    if strange is not None:
        labels = ", ".join(map(str, labels_of_truth))
        raise refuse("non_binary_mask", name, UNKNOWN, name=name, region=strange, values=labels)
    return {
        label: _filled([region for region in regions if region.number == label], grid, name)
        for label in labels_of_truth
    }


def _contours(item: Dataset, region: int, name: str) -> Iterator[Contour]:
    for number, contour in enumerate(item.get("ContourSequence") or (), 1):
        kind = str(contour.get("ContourGeometricType") or "").strip().upper()
        points = _points(contour)
        if points is None:
            raise refuse("unreadable_file", name, INCOMPLETE, name=name, number=number, region=region)
        if kind == "POINT" or (kind in (PLANAR, XOR) and len(points) < 3):
            continue
        if kind not in (PLANAR, XOR):
            raise refuse("wrong_format", name, OPEN, name=name, number=number, region=region)
        yield Contour(number, points, kind == XOR)


def _points(contour: Dataset) -> NDArray[np.float64] | None:
    """(n, 3) mm; None where coordinates are missing, cut off or no numbers. Read from the bytes: an organ has 100 000."""
    try:
        raw = getattr(contour.get_item("ContourData"), "value", None)
        parts = raw.split(b"\\") if isinstance(raw, bytes) else raw
        flat = np.array([float(part) for part in parts or ()])
        stated = contour.get("NumberOfContourPoints")
        count = len(flat) // 3 if stated is None else int(stated)
    except dicom.DICOM_ERRORS:
        return None
    if count < 1 or len(flat) != 3 * count or not np.isfinite(flat).all():
        return None
    return flat.reshape(-1, 3)


def _filled(regions: Sequence[DrawnRegion], grid: Grid, name: str) -> Mask:
    """The regions of one label on the whole grid."""
    full = (*grid.shape, 1, 1)[:3]
    out = np.zeros(full, np.bool_, order="F")
    for region in regions:
        laid, axis = _laid(region, grid, name)
        shape = (full[1], full[2]) if axis == 0 else (full[0], full[2]) if axis == 1 else (full[0], full[1])
        for k, contours in _by_slice(region, [points[:, axis] for points in laid], full[axis], name).items():
            outlines = [np.delete(laid[n], axis, axis=1) for n in contours]
            may_cross = any(region.contours[n].may_cross for n in contours)
            try:
                plane = fill_together(outlines, shape, may_cross)
            except CrossingError:
                raise refuse("geometry_mismatch", name, CROSS, name=name, region=region.number, slice=k + 1) from None
            except TooManyCrossingsError:
                raise refuse("too_large", name, TOO_MANY, name=name) from None
            view = np.moveaxis(out, axis, -1)[..., k]
            np.logical_or(view, plane, out=view)
    return Mask.from_array(out.reshape(grid.shape, order="F")).placed(grid)


def _laid(region: DrawnRegion, grid: Grid, name: str) -> tuple[list[NDArray[np.float64]], int]:
    """Contours in voxel indices of the grid, and the axis across which they are flat."""
    inverse = np.linalg.inv(np.array(grid.affine)) @ LPS_TO_RAS
    laid = [
        np.round((contour.points @ inverse[:3, :3].T + inverse[:3, 3]) / ROUNDING) * ROUNDING
        for contour in region.contours
    ]
    axis = int(np.argmin(np.max([np.ptp(points, axis=0) for points in laid], axis=0)))
    for contour, points in zip(region.contours, laid, strict=True):
        if np.ptp(points[:, axis]) > MOST_SLACK:
            raise _refuse(TILTED, region, contour, name)
    return laid, axis


def _by_slice(
    region: DrawnRegion, across: Sequence[NDArray[np.float64]], slices: int, name: str
) -> dict[int, list[int]]:
    """The contours on each slice. Of planes that lie closer than slices, those beside a slice with its own plane are left out."""
    heights = [float(np.median(numbers)) for numbers in across]
    own: dict[int, float] = {}  # the height of the plane that each slice takes
    for height in heights:
        k = round(height)
        if abs(height - k) <= min(MOST_SLACK, abs(own.get(k, np.inf) - k)):
            own[k] = height
    taken: dict[int, list[int]] = {}
    for n, height in enumerate(heights):
        if abs(height - own.get(round(height), np.inf)) <= SAME_PLANE:
            taken.setdefault(round(height), []).append(n)
            outside = not 0 <= round(height) < slices
        elif own.keys() & {int(np.floor(height)), int(np.ceil(height))}:
            continue
        else:
            outside = not 0 <= height <= slices - 1
            if not outside:
                raise _refuse(BETWEEN, region, region.contours[n], name)
        if outside:
            raise _refuse(OUTSIDE, region, region.contours[n], name)
    return taken


def _refuse(template: str, region: DrawnRegion, contour: Contour, name: str) -> FormatError:
    return refuse("geometry_mismatch", name, template, name=name, number=contour.number, region=region.number)
