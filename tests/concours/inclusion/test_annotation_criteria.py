"""Masks, nodule lists and clinical values beside the images."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pydicom
import pytest
from PIL import Image

from concours.inclusion.exam.facts import ExamFacts, FieldFacts
from tests.concours.inclusion.phantoms import ACCEPT, CT, body, facts, judged, outcomes, write_series

DECLARED = {"type": "mask", "of": "image", "values": [0, 1]}


@pytest.fixture
def series(tmp_path: Path) -> list[Path]:
    return write_series(tmp_path / "image", CT, body(5))


def drawn() -> np.ndarray:
    voxels = np.zeros((64, 64, 5), np.uint8)
    voxels[20:30, 22:40, 1:4] = 1
    return voxels


def with_mask(series: list[Path], path: Path, declared: dict[str, Any] | None = None) -> ExamFacts:
    return facts(series, {"mask": {"declared": declared or DECLARED, "path": str(path)}})


def affine_of(series: list[Path]) -> np.ndarray:
    geometry = facts(series).geometry("image")
    assert geometry is not None
    return geometry.matrix


def save_nifti(path: Path, voxels: np.ndarray, affine: np.ndarray) -> Path:
    nib.save(nib.Nifti1Image(voxels, affine), path)
    return path


def test_affine_is_the_patient_geometry_in_ras(series: list[Path]) -> None:
    expected = np.array([[-5.0, 0, 0, 160], [0, -5, 0, 160], [0, 0, 2, 0], [0, 0, 0, 1]])
    assert np.allclose(affine_of(series), expected)


def test_mask_on_the_grid_is_accepted_also_flipped_and_permuted(series: list[Path], tmp_path: Path) -> None:
    affine = affine_of(series)
    plain = nib.Nifti1Image(drawn(), affine)
    for n, axes in enumerate(("LPS", "RAS", "SAL")):
        orientation = nib.orientations.ornt_transform(
            nib.io_orientation(affine), nib.orientations.axcodes2ornt(tuple(axes))
        )
        path = tmp_path / f"m{n}.nii.gz"
        nib.save(plain.as_reoriented(orientation), path)
        assert outcomes(with_mask(series, path), "mask", field="mask") == ACCEPT


@pytest.mark.parametrize("move", [0.5, 5.0, 0.06])
def test_shifted_mask_is_a_geometry_mismatch(series: list[Path], tmp_path: Path, move: float) -> None:
    affine = affine_of(series)
    affine[0, 3] += move
    exam = with_mask(series, save_nifti(tmp_path / "m.nii.gz", drawn(), affine))
    assert outcomes(exam, "mask", field="mask") == {("refuse", "geometry_mismatch")}


def test_scaled_and_rotated_masks_are_geometry_mismatches(series: list[Path], tmp_path: Path) -> None:
    scaled = affine_of(series) @ np.diag([1.01, 1, 1, 1])
    turned = affine_of(series).copy()
    angle = np.radians(2)
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0, 0], [np.sin(angle), np.cos(angle), 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    )
    for n, affine in enumerate((scaled, turn @ turned)):
        exam = with_mask(series, save_nifti(tmp_path / f"m{n}.nii.gz", drawn(), affine))
        assert outcomes(exam, "mask", field="mask") == {("refuse", "geometry_mismatch")}


def test_empty_wrong_shape_wrong_values_at_once(series: list[Path], tmp_path: Path) -> None:
    affine = affine_of(series)
    empty = with_mask(series, save_nifti(tmp_path / "a.nii.gz", drawn() * 0, affine))
    assert outcomes(empty, "mask", field="mask") == {("refuse", "criterion_not_met")}
    voxels = drawn()[:, :, :4]
    voxels[0, 0, 0] = 7
    both = with_mask(series, save_nifti(tmp_path / "b.nii.gz", voxels, affine))
    assert outcomes(both, "mask", field="mask") == {("refuse", "wrong_shape"), ("refuse", "non_binary_mask")}
    assert any("7" in entry.message for entry in judged(both, "mask", field="mask"))
    small = with_mask(series, save_nifti(tmp_path / "c.nii.gz", drawn(), affine))
    assert outcomes(small, "mask", field="mask", min_voxels=10_000) == {("review", "criterion_not_met")}


def test_any_single_value_counts_as_one_but_declared_labels_are_exact(series: list[Path], tmp_path: Path) -> None:
    path = save_nifti(tmp_path / "m.nii.gz", drawn() * 255, affine_of(series))
    assert outcomes(with_mask(series, path), "mask", field="mask") == ACCEPT
    exact = with_mask(series, path, DECLARED | {"values": [0, 1, 2]})
    assert outcomes(exact, "mask", field="mask") == {("refuse", "non_binary_mask")}


def test_missing_mask_and_an_image_in_its_place(series: list[Path], tmp_path: Path) -> None:
    missing = facts(series, {"mask": {"declared": DECLARED}})
    assert outcomes(missing, "mask", field="mask") == {("refuse", "missing_file")}
    image = np.arange(64 * 64 * 5, dtype=np.int16).reshape(64, 64, 5)
    exam = with_mask(series, save_nifti(tmp_path / "m.nii.gz", image, affine_of(series)))
    (result,) = judged(exam, "mask", field="mask")
    assert (result.reason, result.outcome) == ("non_binary_mask", "refuse")
    assert "%(" not in result.message


def test_damaged_mask_is_named(series: list[Path], tmp_path: Path) -> None:
    path = save_nifti(tmp_path / "m.nii.gz", drawn(), affine_of(series))
    path.write_bytes(path.read_bytes()[:60])
    (result,) = judged(with_mask(series, path), "mask", field="mask")
    assert (result.outcome, result.reason) == ("refuse", "unreadable_file")
    assert "m.nii.gz" in result.message


def test_a_lying_nifti_header_is_not_believed(series: list[Path], tmp_path: Path) -> None:
    image = nib.Nifti1Image(np.zeros((2, 2, 2), np.uint8), np.eye(4))
    header = bytearray(image.to_bytes())
    header[42:48] = np.array([30000, 30000, 30000], "<i2").tobytes()
    path = tmp_path / "m.nii.gz"
    path.write_bytes(gzip.compress(bytes(header)))
    assert outcomes(with_mask(series, path), "mask", field="mask") == {("refuse", "too_large")}


def nrrd(voxels: np.ndarray, encoding: str = "gzip", origin: str = "(-160,-160,0)") -> bytes:
    head = (
        "NRRD0004\n# made by a test\ntype: unsigned char\ndimension: 3\nspace: left-posterior-superior\n"
        f"sizes: {' '.join(map(str, voxels.shape))}\nspace directions: (5,0,0) (0,5,0) (0,0,2)\n"
        f"endian: little\nencoding: {encoding}\nspace origin: {origin}\n\n"
    )
    raw = voxels.tobytes(order="F")
    return head.encode() + (gzip.compress(raw) if encoding == "gzip" else raw)


def test_nrrd_of_3d_slicer(series: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "m.nrrd"
    for encoding in ("gzip", "raw"):
        path.write_bytes(nrrd(drawn(), encoding))
        assert outcomes(with_mask(series, path), "mask", field="mask") == ACCEPT
    path.write_bytes(nrrd(drawn(), origin="(-155,-160,0)"))
    assert outcomes(with_mask(series, path), "mask", field="mask") == {("refuse", "geometry_mismatch")}
    path.write_bytes(nrrd(drawn())[:-30])
    assert outcomes(with_mask(series, path), "mask", field="mask") == {("refuse", "unreadable_file")}
    path.write_bytes(nrrd(drawn()).replace(b"sizes: 64 64 5", b"sizes: 64000 64000 5"))
    assert outcomes(with_mask(series, path), "mask", field="mask") == {("refuse", "too_large")}


def test_png_and_npy_are_compared_by_shape(tmp_path: Path) -> None:
    entry = write_series(tmp_path / "image", CT, body(1, side=64)[:, :48])
    flat = np.zeros((48, 64), np.uint8)
    flat[10:20, 30:50] = 255
    Image.fromarray(flat).save(tmp_path / "m.png")
    np.save(tmp_path / "m.npy", flat)
    np.save(tmp_path / "t.npy", flat.T)
    assert outcomes(with_mask(entry, tmp_path / "m.png"), "mask", field="mask") == ACCEPT
    assert outcomes(with_mask(entry, tmp_path / "m.npy"), "mask", field="mask") == ACCEPT
    assert outcomes(with_mask(entry, tmp_path / "t.npy"), "mask", field="mask") == {("refuse", "wrong_shape")}


def test_mask_as_a_derived_dicom_image(tmp_path: Path) -> None:
    entry = write_series(tmp_path / "image", CT, body(1))
    dataset = pydicom.dcmread(entry[0])
    flat = np.zeros((64, 64), "<u2")
    flat[10:20, 30:50] = 1
    dataset.PixelData = flat.tobytes()
    dataset.save_as(tmp_path / "mask.dcm")
    assert outcomes(with_mask(entry, tmp_path / "mask.dcm"), "mask", field="mask") == ACCEPT
    dataset.ImagePositionPatient = [-100, -160, 0]
    dataset.save_as(tmp_path / "mask.dcm")
    moved = with_mask(entry, tmp_path / "mask.dcm")
    assert outcomes(moved, "mask", field="mask") == {("refuse", "geometry_mismatch")}


def listed(series: list[Path], value: Any) -> ExamFacts:
    return facts(series, {"nodules": {"declared": {"type": "nodules"}, "value": value}})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([{"diameter_mm": 7.5}], ACCEPT),
        ([{"diameter_mm": 7}] * 5, ACCEPT),
        ([], {("refuse", "criterion_not_met")}),
        ([{"diameter_mm": 7}] * 6, {("refuse", "criterion_not_met")}),
        (None, {("refuse", "missing_value")}),
        ([{"diameter_mm": "-3"}], {("refuse", "out_of_range")}),
        ([{"diameter_mm": 5, "x": 0, "y": 0, "z": 4}], ACCEPT),
        ([{"diameter_mm": 5, "x": 0, "y": 900, "z": 4}], {("refuse", "out_of_range")}),
        ([{"x": "left", "y": 0, "z": 4}], {("refuse", "non_numeric")}),
    ],
)
def test_nodules(series: list[Path], value: Any, expected: set[tuple[str, str]]) -> None:
    assert outcomes(listed(series, value), "nodules", field="nodules") == expected


def test_nodules_from_files_and_from_a_mask(series: list[Path], tmp_path: Path) -> None:
    table = tmp_path / "n.csv"
    table.write_text("diameter_mm;volume_mm3\n7;180\n5;65\n", encoding="utf-8-sig")
    by_csv = facts(series, {"nodules": {"declared": {}, "path": str(table)}})
    assert judged(by_csv, "nodules", field="nodules")[0].values == {"count": 2}
    (tmp_path / "n.json").write_text(json.dumps([{"volume_mm3": 120}]))
    by_json = facts(series, {"nodules": {"declared": {}, "path": str(tmp_path / "n.json")}})
    assert judged(by_json, "nodules", field="nodules")[0].values == {"count": 1}
    voxels = drawn()
    voxels[50:55, 50:55, 2] = 1
    by_mask = with_mask(series, save_nifti(tmp_path / "m.nii.gz", voxels, affine_of(series)))
    assert judged(by_mask, "nodules", field="mask")[0].values == {"count": 2}
    (tmp_path / "n.json").write_text("{")
    broken = facts(series, {"nodules": {"declared": {}, "path": str(tmp_path / "n.json")}})
    assert outcomes(broken, "nodules", field="nodules") == {("refuse", "unreadable_file")}


def valued(name: str, value: Any, **declared: Any) -> ExamFacts:
    return ExamFacts(("image",), fields={name: FieldFacts(name, declared, value)})


@pytest.mark.parametrize("value", [0, 1, 1.5, "1,5", "2.0", 10])
def test_valid_edss(value: Any) -> None:
    exam = valued("edss", value, type="number", min=0, max=10)
    assert outcomes(exam, "clinical", fields=["edss"], scales={"edss": "edss"}) == ACCEPT


@pytest.mark.parametrize(
    ("value", "reason"),
    [(0.5, "out_of_range"), (1.25, "out_of_range"), ("x", "non_numeric"), ("1_0", "non_numeric"), ("١", "non_numeric"),
     ("", "missing_value"), (None, "missing_value"), (float("nan"), "non_numeric"), (True, "non_numeric")],
)  # fmt: skip
def test_invalid_edss(value: Any, reason: str) -> None:
    exam = valued("edss", value, type="number", min=0, max=10)
    outcomes_result = outcomes(exam, "clinical", fields=["edss"], scales={"edss": "edss"})
    assert ("refuse", reason) in outcomes_result
    assert all(outcome == "refuse" for outcome, _ in outcomes_result)


def test_range_choices_and_absent_fields() -> None:
    assert outcomes(valued("age", 17, type="number", min=18), "clinical", fields=["age"]) == {
        ("refuse", "out_of_range")
    }
    assert outcomes(valued("sex", "X"), "clinical", fields=["sex"], scales={"sex": "sex"}) == {
        ("refuse", "out_of_range")
    }
    assert outcomes(valued("sex", "F"), "clinical", fields=["sex"], scales={"sex": "sex"}) == ACCEPT
    assert outcomes(valued("type", "z", choices=["a", "b"]), "clinical", fields=["type"]) == {
        ("refuse", "out_of_range")
    }
    assert outcomes(valued("age", 40), "clinical", fields=["age", "edss"]) == {
        ("accept", ""),
        ("refuse", "missing_value"),
    }


def test_age_and_sex_that_differ_from_the_images_are_reviewed(tmp_path: Path) -> None:
    paths = write_series(tmp_path, CT | {"PatientAge": "061Y", "PatientSex": "F"})
    exam = facts(paths, {"age": {"value": 47}, "sex": {"value": "M"}})
    scales = {"age": "age", "sex": "sex"}
    assert outcomes(exam, "clinical", fields=["age", "sex"], scales=scales) == {("review", "criterion_not_met")}
    same = facts(paths, {"age": {"value": "61"}, "sex": {"value": "F"}})
    assert outcomes(same, "clinical", fields=["age", "sex"], scales=scales) == ACCEPT
