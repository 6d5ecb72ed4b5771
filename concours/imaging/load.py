"""Reads files into what was decided about them: the geometry from headers, the voxels of a volume, the frames of pictures."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from concours.formats.fault import gettext_noop, refuse
from concours.formats.nifti import Volume
from concours.imaging.assemble import assemble, pictures_of
from concours.imaging.geometry import Assembly, Geometry
from concours.imaging.header import Frame, read_frames

LARGEST_VOLUME = 4 << 30  # bytes of an array in memory: 2600 slices of 512 x 512 as float32
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
INT16 = 2**15

LOST = gettext_noop("%(name)s: the file no longer exists, or has fewer frames than when it was checked.")
LARGE = gettext_noop("%(name)s: the image is too large to be read as one array.")
NO_ARRAY = gettext_noop(
    "%(name)s: these pictures have no common grid, so they cannot form one array. Deliver them as DICOM."
)


def assemble_files(paths: Iterable[str | Path], name: str = "image") -> Assembly:
    """`assemble` for files on disk, named by their last part; pixels are not read. Raises FormatError where one is not DICOM."""
    return assemble(frames_of_files(paths), name)


def frames_of_files(paths: Iterable[str | Path]) -> list[Frame]:
    """Return the frames of files on disk, named by their last part. Raises FormatError where one is not DICOM."""
    from pydicom import dcmread

    from concours.formats import dicom

    frames: list[Frame] = []
    for path in map(Path, paths):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                header = dcmread(path, stop_before_pixels=True)
            except dicom.DICOM_ERRORS as error:
                raise refuse("unreadable_file", path.name, dicom.UNREADABLE, name=path.name) from error
            frames += read_frames(header, path.name)
    return frames


def geometry_of_files(paths: Iterable[str | Path], name: str = "image") -> Geometry:
    """Return what `assemble_files` decides; frames that form no volume are pictures, to be looked at one after the other.

    For exams that were accepted before geometries were stored. Raises FormatError where no file holds an image.
    """
    paths = list(paths)
    assembly = assemble_files(paths, name)
    if assembly.geometry is None and all(fault.reason != "no_pixels" for fault in assembly.faults):
        return pictures_of(frames_of_files(paths))
    return assembly.require()


def load_volume(
    paths: Iterable[str | Path], geometry: Geometry, name: str = "image", *, compact: bool = False
) -> Volume:
    """Return the voxels of a volume or grey picture in (i, j, k) = (column, row, slice), rescaled, with its affine and spacing.

    `paths` are the image's files in any order, among them those that the geometry names (by the last part of the path).
    The array is float32; with `compact` int16 where every value is a whole number that fits, which is half the memory.
    Raises FormatError: `missing_file`, `wrong_channels` (pictures), `too_large`, and what decoding a file raises.
    """
    if not geometry.is_array:
        raise refuse("wrong_channels", name, NO_ARRAY, name=name)
    columns, rows, count = geometry.shape
    if columns * rows * count * 4 > LARGEST_VOLUME:
        raise refuse("too_large", name, LARGE, name=name)
    array: NDArray[Any] = np.empty(geometry.shape, np.int16 if compact else np.float32, order="F")
    for k, values in _frames(paths, geometry, name):
        if values.shape != (rows, columns):
            raise refuse("missing_file", name, LOST, name=name)
        if array.dtype == np.int16 and not fits_int16(values):
            array = array.astype(np.float32, order="F")
        array[:, :, k] = values.T
    return Volume(array, geometry.matrix, geometry.spacing or (1.0, 1.0, 1.0))


def load_picture(paths: Iterable[str | Path], geometry: Geometry, name: str = "image") -> NDArray[np.float32]:
    """Return the frames of any geometry as grey values (columns, rows, frames), for display.

    Views of several sizes lie in the middle of the largest, on the darkest value of each.
    """
    planes: dict[int, NDArray[np.float32]] = {}
    for k, values in _frames(paths, geometry, name):
        planes[k] = (values[..., :3] @ LUMINANCE if values.ndim == 3 else values).T
    columns, rows = (max(plane.shape[axis] for plane in planes.values()) for axis in (0, 1))
    if columns * rows * len(planes) * 4 > LARGEST_VOLUME:
        raise refuse("too_large", name, LARGE, name=name)
    array = np.empty((columns, rows, len(planes)), np.float32, order="F")
    for k, plane in planes.items():
        left, top = (columns - plane.shape[0]) // 2, (rows - plane.shape[1]) // 2
        array[:, :, k] = plane.min()
        array[left : left + plane.shape[0], top : top + plane.shape[1], k] = plane
    return array


def in_order(paths: Iterable[str], geometry: Geometry) -> list[str]:
    """Return the files in the order of their first slice; files that the geometry does not name come last, by name."""
    first: dict[str, int] = {}
    for k, piece in enumerate(geometry.slices):
        first.setdefault(piece.file, k)
    return sorted(paths, key=lambda path: (first.get(Path(path).name, len(geometry.slices)), Path(path).name))


def _frames(paths: Iterable[str | Path], geometry: Geometry, name: str) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """k and the rescaled values of every slice, each file opened once and each frame decoded once."""
    from concours.formats import dicom  # with pydicom, which those who only read decisions do without

    by_name = {Path(path).name: Path(path) for path in paths}
    slices_by_file: dict[str, dict[int, int]] = {}
    for k, piece in enumerate(geometry.slices):
        slices_by_file.setdefault(piece.file, {})[piece.number] = k
    for file, numbers in slices_by_file.items():
        if file not in by_name:
            raise refuse("missing_file", file, LOST, name=file)
        dataset = dicom.load(by_name[file].read_bytes(), file)
        left = len(numbers)
        for number, stored in enumerate(dicom.frames(dataset, file)):
            if number in numbers:
                piece = geometry.slices[numbers[number]]
                yield numbers[number], rescaled(stored, piece.slope, piece.intercept)
                left -= 1
            if not left:
                break
        if left:
            raise refuse("missing_file", file, LOST, name=file)


def rescaled(stored: NDArray[Any], slope: float, intercept: float) -> NDArray[np.float32]:
    """Stored values through RescaleSlope and RescaleIntercept (PS3.3 C.7.6.16.2.9 and C.11.1)."""
    return stored.astype(np.float32) * np.float32(slope) + np.float32(intercept)


def fits_int16(values: NDArray[Any]) -> bool:
    """Whether every value is a whole number below 2**15 in size."""
    return bool(np.array_equal(np.rint(values), values) and np.abs(values).max(initial=0) < INT16)
