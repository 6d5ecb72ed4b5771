"""A mask saved as a derived DICOM image, the grid of a 2D image, and a folder of slices read as one volume."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from formats import dicom, dicom_seg
from formats.fault import FormatError, gettext_noop, refuse
from formats.labels import Masks, pack_array
from formats.manifest import Grid
from formats.mask import Affine, Turn, fit
from formats.nifti import Buffer, Volume

COLOUR = gettext_noop("%(name)s: the image has %(count)s samples a pixel; a mask has one. Save it as grey values.")
GAP_TOLERANCE = 0.01  # of the distance between slices


def read_mask(
    source: Buffer, grid: Grid | None = None, values: tuple[int, ...] | None = None, name: str = "file"
) -> Masks:
    """The masks of a derived image (stored values) or of a Segmentation object, on the reference's axes."""
    dataset = dicom.load(source, name)
    if dicom.element(dataset, "SOPClassUID") in dicom_seg.SOP_CLASSES:
        return dicom_seg.masks_of(dataset, grid, values, name)
    count, rows, columns, samples = dicom.layout(dataset, name)
    if samples != 1:
        raise refuse("wrong_channels", name, COLOUR, name=name, count=samples)
    affine = dicom.plane(*geometry(dataset))
    flat = count == 1 and (grid is None or len(grid.shape) == 2)
    if flat:
        shape: tuple[int, ...] = (rows, columns)
    else:  # frames of one object, first frame first; NIfTI's axes
        shape = (columns, rows, count)
        affine = None if affine is None or count > 1 else affine[:, [1, 0, 2, 3]]
    turn = fit(shape, affine, grid, name)
    if not isinstance(turn, Turn):
        raise FormatError(turn)
    stack = list(dicom.frames(dataset, name))
    array = stack[0] if flat else np.stack(stack, axis=-1).transpose(1, 0, 2)
    return pack_array(array, values, name, turn, grid or grid_of(dataset, shape, affine), affine)


def read_grid(source: Buffer, name: str = "file") -> Grid:
    """The grid of a single-frame image: (rows, columns), affine of (row, column), PixelSpacing in mm."""
    dataset = dicom.load(source, name)
    _, rows, columns, _ = dicom.layout(dataset, name)
    return grid_of(dataset, (rows, columns), dicom.plane(*geometry(dataset)))


def read_series(
    paths: Iterable[str | Path],
    name: str = "series",
    max_bytes: int = 2 << 30,
    *,
    whole: bool = False,
    pixels: bool = True,
) -> Volume:
    """Slices of one series as a volume in (i, j, k) = (column, row, slice), sorted along the normal, rescaled.

    The array is float32; with `whole` int16 where every value is a whole number that fits, which is half the memory.
    Without `pixels` nothing is decoded and the array is zeros that take no memory.

    Raises `FormatError`: `incomplete_series` (a gap, a doubled position, another orientation), `wrong_shape`,
    `wrong_channels`, `too_large`, and what reading a file raises.
    """
    planes: list[tuple[float, Affine, Path]] = []
    first: tuple[int, int] | None = None
    for path in map(Path, paths):
        dataset = dicom.load(path.read_bytes(), path.name)
        count, rows, columns, samples = dicom.layout(dataset, path.name)
        affine = dicom.plane(*geometry(dataset))
        if count != 1 or samples != 1 or affine is None:
            template = gettext_noop("%(name)s: this is not a grey slice with a position. Send classic single slices.")
            raise refuse("wrong_channels", path.name, template, name=path.name)
        first = first or (rows, columns)
        if (rows, columns) != first:
            template = gettext_noop("%(name)s: the slices differ in size. Send one series at a time.")
            raise refuse("wrong_shape", path.name, template, name=path.name)
        normal = np.cross(affine[:3, 1], affine[:3, 0])
        planes.append((float(affine[:3, 3] @ normal / np.linalg.norm(normal)), affine, path))
    if first is None:
        raise refuse("incomplete_series", name, gettext_noop("%(name)s: there is no slice."), name=name)
    if len(planes) * first[0] * first[1] * 4 > max_bytes:
        raise refuse("too_large", name, gettext_noop("%(name)s: the series is too large to be read."), name=name)
    planes.sort(key=lambda p: p[0])
    step = _step(planes, name)
    shape = (first[1], first[0], len(planes))
    volume = (
        _stacked([path for _, _, path in planes], shape, whole) if pixels else np.broadcast_to(np.float32(0), shape)
    )
    affine = planes[0][1][:, [1, 0, 2, 3]].copy()
    affine[:3, 2] = step
    spacing = tuple(np.sqrt((affine[:3, :3] ** 2).sum(axis=0)).tolist())
    return Volume(volume, affine, spacing)


