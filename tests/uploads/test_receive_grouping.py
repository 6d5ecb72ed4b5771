"""How what a centre sent becomes exams: by patient and study, folders, copies, conflicts, masks by name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from challenges.known import known
from challenges.spec import QuestionSpec, load_spec
from tests.factories.questions import catalogue_text
from uploads.receive import Draft, faults_of, group_exams, image_of


def spec_with(slug: str = "sarcopenia", **changes: Any) -> QuestionSpec:
    return load_spec(catalogue_text(slug, changes), known=known())


SARCOPENIA, TUMOUR = "sarcopenia", "lung-tumour"


def dicom(
    name: str, patient: str = "P1", study: str = "1.1", sop: str = "", *, body: str = "", modality: str = "CT"
) -> dict[str, Any]:
    """One sorted file, as the child tells of it."""
    header = {"SOPClassUID": "1.2", "SOPInstanceUID": sop or f"1.1.{name}", "StudyInstanceUID": study,
              "SeriesInstanceUID": "1.1.1", "PatientID": patient, "IssuerOfPatientID": "", "Modality": modality}  # fmt: skip
    digest = hashlib.sha256((body or name).encode()).hexdigest()
    return {"name": name, "path": f"/{name}", "sha256": digest, "size": 9, "dicom": header}


def other(name: str, ending: str) -> dict[str, Any]:
    return {"name": name, "path": f"/{name}", "sha256": "0" * 64, "size": 9, "other": ending}


def told(drafts: Sequence[Draft]) -> dict[tuple[str, str], tuple[list[str], list[str], list[str]]]:
    return {
        (draft.patient, draft.study): (
            sorted(file["name"] for file in draft.dicom),
            sorted(draft.annotations),
            sorted(file["name"] for file in draft.tables),
        )
        for draft in drafts
    }


def test_one_exam_for_each_patient_and_study() -> None:
    drafts, faults = group_exams(
        [dicom("a/1"), dicom("a/2"), dicom("b/1", study="1.2"), dicom("c/1", patient="P2")], spec_with()
    )
    assert faults == []
    assert told(drafts) == {
        ("P1", "1.1"): (["a/1", "a/2"], [], []),
        ("P1", "1.2"): (["b/1"], [], []),
        ("P2", "1.1"): (["c/1"], [], []),
    }


@given(st.permutations(range(8)))
def test_the_order_of_files_does_not_matter(order: list[int]) -> None:
    files = [dicom("a/1"), dicom("a/2"), dicom("b/1", "P2", "1.2"), dicom("b/2", "P2", "1.2"), other("a/mask.png", ".png"),
             other("b/mask.png", ".png"), other("b/values.csv", ".csv"), dicom("a/copy", sop="1.1.a/1", body="a/1")]  # fmt: skip
    expected = told(group_exams(files, SPECS[SARCOPENIA])[0])
    shuffled, faults = group_exams([files[place] for place in order], SPECS[SARCOPENIA])
    assert faults == []
    # Which of two equal copies is kept is all that may differ.
    assert _without_copies(told(shuffled)) == _without_copies(expected)


def _without_copies(found: Mapping[Any, tuple[list[str], list[str], list[str]]]) -> Any:
    return {key: (len(files), masks, tables) for key, (files, masks, tables) in found.items()}


SPECS = {slug: spec_with(slug) for slug in (SARCOPENIA, TUMOUR)}


def test_the_same_instance_twice_is_kept_once() -> None:
    (draft,), faults = group_exams([dicom("a/1"), dicom("copy of a/1", sop="1.1.a/1", body="a/1")], SPECS[SARCOPENIA])
    assert (len(draft.dicom), draft.conflicts, faults) == (1, 0, [])


def test_one_instance_with_two_contents_is_a_conflict_and_both_stay() -> None:
    (draft,), _ = group_exams([dicom("a/1"), dicom("b/1", sop="1.1.a/1", body="other bytes")], SPECS[SARCOPENIA])
    assert (len(draft.dicom), draft.conflicts) == (2, 1)


def test_a_conflict_is_counted_once_for_each_other_content() -> None:
    files = [dicom("a/1"), dicom("b/1", sop="1.1.a/1", body="two"), dicom("c/1", sop="1.1.a/1", body="two")]
    (draft,), _ = group_exams(files, SPECS[SARCOPENIA])
    assert (len(draft.dicom), draft.conflicts) == (2, 1)


@pytest.mark.parametrize(
    ("name", "ending", "field"),
    [
        ("a/tumour.nii.gz", ".nii.gz", "tumour"),
        ("a/case 12_tumour.nii.gz", ".nii.gz", "tumour"),
        ("a/IM-lungs.seg.nrrd", ".seg.nrrd", "lungs"),
        ("a/LUNGS.NII", ".nii", "lungs"),
    ],
)
def test_a_mask_belongs_to_the_field_it_is_named_after(name: str, ending: str, field: str) -> None:
    (draft,), faults = group_exams([dicom("a/1"), other(name, ending)], SPECS[TUMOUR])
    assert (list(draft.annotations), faults) == ([field], [])


def test_a_mask_of_any_name_is_the_only_mask_field() -> None:
    (draft,), faults = group_exams([dicom("a/1"), other("a/drawing.png", ".png")], SPECS[SARCOPENIA])
    assert (list(draft.annotations), faults) == (["mask"], [])


def test_a_mask_that_names_no_field_is_said_with_the_fields() -> None:
    (draft,), (fault,) = group_exams([dicom("a/1"), other("a/drawing.nii.gz", ".nii.gz")], SPECS[TUMOUR])
    assert draft.annotations == {}
    assert (fault.reason, fault.where) == ("extra_file", "a/drawing.nii.gz")
    assert "tumour, lungs" in fault.message


def test_a_second_mask_of_a_field_is_said_not_swapped_in() -> None:
    files = [dicom("a/1"), other("a/first_tumour.nii.gz", ".nii.gz"), other("a/second_tumour.nii.gz", ".nii.gz")]
    (draft,), (fault,) = group_exams(files, SPECS[TUMOUR])
    assert draft.annotations["tumour"]["name"] == "a/first_tumour.nii.gz"
    assert fault.where == "a/second_tumour.nii.gz"


def test_a_segmentation_object_is_the_mask_of_its_study() -> None:
    (draft,), faults = group_exams([dicom("seg", modality="SEG"), dicom("a/1")], SPECS[SARCOPENIA])
    assert faults == [] and list(draft.annotations) == ["mask"] and [f["name"] for f in draft.dicom] == ["a/1"]


def test_a_second_segmentation_object_is_a_fault_of_its_own_study_wherever_it_lies() -> None:
    files = [dicom("a/1"), dicom("b/1", "P2", "1.2"), dicom("seg/1", modality="SEG"), dicom("seg/2", modality="SEG")]
    drafts, (fault,) = group_exams(files, SPECS[SARCOPENIA])
    assert [faults_of(draft, [fault], drafts) for draft in drafts] == [[fault], []]


def test_a_segmentation_of_another_study_makes_no_exam() -> None:
    drafts, faults = group_exams([dicom("seg", study="9.9", modality="SEG"), dicom("a/1")], SPECS[SARCOPENIA])
    assert [draft.study for draft in drafts] == ["1.1"]
    assert [(fault.reason, fault.where) for fault in faults] == [("extra_file", "seg")]


def test_files_go_to_the_exam_whose_folder_they_share_deepest() -> None:
    files = [
        dicom("x/p1/ct/1"),
        dicom("x/p2/ct/1", "P2", "1.2"),
        other("x/p1/mask.png", ".png"),
        other("x/p2/v.csv", ".csv"),
    ]
    drafts, faults = group_exams(files, SPECS[SARCOPENIA])
    assert faults == []
    assert told(drafts)["P1", "1.1"][1:] == (["mask"], [])
    assert told(drafts)["P2", "1.2"][1:] == ([], ["x/p2/v.csv"])


def test_a_file_above_two_exams_belongs_to_neither() -> None:
    drafts, (fault,) = group_exams(
        [dicom("p1/1"), dicom("p2/1", "P2", "1.2"), other("mask.png", ".png")], SPECS[SARCOPENIA]
    )
    assert all(not draft.annotations for draft in drafts)
    assert (fault.reason, fault.where) == ("extra_file", "mask.png") and "folder of its exam" in fault.message


@pytest.mark.parametrize(
    ("name", "image"),
    [("exam/arterial/1.dcm", "arterial"), ("T2/x/1.dcm", "t2"), ("arterial/portal/1.dcm", "portal"), ("1.dcm", "-")],
)
def test_with_several_images_the_folder_says_which(name: str, image: str) -> None:
    spec = spec_with("mtm-hcc")
    assert set(spec.data.images) >= {"arterial", "portal", "t2"}
    assert image_of(name, spec) == image


def test_the_only_image_needs_no_folder() -> None:
    assert image_of(str(Path("anywhere") / "1.dcm"), SPECS[SARCOPENIA]) == "image"
