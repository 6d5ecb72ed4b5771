"""Real series of SAMPLE_DIR: what is known of them comes out, and damaged files are said by name."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from concours.inclusion.exam.facts import ExamFacts
from concours.inclusion.exam.perceptual import NEAR, hash_distance
from tests.concours.inclusion.phantoms import ACCEPT, facts, judged, outcomes
from tests.presence import sample_dir

SAMPLE = sample_dir()
pytestmark = [
    pytest.mark.sample,
    pytest.mark.skipif(not (SAMPLE / "cases").is_dir(), reason="SAMPLE_DIR holds no images"),
]
REFUSE = {("refuse", "criterion_not_met")}
MASK = {"type": "mask", "of": "image", "values": [0, 1]}


def case(name: str, folder: str, mask: str) -> ExamFacts:
    root = SAMPLE / "cases" / name
    return facts(sorted((root / folder).glob("*.dcm")), {"mask": {"declared": MASK, "path": str(root / mask)}})


@pytest.mark.parametrize(
    ("criterion", "parameters", "expected"),
    [
        ("modality", {"allowed": ["CT"]}, ACCEPT),
        ("body_part", {"allowed": ["CHEST"]}, ACCEPT),
        ("slice_thickness", {"below": 1.25}, REFUSE),
        ("slice_thickness", {"min": 5, "max": 5}, ACCEPT),
        ("kernel", {"allowed": ["hard"]}, ACCEPT),
        ("kernel", {"allowed": ["soft"]}, REFUSE),
        ("slice_spacing", {"min": 5, "max": 5}, ACCEPT),
        ("orientation", {"allowed": ["axial"]}, ACCEPT),
        ("hounsfield", {}, ACCEPT),
        ("pixels", {}, ACCEPT),
        ("noise", {}, ACCEPT),
        ("mask", {"field": "mask"}, ACCEPT),
        ("nodules", {"field": "mask"}, ACCEPT),
        ("dimensions", {"value": 2}, REFUSE),
    ],
)
def test_chest_ct(criterion: str, parameters: dict[str, Any], expected: set[tuple[str, str]]) -> None:
    exam = case("ct_lung_nodule", "dicom", "mask.nii.gz")
    assert outcomes(exam, criterion, **parameters) == expected


def test_brain_t1_after_contrast_is_no_flair() -> None:
    exam = case("mr_brain_tumour", "dicom", "mask.nii.gz")
    (result,) = judged(exam, "sequence", allowed=["flair"])
    assert result.outcome == "refuse"
    assert result.values["found"] == "T1 2D axial"
    assert outcomes(exam, "contrast", allowed=["with"]) == ACCEPT
    assert outcomes(exam, "mask", field="mask") == ACCEPT
    assert outcomes(exam, "noise") == ACCEPT


@pytest.mark.parametrize("mask", ["liver_seg.dcm", "liver_seg.nrrd"])
def test_liver_ct_with_segmentation(mask: str) -> None:
    exam = case("ct_liver_dicom_seg", "ct", mask)
    assert outcomes(exam, "mask", field="mask") == ACCEPT
    assert exam.fields["mask"].mask is not None
    assert exam.fields["mask"].mask.labels == {"1": 107098}
    assert outcomes(exam, "kernel", allowed=["soft"]) == ACCEPT


def test_a_mask_of_another_exam_does_not_fit() -> None:
    brain = SAMPLE / "cases" / "mr_brain_tumour"
    lung = facts(
        sorted((SAMPLE / "cases" / "ct_lung_nodule" / "dicom").glob("*.dcm")),
        {"mask": {"declared": MASK, "path": str(brain / "mask.nii.gz")}},
    )
    assert outcomes(lung, "mask", field="mask") == {("refuse", "wrong_shape")}


def test_a_series_without_its_middle_slices_is_refused() -> None:
    paths = sorted((SAMPLE / "cases" / "ct_lung_nodule" / "dicom").glob("*.dcm"))
    (result,) = judged(facts([*paths[:5], *paths[7:]]), "usable")
    assert (result.reason, result.values["count"]) == ("incomplete_series", 2)


def test_hashes_of_different_patients_are_far_apart() -> None:
    exams = [
        case("ct_lung_nodule", "dicom", "mask.nii.gz"),
        case("mr_brain_tumour", "dicom", "mask.nii.gz"),
    ]
    first, second = (int(exam.series[0].perceptual_hash, 16) for exam in exams)
    assert hash_distance(first, second) > 3 * NEAR


def test_odd_files_end_as_expected() -> None:
    """A file that EXPECTED.csv rejects is never readable here, one that it accepts always is."""
    with (SAMPLE / "awkward" / "EXPECTED.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["file"].endswith(".dcm")]
    assert len(rows) > 30
    # Its pixels are sound and its identifiers are not this part's business: de-identification decides about it.
    elsewhere = {"no_uids.dcm"}
    for row in rows:
        exam = facts([SAMPLE / "awkward" / row["file"]])
        damaged = [*exam.damaged, *(entry for series in exam.series for entry in series.damaged)]
        if row["expected"] == "accept":
            assert not damaged, row["file"]
        if row["expected"] == "reject" and row["file"] not in elsewhere:
            assert [entry.name for entry in damaged] == [row["file"]]