def _stacked(paths: list[Path], shape: tuple[int, ...], whole: bool) -> NDArray[Any]:
    volume: NDArray[Any] = np.empty(shape, np.int16 if whole else np.float32, order="F")
    for k, path in enumerate(paths):
        dataset = dicom.load(path.read_bytes(), path.name)
        values = rescaled(dataset, next(dicom.frames(dataset, path.name)), path.name)
        if volume.dtype == np.int16 and not fits_int16(values):
            volume = volume.astype(np.float32, order="F")
        volume[:, :, k] = values.T
    return volume


def fits_int16(values: NDArray[Any]) -> bool:
    """Whether every value is a whole number below 2**15 in size."""
    return bool(np.array_equal(np.rint(values), values) and np.abs(values).max(initial=0) < 2**15)


def rescaled(dataset: Any, stored: NDArray[Any], name: str) -> NDArray[np.float32]:
    """Stored values through RescaleSlope and RescaleIntercept (PS3.3 C.7.6.16.2.9 and C.11.1)."""
    slope, inter = dicom.element(dataset, "RescaleSlope"), dicom.element(dataset, "RescaleIntercept")
    slope, inter = dicom.must_be_finite((1 if slope is None else slope, 0 if inter is None else inter), name)
    return stored.astype(np.float32) * np.float32(slope) + np.float32(inter)


def geometry(dataset: Any) -> tuple[Any, Any, Any]:
    """ImagePositionPatient, ImageOrientationPatient and PixelSpacing of a single image (None where missing)."""
    spacing = dicom.element(dataset, "PixelSpacing")
    keywords = ("ImagePositionPatient", "ImageOrientationPatient")
    position, orientation = (dicom.element(dataset, keyword) for keyword in keywords)
    return position, orientation, spacing


def grid_of(dataset: Any, shape: tuple[int, ...], affine: Affine | None) -> Grid:
    """A grid from a file's own header; PixelSpacing stands in where there is no position."""
    if affine is not None:
        return Grid(shape, tuple(map(tuple, affine.tolist())))
    spacing = dicom.element(dataset, "PixelSpacing")
    try:
        between = tuple(float(v) for v in spacing)
    except dicom.DICOM_ERRORS:
        return Grid(shape)
    if len(shape) != 2 or len(between) != 2 or not all(np.isfinite(between)) or min(between) <= 0:
        return Grid(shape)
    return Grid(shape, None, between)


def _step(planes: list[tuple[float, Affine, Path]], name: str) -> NDArray[np.float64]:
    """The vector from one slice to the next; every slice must follow it."""
    template = gettext_noop("%(name)s: slices are missing, doubled or turned. Send every slice of one series once.")
    if len(planes) == 1:
        return planes[0][1][:3, 2]
    distances = np.diff([p[0] for p in planes])
    usual = float(np.median(distances))
    turned = any(np.abs(p[1][:3, :2] - planes[0][1][:3, :2]).max() > 1e-3 for p in planes)
    if turned or usual <= 1e-6 or np.abs(distances - usual).max() > GAP_TOLERANCE * usual + 1e-4:
        raise refuse("incomplete_series", name, template, name=name)
    return (planes[-1][1][:3, 3] - planes[0][1][:3, 3]) / (len(planes) - 1)
