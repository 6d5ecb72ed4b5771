"""A mask saved as a DICOM object: a derived image, a Segmentation or the contours of a structure set."""

from typing import Any

import numpy as np

from concours.formats import dicom, dicom_contours, dicom_seg
from concours.formats.fault import FormatError, gettext_noop, refuse
from concours.formats.labels import Masks, pack_array
from concours.formats.manifest import Grid
from concours.formats.mask import Affine, Turn, fit
from concours.formats.nifti import Buffer

COLOUR = gettext_noop("%(name)s: the image has %(count)s samples per pixel; a mask has one. Save it in greyscale.")


def read_mask(
    source: Buffer, grid: Grid | None = None, values: tuple[int, ...] | None = None, name: str = "file"
) -> Masks:
    """The masks of a derived image (stored values), of a Segmentation object or of contours, on the reference's axes."""
    dataset = dicom.load(source, name)
    if dicom.element(dataset, "SOPClassUID") in dicom_seg.SOP_CLASSES:
        return dicom_seg.masks_of(dataset, grid, values, name)
    if dicom.element(dataset, "SOPClassUID") == dicom_contours.STRUCTURE_SET:
        return dicom_contours.masks_of(dataset, grid, values, name)
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
