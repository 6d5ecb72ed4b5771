"""Completeness by position, plausible values, damaged pixels, noise and motion."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.uid import JPEG2000Lossless, RLELossless

from concours.inclusion import examine
from tests.concours.inclusion.phantoms import ACCEPT, CT, FLAIR, body, facts, judged, outcomes, write_series

WHOLE: dict[str, dict[str, Any]] = {
    "modality": {"allowed": ["CT"]}, "slice_spacing": {}, "slice_thickness": {"below": 1.25}, "pixels": {}, "noise": {},
    "kernel": {"allowed": ["hard"]}, "hounsfield": {}, "matrix": {}, "orientation": {"allowed": ["axial"]},
    "contrast": {"allowed": ["with"]}, "field_of_view": {"min": 10}, "sequence": {"allowed": ["flair"]},
    "phase": {"images": {"image": "late_arterial"}}, "body_part": {"allowed": ["CHEST"]},
}  # fmt: skip


def test_complete_series_is_accepted_with_its_spacing(tmp_path: Path) -> None:
    (result,) = judged(facts(write_series(tmp_path, CT, spacing=1.5)), "slice_spacing")
    assert result.outcome == "accept"
    assert result.message == "5 slices every 1.50 mm, complete."


def test_missing_slices_are_counted(tmp_path: Path) -> None:
    paths = write_series(tmp_path, CT, body(9))
    del paths[3:5]
    (result,) = judged(facts(paths), "usable")
    assert (result.outcome, result.reason, result.values["count"]) == ("refuse", "incomplete_series", 2)
    assert result.values["file"] == "slice003.dcm"


def test_a_slice_sent_twice_is_named(tmp_path: Path) -> None:
    exam = facts(write_series(tmp_path, CT, offsets=[0, 2, 4, 4, 6]))
    (result,) = judged(exam, "usable")
    assert (result.reason, result.where) == ("duplicate_file", "slice004.dcm")


def test_two_phases_in_one_series_are_not_called_duplicates(tmp_path: Path) -> None:
    exam = facts(write_series(tmp_path, CT, body(6), offsets=[0, 2, 4, 0, 2, 4]))
    (result,) = judged(exam, "usable")
    assert result.outcome == "refuse"
    assert result.values == {"name": "image", "places": 3, "times": 2}


def test_irregular_distances_are_refused(tmp_path: Path) -> None:
    exam = facts(write_series(tmp_path, CT, body(6), offsets=[0, 2, 4, 6, 8.9, 10.9]))
    assert outcomes(exam, "usable") == {("refuse", "incomplete_series")}


def test_a_question_may_want_the_distances_more_equal(tmp_path: Path) -> None:
    exam = facts(write_series(tmp_path, CT, body(6), offsets=[0, 2, 4, 6.15, 8, 10]))
    assert outcomes(exam, "usable") == ACCEPT
    assert outcomes(exam, "slice_spacing") == ACCEPT
    assert outcomes(exam, "slice_spacing", tolerance=0.03) == {("refuse", "incomplete_series")}


@pytest.mark.parametrize(
    ("limits", "outcome"), [({"min": 3}, "refuse"), ({"max": 1}, "refuse"), ({"max": 2}, "accept")]
)
def test_distance_limits(tmp_path: Path, limits: dict[str, float], outcome: str) -> None:
    (result,) = judged(facts(write_series(tmp_path, CT)), "slice_spacing", **limits)
    assert result.outcome == outcome


def test_tilted_gantry_and_oblique_slices_are_reviewed(tmp_path: Path) -> None:
    each = {n: {"ImagePositionPatient": [-160.0, -160.0 + 0.8 * n, 2.0 * n]} for n in range(5)}
    assert outcomes(facts(write_series(tmp_path / "a", CT, each=each)), "usable") == {("review", "criterion_not_met")}
    angle = np.radians(40)
    oblique = (1.0, 0.0, 0.0, 0.0, float(np.cos(angle)), float(np.sin(angle)))
    assert outcomes(facts(write_series(tmp_path / "b", CT, orientation=oblique)), "slice_spacing") == {
        ("review", "criterion_not_met")
    }


def test_a_localiser_inside_the_series_is_refused(tmp_path: Path) -> None:
    each = {2: {"ImageOrientationPatient": [1.0, 0.0, 0.0, 0.0, 0.0, -1.0]}}
    result = [
        entry for entry in examine(facts(write_series(tmp_path, CT, each=each)), WHOLE) if entry.outcome == "refuse"
    ]
    (geometric,) = [
        entry for entry in result if entry.criterion in ("usable", "slice_spacing", "orientation", "matrix")
    ]
    assert "4 axial, 1 coronal" in geometric.message or "1 coronal, 4 axial" in geometric.message


def test_unstated_positions_are_refused(tmp_path: Path) -> None:
    exam = facts(write_series(tmp_path, CT | {"ImagePositionPatient": None}))
    assert outcomes(exam, "usable") == {("refuse", "missing_value")}


def test_a_series_uid_on_each_slice_is_one_volume(tmp_path: Path) -> None:
    each = {n: {"SeriesInstanceUID": f"1.2.3.{n}"} for n in range(5)}
    exam = facts(write_series(tmp_path, CT, each=each))
    assert outcomes(exam, "files") == outcomes(exam, "usable") == outcomes(exam, "slice_spacing") == ACCEPT


def test_pictures_suit_delivery_as_dicom_alone(tmp_path: Path) -> None:
    exam = facts(write_series(tmp_path, CT | {"Modality": "DX", "ImagePositionPatient": None}))
    assert outcomes(exam, "usable") == ACCEPT
    assert outcomes(exam, "usable", delivery="nifti") == {("refuse", "wrong_channels")}
    assert outcomes(exam, "dimensions", value=3) == {("refuse", "missing_value")}


@pytest.mark.parametrize(
    ("change", "shift", "expected"),
    [
        ({}, 0.0, ACCEPT),
        ({"RescaleSlope": None, "RescaleIntercept": 0}, 1024.0, {("refuse", "out_of_range")}),
        ({"RescaleSlope": None}, 0.0, {("review", "missing_value")}),
        ({"RescaleType": "Z_EFF"}, 0.0, {("review", "criterion_not_met")}),
        ({}, 950.0, {("review", "out_of_range")}),
    ],
)
def test_hounsfield(tmp_path: Path, change: dict[str, Any], shift: float, expected: set[tuple[str, str]]) -> None:
    assert outcomes(facts(write_series(tmp_path, CT | change, body() + shift)), "hounsfield") == expected


def test_blank_slice_is_refused_by_name_and_clipped_ones_reviewed(tmp_path: Path) -> None:
    blank = body()
    blank[2] = 40.0
    (result,) = judged(facts(write_series(tmp_path / "a", CT, blank)), "pixels")
    assert (result.outcome, result.reason, result.where) == ("refuse", "corrupt_pixels", "slice003.dcm")
    clipped = np.minimum(body(), 40.0)
    assert outcomes(facts(write_series(tmp_path / "b", CT, clipped)), "pixels") == {("review", "out_of_range")}
    assert outcomes(facts(write_series(tmp_path / "c", CT)), "pixels") == ACCEPT


def test_blank_ends_can_be_allowed(tmp_path: Path) -> None:
    values = body(10)
    values[0] = values[9] = -1000.0
    exam = facts(write_series(tmp_path, CT, values))
    assert outcomes(exam, "pixels") == {("refuse", "corrupt_pixels")}
    assert outcomes(exam, "pixels", blank_ends=0.2) == ACCEPT


def test_noise_index_follows_the_noise_that_was_added(tmp_path: Path) -> None:
    for sigma in (10.0, 40.0):
        exam = facts(write_series(tmp_path / str(sigma), CT, body(side=128, noise=sigma)))
        measured = [entry.pixels.noise for entry in exam.series[0].slices if entry.pixels and entry.pixels.noise]
        assert np.median(measured) == pytest.approx(sigma, rel=0.2)
    assert outcomes(exam, "noise", noise=60) == ACCEPT
    assert outcomes(exam, "noise", noise=30) == {("review", "out_of_range")}


def test_ghosts_and_foreign_slices_are_reviewed(tmp_path: Path) -> None:
    head = body(7, side=128, noise=5.0) + 1000.0
    assert outcomes(facts(write_series(tmp_path / "a", FLAIR, head)), "noise") == ACCEPT
    ghosts = head + 0.4 * np.roll(head, 64, axis=1)
    judged_result = judged(facts(write_series(tmp_path / "b", FLAIR, ghosts)), "noise")
    assert any("ghosts" in entry.message for entry in judged_result)
    foreign = head.copy()
    foreign[3] = np.roll(head[3], 50, axis=1)
    (found_foreign,) = judged(facts(write_series(tmp_path / "c", FLAIR, foreign)), "noise")
    assert found_foreign.where == "slice004.dcm"


def test_unmeasurable_noise_is_reviewed(tmp_path: Path) -> None:
    exam = facts(write_series(tmp_path, CT, body(side=12)))
    assert outcomes(exam, "noise") == {("review", "missing_value")}


def _damaged(path: Path, **change: Any) -> None:
    dataset = pydicom.dcmread(path)
    for keyword, value in change.items():
        setattr(dataset, keyword, value)
    dataset.save_as(path)


def test_every_damaged_file_is_named_and_the_rest_is_judged(tmp_path: Path) -> None:
    paths = write_series(tmp_path, CT, body(8))
    paths[0].write_bytes(paths[0].read_bytes()[:-2000])
    _damaged(paths[1], Rows=60000, Columns=60000)
    _damaged(paths[2], Rows=32)
    paths[3].write_bytes(b"<html>")
    paths[4].write_bytes(b"")
    exam = facts(paths)
    result = {entry.where: entry.reason for entry in judged(exam, "files") if entry.outcome == "refuse"}
    assert result == {
        "slice001.dcm": "corrupt_pixels",
        "slice002.dcm": "too_large",
        "slice003.dcm": "corrupt_pixels",
        "slice004.dcm": "not_dicom",
        "slice005.dcm": "not_dicom",
    }
    assert len(exam.series[0].slices) == 3


def test_missing_image_and_several_series(tmp_path: Path) -> None:
    two = [*write_series(tmp_path / "a", CT), *write_series(tmp_path / "b", CT, name="other")]
    judged_result = judged(facts({"image": two, "t2": []}), "files")
    assert {(entry.outcome, entry.reason, entry.where) for entry in judged_result} == {
        ("review", "criterion_not_met", "image"),
        ("refuse", "missing_file", "t2"),
    }


def test_compressed_pixels_are_measured_like_plain_ones(tmp_path: Path) -> None:
    plain = facts(write_series(tmp_path, CT))
    for path in sorted(tmp_path.iterdir()):
        dataset = pydicom.dcmread(path)
        dataset.compress(RLELossless, generate_instance_uid=False)
        dataset.save_as(path)
    compressed = facts(sorted(tmp_path.iterdir()))
    assert compressed.series[0].percentiles == plain.series[0].percentiles
    assert [entry.pixels for entry in compressed.series[0].slices] == [item.pixels for item in plain.series[0].slices]


def test_more_frames_than_the_header_says_are_damage(tmp_path: Path) -> None:
    path = write_series(tmp_path, CT)[0]
    dataset = pydicom.dcmread(path)
    dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.NumberOfFrames = 3
    dataset.save_as(path)
    assert [entry.reason for entry in facts([path]).series[0].damaged] == ["corrupt_pixels"]


def test_a_codestream_of_another_size_than_the_header_is_damage(tmp_path: Path) -> None:
    path = write_series(tmp_path, CT)[0]
    dataset = pydicom.dcmread(path)
    dataset.compress(JPEG2000Lossless, generate_instance_uid=False)
    dataset.save_as(path)
    assert facts([path]).series[0].damaged == ()
    dataset.Rows, dataset.Columns = 4096, 4096
    dataset.save_as(path)
    assert [entry.reason for entry in facts([path]).series[0].damaged] == ["corrupt_pixels"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    at=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=20),
    cut=st.booleans(),
)
def test_mutated_files_end_as_damage_or_facts_never_as_a_crash(
    tmp_path: Path, at: list[tuple[float, int]], cut: bool
) -> None:
    path = tmp_path / "slice001.dcm"
    if not path.exists():
        write_series(tmp_path, CT, body(1, side=16))
        (tmp_path / "whole").write_bytes(path.read_bytes())
    raw = bytearray((tmp_path / "whole").read_bytes())
    for place, value in at:
        raw[int(place * len(raw))] = value
    path.write_bytes(bytes(raw[: int(at[0][0] * len(raw))] if cut else raw))
    exam = facts([path])
    assert exam.damaged or exam.series
    result = examine(exam, WHOLE)
    assert any(entry.criterion == "files" for entry in result)
    assert all("%(" not in entry.message for entry in result)
    assert json.dumps(exam.to_json(), allow_nan=False)


def test_bits_above_bits_stored_do_not_count(tmp_path: Path) -> None:
    path = write_series(tmp_path, CT)[0]
    clean = facts([path]).series[0].percentiles
    dataset = pydicom.dcmread(path)
    dataset.BitsStored, dataset.HighBit = 12, 11
    stored = np.frombuffer(dataset.PixelData, "<u2") | 0xF000
    dataset.PixelData = stored.astype("<u2").tobytes()
    dataset.save_as(path)
    assert facts([path]).series[0].percentiles == clean
