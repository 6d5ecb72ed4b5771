"""How an exam hangs in the viewer: in the radiological convention, whatever the order and directions it is stored in."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from concours.imaging import assemble_files
from grading.picture import draw
from tests.concours.formats.builders import dicom_bytes, dicom_dataset

SIDE = 12
LPS = np.diag([-1.0, -1.0, 1.0])  # to and from RAS
RIGHT, FRONT, HEAD, MIDDLE = 1000, 2000, 3000, 500


def body() -> NDArray[np.uint16]:
    """Axes R to L, A to P, I to S. One mark on the right, one in front, one at the head, each alone on its side."""
    voxels = np.zeros((SIDE, SIDE, SIDE), np.uint16)
    voxels[4:8, 4:8, 4:8] = MIDDLE
    voxels[0:2, 5:7, 5:7], voxels[5:7, 0:2, 5:7], voxels[5:7, 5:7, 10:12] = RIGHT, FRONT, HEAD
    return voxels


def stored(folder: Path, axes: tuple[int, int, int], flips: tuple[int, int, int], shuffle: bool) -> list[Path]:
    """The body as slices along `axes[2]`, columns running along `axes[0]` and rows along `axes[1]`, backwards where flipped."""
    voxels = np.flip(np.transpose(body(), axes), tuple(n for n in range(3) if flips[n]))  # (i, j, k)
    directions = [np.eye(3)[axis] * (-1 if flip else 1) for axis, flip in zip(axes, flips, strict=True)]  # of LPS
    origin = np.array([-SIDE + 1.0, -SIDE + 1.0, 0.0])
    for axis, flip in zip(axes, flips, strict=True):
        if flip:
            origin[axis] += (SIDE - 1) * 2.0
    paths = []
    for k in range(SIDE):
        dataset = dicom_dataset(np.ascontiguousarray(voxels[:, :, k].T), k=k)
        dataset.ImagePositionPatient = (origin + directions[2] * 2.0 * k).tolist()
        dataset.ImageOrientationPatient = [*directions[0].tolist(), *directions[1].tolist()]
        dataset.PixelSpacing = [2.0, 2.0]
        paths.append(folder / f"{(k * 7) % SIDE if shuffle else k:02d}.dcm")
        paths[-1].write_bytes(dicom_bytes(dataset))
    return paths


def shown(paths: list[Path], folder: Path) -> tuple[NDArray[np.int16], dict[str, Any]]:
    geometry = assemble_files(paths).require().to_json()
    facts = draw([str(path) for path in paths], geometry, None, str(folder))
    return np.frombuffer((folder / "volume").read_bytes(), "<i2").reshape(facts["shape"]), facts


def place(volume: NDArray[np.int16], value: int) -> list[str]:
    """On which side of the picture a mark is: slices first or last, top or bottom, left or right."""
    centre = np.argwhere(volume == value).mean(axis=0) - (SIDE - 1) / 2
    words = (("first", "last"), ("top", "bottom"), ("left", "right"))
    return [words[axis][int(offset > 0)] for axis, offset in enumerate(centre) if abs(offset) > 3]


# Where right, front and head must be in slices across the R/L, A/P and S/I axis.
HANGING = {
    0: {RIGHT: ["first"], FRONT: ["left"], HEAD: ["top"]},
    1: {RIGHT: ["left"], FRONT: ["first"], HEAD: ["top"]},
    2: {RIGHT: ["left"], FRONT: ["top"], HEAD: ["first"]},
}
LETTERS = {0: "L,I,P", 1: "P,I,L", 2: "I,P,L"}


@pytest.mark.parametrize("axes", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("flips", list(itertools.product((0, 1), repeat=3)))
def test_marks_on_the_body_are_where_a_radiologist_expects_them(
    axes: tuple[int, int, int], flips: tuple[int, int, int], tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    volume, facts = shown(stored(tmp_path, axes, flips, shuffle=bool(flips[0])), tmp_path / "out")
    assert {mark: place(volume, mark) for mark in (RIGHT, FRONT, HEAD)} == HANGING[axes[2]]
    assert facts["orientation"] == LETTERS[axes[2]]
    assert (volume == MIDDLE).sum() == (body() == MIDDLE).sum()


def test_a_mask_that_does_not_lie_on_its_image_is_told_and_not_left_out(tmp_path: Path) -> None:
    paths = stored(tmp_path, (0, 1, 2), (0, 0, 0), shuffle=False)
    np.save(tmp_path / "mask.npy", np.ones((SIDE, SIDE, 3), np.uint8))
    geometry = assemble_files(paths).require().to_json()
    mask = {"path": str(tmp_path / "mask.npy"), "values": [0, 1]}
    facts = draw([str(path) for path in paths], geometry, mask, str(tmp_path))
    assert not facts["has_mask"]
    assert "12 x 12 x 3" in facts["mask_fault"]


def test_an_inverted_radiograph_says_so_and_hangs_by_its_patient_orientation(tmp_path: Path) -> None:
    pixels = np.zeros((8, 6), np.uint16)
    pixels[0, 5] = 100
    dataset = dicom_dataset(pixels)
    del dataset.ImagePositionPatient, dataset.ImageOrientationPatient
    dataset.Modality, dataset.PatientOrientation, dataset.PhotometricInterpretation = "DX", ["R", "H"], "MONOCHROME1"
    (tmp_path / "a.dcm").write_bytes(dicom_bytes(dataset))
    facts = draw([str(tmp_path / "a.dcm")], None, None, str(tmp_path))
    assert (facts["orientation"], facts["inverted"], facts["shape"]) == (",I,L", True, (1, 8, 6))
    volume = np.frombuffer((tmp_path / "volume").read_bytes(), "<i2").reshape(8, 6)
    assert volume[7, 0] == 100  # stored at the top right, where the patient's feet and right are


def test_views_of_several_sizes_are_all_shown(tmp_path: Path) -> None:
    for name, side, value in (("a", 8, 100), ("b", 4, 300)):
        dataset = dicom_dataset(np.full((side, side), value, np.uint16))
        del dataset.ImagePositionPatient, dataset.ImageOrientationPatient
        dataset.Modality = "DX"
        (tmp_path / f"{name}.dcm").write_bytes(dicom_bytes(dataset))
    facts = draw([str(tmp_path / f"{name}.dcm") for name in "ab"], None, None, str(tmp_path))
    volume = np.frombuffer((tmp_path / "volume").read_bytes(), "<i2").reshape(facts["shape"])
    assert facts["shape"] == (2, 8, 8)
    assert (volume[1, 2:6, 2:6] == 300).all()
