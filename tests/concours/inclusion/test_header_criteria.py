"""Criteria that read the header: each accepts, refuses and sends to review."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.concours.inclusion.phantoms import (
    ACCEPT,
    CORONAL,
    CT,
    FLAIR,
    facts,
    judged,
    outcomes,
    write_series,
)

REFUSE = {("refuse", "criterion_not_met")}
REVIEW_MISSING = {("review", "missing_value")}
REVIEW_ODD = {("review", "criterion_not_met")}
CASES: list[tuple[str, dict[str, Any], dict[str, Any], set[tuple[str, str]]]] = [
    ("modality", {"allowed": ["CT"]}, CT, ACCEPT),
    ("modality", {"allowed": ["CT"]}, FLAIR, REFUSE),
    ("body_part", {"allowed": ["ABDOMEN"]}, CT | {"BodyPartExamined": "FOIE"}, ACCEPT),
    ("body_part", {"allowed": ["ABDOMEN"]}, CT | {"BodyPartExamined": "KNEE"}, REFUSE),
    ("body_part", {"allowed": ["ABDOMEN"]}, CT | {"BodyPartExamined": None}, REVIEW_MISSING),
    ("body_part", {"allowed": ["ABDOMEN"]}, CT | {"BodyPartExamined": "CHESTABDPEL"}, REVIEW_MISSING),
    ("slice_thickness", {"min": 1.25, "max": 7}, CT | {"SliceThickness": 1.25}, ACCEPT),
    ("slice_thickness", {"min": 1.25, "max": 7}, CT | {"SliceThickness": 7}, ACCEPT),
    ("slice_thickness", {"min": 1.25, "max": 7}, CT | {"SliceThickness": 1.2}, REFUSE),
    ("slice_thickness", {"min": 1.25, "max": 7}, CT | {"SliceThickness": 7.5}, REFUSE),
    ("slice_thickness", {"below": 1.25}, CT | {"SliceThickness": 1.25}, REFUSE),
    ("slice_thickness", {"below": 1.25}, CT | {"SliceThickness": 1.0}, ACCEPT),
    ("slice_thickness", {"below": 1.25}, CT | {"SliceThickness": None}, REVIEW_MISSING),
    ("kernel", {"allowed": ["soft"]}, CT, ACCEPT),
    ("kernel", {"allowed": ["soft"]}, CT | {"ConvolutionKernel": "B70f"}, REFUSE),
    ("kernel", {"allowed": ["soft"]}, CT | {"ConvolutionKernel": "Zz99"}, REVIEW_ODD),
    ("kernel", {"allowed": ["soft"]}, CT | {"ConvolutionKernel": None}, REVIEW_MISSING),
    ("kernel", {"allowed": ["soft"]}, CT | {"ConvolutionKernel": ["Br40d", "3"]}, ACCEPT),
    ("contrast", {"allowed": ["with", "without"]}, CT, ACCEPT),
    ("contrast", {"allowed": ["with"]}, CT, REVIEW_MISSING),
    ("contrast", {"allowed": ["with"]}, CT | {"ContrastBolusVolume": 90}, ACCEPT),
    ("contrast", {"allowed": ["without"]}, CT | {"ContrastBolusVolume": 90}, REFUSE),
    ("contrast", {"allowed": ["with"]}, CT | {"ContrastBolusAgent": "NONE"}, REFUSE),
    ("contrast", {"allowed": ["without"]}, CT | {"SeriesDescription": "TAP SANS INJECTION"}, ACCEPT),
    ("orientation", {"allowed": ["axial"]}, CT, ACCEPT),
    ("field_of_view", {"min": 300, "max": 500}, CT, ACCEPT),
    ("field_of_view", {"min": 400}, CT, REFUSE),
    ("field_of_view", {"max": 200}, CT, REFUSE),
    ("field_of_view", {"min": 300}, CT | {"Modality": "DX", "PixelSpacing": None}, REVIEW_MISSING),
    ("matrix", {"min": 64, "max": 64}, CT, ACCEPT),
    ("matrix", {"min": 256}, CT, REFUSE),
    ("matrix", {"max": 32}, CT, REFUSE),
    ("dimensions", {"value": 3}, CT, ACCEPT),
    ("dimensions", {"value": 2}, CT, REFUSE),
    ("slice_count", {"min": 5, "max": 5}, CT, ACCEPT),
    ("slice_count", {"min": 6}, CT, {("refuse", "incomplete_series")}),
    ("slice_count", {"max": 1}, CT, REFUSE),
]


@pytest.mark.parametrize(("criterion", "parameters", "header", "expected"), CASES)
def test_criterion(
    tmp_path: Path, criterion: str, parameters: dict[str, Any], header: dict[str, Any], expected: set[tuple[str, str]]
) -> None:
    assert outcomes(facts(write_series(tmp_path, header)), criterion, **parameters) == expected


def test_missing_modality_is_reviewed(tmp_path: Path) -> None:
    paths = write_series(tmp_path, CT, each={n: {"Modality": None} for n in range(5)})
    assert outcomes(facts(paths), "modality", allowed=["CT"]) == REVIEW_MISSING


def test_coronal_slices_are_refused_and_unstated_ones_reviewed(tmp_path: Path) -> None:
    coronal = facts(write_series(tmp_path / "a", CT, orientation=CORONAL))
    assert outcomes(coronal, "orientation", allowed=["axial"]) == REFUSE
    unknown = facts(write_series(tmp_path / "b", CT | {"Modality": "DX", "ImageOrientationPatient": None}))
    assert outcomes(unknown, "orientation", allowed=["axial"]) == REVIEW_MISSING


def test_one_slice_is_two_dimensional(tmp_path: Path) -> None:
    paths = write_series(tmp_path, CT)[:1]
    assert outcomes(facts(paths), "dimensions", value=2) == ACCEPT
    assert outcomes(facts(paths), "dimensions", value=3) == {("refuse", "incomplete_series")}


def test_mixed_matrices_and_thicknesses_are_all_said(tmp_path: Path) -> None:
    first = write_series(tmp_path / "a", CT)
    exam = facts([*first, *write_series(tmp_path / "b", CT | {"SliceThickness": 9.0}, name="other")])
    judged_result = judged(exam, "slice_thickness", max=7)
    assert {entry.where: entry.outcome for entry in judged_result} == {"image[1]": "accept", "image[2]": "refuse"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ACCEPT),
        ({"MRAcquisitionType": "3D", "RepetitionTime": 5000, "EchoTime": 390, "InversionTime": 1800}, ACCEPT),
        ({"MRAcquisitionType": None}, REVIEW_MISSING),
        ({"InversionTime": None, "ScanningSequence": "SE", "RepetitionTime": 500, "EchoTime": 9}, REFUSE),
        ({"InversionTime": 160, "EchoTime": 60, "RepetitionTime": 4500}, REFUSE),
        ({"InversionTime": 900, "EchoTime": 3, "RepetitionTime": 2300}, REFUSE),
        ({"InversionTime": None, "SeriesDescription": "AX FLAIR"}, ACCEPT),
        ({"InversionTime": 900, "EchoTime": 3, "SeriesDescription": "3D FLAIR"}, REVIEW_ODD),
        ({"InversionTime": None}, REVIEW_MISSING),
        ({"ScanningSequence": "EP", "InversionTime": None}, REFUSE),
    ],
)
def test_flair(tmp_path: Path, change: dict[str, Any], expected: set[tuple[str, str]]) -> None:
    exam = facts(write_series(tmp_path, FLAIR | change))
    assert outcomes(exam, "sequence", allowed=["flair_3d", "flair_2d_axial"]) == expected


def test_coronal_2d_flair_is_not_axial_2d_flair(tmp_path: Path) -> None:
    exam = facts(write_series(tmp_path, FLAIR, orientation=CORONAL))
    assert outcomes(exam, "sequence", allowed=["flair_3d", "flair_2d_axial"]) == REFUSE
    assert outcomes(exam, "sequence", allowed=["flair"]) == ACCEPT


T1 = FLAIR | {"ScanningSequence": "GR", "InversionTime": None, "RepetitionTime": 4, "EchoTime": 2}
T2 = FLAIR | {"ScanningSequence": "SE", "InversionTime": None, "RepetitionTime": 4000, "EchoTime": 90}
IMAGES = {"arterial": "late_arterial", "portal": "portal_venous", "t2": "t2_fatsat"}


def three_images(folder: Path, arterial: dict[str, Any], portal: dict[str, Any], t2: dict[str, Any]) -> Any:
    headers = {"arterial": T1 | arterial, "portal": T1 | portal, "t2": T2 | t2}
    return facts({name: write_series(folder / name, header)[:1] for name, header in headers.items()})


GOOD_ARTERIAL = {"ContrastBolusStartTime": "101000", "AcquisitionTime": "101035"}
GOOD_PORTAL = {"ContrastBolusStartTime": "101000", "AcquisitionTime": "101110"}
GOOD_T2 = {"ScanOptions": "FS"}


@pytest.mark.parametrize(
    ("arterial", "portal", "t2", "expected"),
    [
        (GOOD_ARTERIAL, GOOD_PORTAL, GOOD_T2, ACCEPT),
        (GOOD_PORTAL, GOOD_ARTERIAL, GOOD_T2, REFUSE),
        ({}, {}, GOOD_T2, ACCEPT | REVIEW_MISSING),
        ({"SeriesDescription": "T1 ART TARDIF"}, {"SeriesDescription": "T1 PORTAL"}, GOOD_T2, ACCEPT),
        ({"SeriesDescription": "T1 PORTAL"}, {"SeriesDescription": "T1 PORTAL"}, GOOD_T2, ACCEPT | REFUSE),
        (GOOD_ARTERIAL, GOOD_PORTAL, {"ScanOptions": "PFP"}, ACCEPT | REFUSE),
        (GOOD_ARTERIAL, GOOD_PORTAL, {}, ACCEPT | REVIEW_MISSING),
        (GOOD_ARTERIAL, GOOD_PORTAL, {"EchoTime": 5, "RepetitionTime": 500}, ACCEPT | REFUSE),
    ],
)
def test_phases_of_the_liver(
    tmp_path: Path, arterial: dict[str, Any], portal: dict[str, Any], t2: dict[str, Any], expected: set[Any]
) -> None:
    judged_result = judged(three_images(tmp_path, arterial, portal, t2), "phase", images=IMAGES)
    t2_is_sound = t2 == GOOD_T2
    assert {(entry.outcome, entry.reason) for entry in judged_result} - (
        ACCEPT if t2_is_sound else set()
    ) == expected - (ACCEPT if t2_is_sound else set())


def test_order_of_acquisition_betrays_swapped_images(tmp_path: Path) -> None:
    late, early = {"AcquisitionTime": "101110"}, {"AcquisitionTime": "101035"}
    judged_result = judged(three_images(tmp_path, late, early, GOOD_T2), "phase", images=IMAGES)
    assert any(entry.outcome == "refuse" and "swapped" in entry.message for entry in judged_result)
