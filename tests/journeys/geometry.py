"""Voxels by their place in the patient: how an image that came down is held against the one that went up.

All positions are mm in DICOM's LPS. Slices are compared by position, never by index: a left-handed volume comes back from a DICOM
series with its slices in the opposite order at the same places.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Sequence
from dataclasses import dataclass

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Volume:
    """Values (i, j, k) and the affine from voxel to mm, LPS."""

    values: NDArray[np.generic]
    affine: NDArray[np.float64]


def from_nifti(content: bytes) -> Volume:
    raw = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    image = nib.Nifti1Image.from_bytes(raw)
    return Volume(np.asanyarray(image.dataobj), LPS @ np.asarray(image.affine, float))


def from_nrrd(content: bytes) -> Volume:
    """An attached NRRD of shorts in LPS, gzip inside: what the sample's one is."""
    header, _, data = content.partition(b"\n\n")
    answer = dict(line.split(": ", 1) for line in header.decode().splitlines()[1:] if ": " in line)
    assert (answer["type"], answer["encoding"], answer["endian"], answer["space"]) == (
        "short", "gzip", "little", "left-posterior-superior",
    )  # fmt: skip
    sizes = [int(size) for size in answer["sizes"].split()]
    columns = [[float(n) for n in axis.split(",")] for axis in re.findall(r"\(([^)]*)\)", answer["space directions"])]
    origin = [float(n) for n in answer["space origin"].strip("()").split(",")]
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = np.array(columns).T, origin
    return Volume(np.frombuffer(gzip.decompress(data), "<i2").reshape(sizes, order="F"), affine)


def from_seg(dataset: Dataset) -> Volume:
    """A segmentation object of one segment whose frames lie evenly along its normal."""
    frames = [np.array(f.PlanePositionSequence[0].ImagePositionPatient, float)
              for f in dataset.PerFrameFunctionalGroupsSequence]  # fmt: skip
    shared = dataset.SharedFunctionalGroupsSequence[0]
    row, column = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float).reshape(2, 3)
    down, across = (float(n) for n in shared.PixelMeasuresSequence[0].PixelSpacing)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = row * across, column * down
    affine[:3, 2], affine[:3, 3] = frames[1] - frames[0], frames[0]
    return Volume(np.asarray(dataset.pixel_array).transpose(2, 1, 0), affine)


def slice_affine(dataset: Dataset) -> NDArray[np.float64]:
    """Voxel (column, row, 0) of one slice to mm."""
    row, column = np.array(dataset.ImageOrientationPatient, float).reshape(2, 3)
    down, across = (float(n) for n in dataset.PixelSpacing)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = row * across, column * down, np.cross(row, column)
    affine[:3, 3] = np.array(dataset.ImagePositionPatient, float)
    return affine


def carried(into: NDArray[np.float64], source: NDArray[np.float64], places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Voxels of `source` (n, 3) as voxels of `into`; each has to fall on one, within a hundredth."""
    world = places @ source[:3, :3].T + source[:3, 3]
    exact = (world - into[:3, 3]) @ np.linalg.inv(into[:3, :3]).T
    whole = np.rint(exact).astype(np.int64)
    assert np.abs(exact - whole).max(initial=0) < 1e-2, "voxels fall between voxels"
    return whole


def plane_of(volume: Volume, dataset: Dataset) -> NDArray[np.generic]:
    """The volume's values (rows, columns) at the voxels of this slice."""
    rows, columns = np.mgrid[: dataset.Rows, : dataset.Columns]
    places = np.stack([columns.ravel(), rows.ravel(), np.zeros(rows.size, int)], axis=1)
    i, j, k = carried(volume.affine, slice_affine(dataset), places).T
    return volume.values[i, j, k].reshape(dataset.Rows, dataset.Columns)


def marked(volume: Volume, slices: Sequence[Dataset]) -> dict[tuple[int, ...], NDArray[np.bool_]]:
    """Position of a slice (in hundredths of mm) -> where the mask is set on it (rows, columns)."""
    return {position_of(entry): plane_of(volume, entry) != 0 for entry in slices}


def position_of(dataset: Dataset) -> tuple[int, ...]:
    return tuple(round(float(n) * 100) for n in dataset.ImagePositionPatient)


def same_mask(volume: Volume, other: Volume) -> bool:
    """Whether the set voxels of both are the same places, and as many."""
    places = np.argwhere(volume.values != 0)
    there = carried(other.affine, volume.affine, places)
    inside = ((there >= 0) & (there < other.values.shape)).all()
    return bool(inside and len(places) == np.count_nonzero(other.values) and (other.values[tuple(there.T)] != 0).all())
