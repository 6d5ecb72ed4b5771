"""Masks on the grid of their image: read by one function at quality control, in the viewer, in batches and in truths."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from concours.formats import dicom, dicom_contours, dicom_seg, files
from concours.formats.fault import FormatError, gettext_noop, refuse
from concours.formats.labels import Masks, pack_array
from concours.formats.manifest import Grid
from concours.formats.mask import Turn, fit
from concours.formats.nifti import Buffer
from concours.imaging.assemble import assemble
from concours.imaging.geometry import Geometry
from concours.imaging.header import read_frames

NO_GRID = gettext_noop(
    "%(name)s: a mask needs an image of one picture or one volume, and this image has several pictures."
)


def labels_of(values: Sequence[int]) -> tuple[int, ...] | None:
    """Return the labels that a question's declared mask values ask for exactly; None where any {0, v} will do."""
    return tuple(int(value) for value in values) if len(set(values) - {0}) > 1 else None


def lies_on(shape: Sequence[int], affine: Sequence[Sequence[float]], geometry: Geometry) -> bool:
    """Return whether an array of this shape (i, j, k) and affine (RAS mm) lies on a geometry's voxels, axes in any order."""
    if geometry.affine is None:
        return False
    grid = Grid(geometry.shape, geometry.affine, geometry.spacing, geometry.slack)
    return isinstance(fit(tuple(shape), np.asarray(affine, float), grid, "mask"), Turn)


def read_mask(source: Buffer, geometry: Geometry, values: Sequence[int], name: str = "mask") -> Masks:
    """Return the masks of a file, one per label, on the geometry's grid, whatever axes its program wrote.

    `values` are the mask values that the question declares. Raises FormatError: `geometry_mismatch`, `wrong_shape`,
    `non_binary_mask`, and what reading the format raises.
    """
    grid = geometry.grid
    if grid is None:
        raise refuse("geometry_mismatch", name, NO_GRID, name=name)
    if files.kind_of(source) == "dicom" and len(grid.shape) == 3:
        masks = _from_frames(source, grid, labels_of(values), name)
        if masks is not None:
            return masks
    return files.read_mask(source, grid, labels_of(values), name)


def _from_frames(source: Buffer, grid: Grid, values: tuple[int, ...] | None, name: str) -> Masks | None:
    """The masks of a derived multi-frame image whose frames state their positions: they lie by these, not by their order.

    None for any other object: a Segmentation and contours state their own, and frames without positions are taken in their order.
    """
    dataset = dicom.load(source, name)
    if dicom.element(dataset, "SOPClassUID") in (*dicom_seg.SOP_CLASSES, dicom_contours.STRUCTURE_SET):
        return None
    own = assemble(read_frames(dataset, name), name).geometry
    if own is None or own.affine is None or len(own.slices) < 2 or not own.is_array:
        return None
    turn = fit(own.shape, own.matrix, grid, name)
    if not isinstance(turn, Turn):
        raise FormatError(turn)
    frames = list(dicom.frames(dataset, name))
    array = np.stack([frames[piece.number].T for piece in own.slices], axis=-1)
    return pack_array(array, values, name, turn, grid, own.matrix)


def label_array(masks: Masks, geometry: Geometry) -> NDArray[np.uint8]:
    """Return one array of labels on the geometry's grid: (rows, columns) of one slice or picture, (i, j, k) of a stack."""
    grid = geometry.grid
    assert grid is not None  # the masks were read on it
    labels: NDArray[np.uint8] | None = None
    for label, mask in masks.items():
        dense = mask.placed(None).dense()
        if labels is None:  # in the mask's own order in memory: writing across it costs ten times as much
            labels = np.zeros_like(dense, np.uint8)
        np.copyto(labels, np.uint8(label), where=dense)
    assert labels is not None  # a mask file has at least one
    return labels.reshape(grid.shape)
