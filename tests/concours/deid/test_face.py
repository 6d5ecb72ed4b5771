"""The face of a head is found in the patient's own axes, however it was scanned; the brain is never in it."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from concours.deid.face import DEEPEST, LENGTHS, Face, find_face
from concours.deid.heads import is_elsewhere, may_show_face
from tests.factories.heads import EXTENT, Slice, slices


def face_of(slice_list: list[Slice], modality: str) -> Face | None:
    return find_face([entry.values for entry in slice_list], [item.affine for item in slice_list], modality)


def covered(face: Face, slice_list: list[Slice]) -> dict[str, float]:
    """The share of each part of the head that the region covers."""
    inside: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for entry in slice_list:
        region = face.covers(entry.affine, entry.values.shape)
        for name, part in entry.parts.items():
            inside[name] += int((part & region).sum())
            whole[name] += int(part.sum())
    return {name: inside[name] / whole[name] for name in whole}


@pytest.mark.parametrize("modality", ["CT", "MR"])
@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
@pytest.mark.parametrize(("nod", "flipped"), [(0, False), (0, True), (-15, True), (15, False)])
def test_nose_eyes_and_mouth_are_in_and_the_brain_is_out(modality: str, plane: str, nod: float, flipped: bool) -> None:
    slice_list = slices(plane, modality, nod=nod, flipped=flipped, noise=15 if modality == "MR" else 5)
    face = face_of(slice_list, modality)
    assert face is not None
    shares = covered(face, slice_list)
    assert shares["brain"] < 2e-3 and (nod or shares["brain"] == 0)
    assert shares["nose"] > 0.7 and shares["lips"] > 0.95 and shares["chin"] > 0.65 and shares["eyes"] > 0.5


def test_every_orientation_gives_one_region() -> None:
    """Asked at the same points of the patient, regions found in other planes agree."""
    where = slices("axial", spacing=(3.0, 3.0, 6.0))
    regions = []
    for plane in ("axial", "coronal", "sagittal"):
        for flipped in (False, True):
            face = face_of(slices(plane, flipped=flipped), "CT")
            assert face is not None
            regions.append(np.stack([face.covers(entry.affine, entry.values.shape) for entry in where]))
    tissue = np.stack([entry.values > -300 for entry in where])
    for region in regions[1:]:
        both, either = (region & regions[0] & tissue).sum(), ((region | regions[0]) & tissue).sum()
        assert both / either > 0.85


def test_nothing_lies_deeper_than_stated_or_above_the_brow() -> None:
    slice_list = slices()
    face = face_of(slice_list, "CT")
    assert face is not None and face.deepest <= DEEPEST * LENGTHS[1]
    region = np.stack([face.covers(entry.affine, entry.values.shape) for entry in slice_list])
    tissue = np.stack([entry.values > -300 for entry in slice_list])
    skin = np.argmax(tissue, axis=1)  # rows run from front to back
    rows = np.arange(tissue.shape[1])[None, :, None]
    deep = (rows - skin[:, None, :]) * 2.0
    assert deep[region & tissue].max() <= face.deepest + 3
    levels = np.array([entry.affine[2, 3] for entry in slice_list])
    assert not region[levels > face.brow].any() and region[levels < face.brow].any()


def test_a_head_cut_off_above_the_brows_is_found_by_its_nose() -> None:
    slice_list = slices(extent=(EXTENT[0], EXTENT[1], (-120.0, 0.0)))
    face = face_of(slice_list, "CT")
    assert face is not None
    shares = covered(face, slice_list)
    assert shares["brain"] == 0 and shares["nose"] > 0.7 and shares["eyes"] > 0.5


@pytest.mark.parametrize("levels", [(-190.0, -100.0), (20.0, 60.0)])
def test_a_neck_and_a_slab_of_skull_have_no_face(levels: tuple[float, float]) -> None:
    assert face_of(slices(extent=(EXTENT[0], EXTENT[1], levels)), "CT") is None


def test_a_brain_freed_of_its_skull_and_a_body_without_a_face_stay() -> None:
    slice_list = slices(modality="MR")
    for item in slice_list:
        item.values[~item.parts["brain"]] = 0
    assert face_of(slice_list, "MR") is None
    empty = [np.zeros_like(entry.values) for entry in slice_list]
    assert find_face(empty, [entry.affine for entry in slice_list], "MR") is None


def test_the_same_slices_give_the_same_face() -> None:
    first, second = face_of(slices(), "CT"), face_of(slices(), "CT")
    assert first is not None and second is not None
    assert (first.pitch, first.brow, first.plane, first.tilt) == (second.pitch, second.brow, second.plane, second.tilt)


@pytest.mark.parametrize("name", ["anatomical.nii", "example4d.nii.gz"])
def test_real_crops_without_a_face_stay(name: str) -> None:
    """nibabel ships two crops of real heads, in neither of which a face can be seen."""
    image = nib.load(Path(nib.__file__).parent / "tests" / "data" / name)
    volume = np.asarray(image.dataobj)[:, :, :, 0] if len(image.shape) == 4 else np.asarray(image.dataobj)
    affines = []
    for k in range(volume.shape[2]):
        affine = image.affine.copy()
        affine[:3, 3] += k * affine[:3, 2]
        affines.append(affine)
    assert find_face([volume[:, :, k] for k in range(volume.shape[2])], affines, "MR") is None


@pytest.mark.skipif(
    "PYDEFACE_DATA" not in os.environ, reason="PYDEFACE_DATA names the folder data/ of the package pydeface"
)
def test_most_of_it_lies_in_what_pydeface_removes_of_its_mean_head() -> None:
    folder = Path(os.environ["PYDEFACE_DATA"])
    image = nib.load(folder / "mean_reg2mean.nii.gz")
    volume, keep = (
        np.asarray(nib.load(folder / n).dataobj).squeeze() for n in ("mean_reg2mean.nii.gz", "facemask.nii.gz")
    )
    affines = []
    for k in range(volume.shape[2]):
        affine = image.affine.copy()
        affine[:3, 3] += k * affine[:3, 2]
        affines.append(affine)
    face = find_face([volume[:, :, k] for k in range(volume.shape[2])], affines, "MR")
    assert face is not None
    region = np.stack([face.covers(affine, volume.shape[:2]) for affine in affines], axis=2)
    tissue = volume > 0.15 * np.percentile(volume, 99)
    assert (region & tissue & (keep == 0)).sum() / (region & tissue).sum() > 0.9


@pytest.mark.parametrize(
    ("modality", "words", "face"),
    [("MR", ["HEAD"], True), ("CT", ["", ""], True), ("CT", ["CHEST"], False), ("US", ["HEAD"], False)],
)
def test_headers_that_speak_of_a_head(modality: str, words: list[str], face: bool) -> None:
    assert may_show_face(modality, words) is face


def test_headers_that_speak_of_another_part() -> None:
    assert is_elsewhere(["CHEST"]) and not is_elsewhere(["axial 1 mm"]) and not is_elsewhere(["chest and neck"])
