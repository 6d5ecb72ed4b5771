"""How what a centre sent becomes exams: by patient and study, folders, copies, conflicts, masks by name."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concours.known_names import known_names
from concours.questions.schema import QuestionSpec, load_spec
from concours.study.grouping import GroupedExam, group_exams, image_of
from concours.study.kinds import Rank
from concours.study.sent import TABLE_ENDINGS, MaskGrid, SentFile, SentHeader, SentRegion
from tests.factories.questions import catalogue_text


def spec_with(slug: str = "sarcopenia", **changes: Any) -> QuestionSpec:
    return load_spec(catalogue_text(slug, changes), known_names=known_names())


SARCOPENIA, TUMOUR = "sarcopenia", "lung-tumour"


def dicom(
    name: str, patient: str = "P1", study: str = "1.1", sop: str = "", *, body: str = "", kind: str = "image",
    rank: Rank = Rank.CANDIDATE, series: str = "1.1.1", **header: Any,
) -> SentFile:  # fmt: skip
    """One sorted DICOM file, as the child describes it."""
    described = SentHeader(patient, study, series, sop or f"1.1.{name}", "CT", **header)
    digest = hashlib.sha256((body or name).encode()).hexdigest()
    return SentFile(name, f"/{name}", 0, 9, digest, kind, rank, header=described)


def seg(name: str, patient: str = "P1", study: str = "1.1", **header: Any) -> SentFile:
    return dicom(name, patient, study, kind="segmentation", rank=Rank.NEVER, **header)


def other(name: str, ending: str, **details: Any) -> SentFile:
    kind = "table" if ending in TABLE_ENDINGS else "mask"
    digest = hashlib.sha256(name.encode()).hexdigest()
    return SentFile(name, f"/{name}", 0, 9, digest, kind, ending=ending, **details)


def stray(name: str, kind: str = "other_file") -> SentFile:
    return SentFile(name, f"/{name}", 0, 9, "", kind, Rank.NEVER)


def described(drafts: Sequence[GroupedExam]) -> dict[tuple[str, str], tuple[list[str], list[str], list[str]]]:
    return {
        (draft.patient, draft.study): (
            sorted(file.name for file in draft.dicom),
            sorted(draft.annotations),
            sorted(file.name for file in draft.tables),
        )
        for draft in drafts
    }


SPECS = {slug: spec_with(slug) for slug in (SARCOPENIA, TUMOUR)}
VALUES = {"columns": ("surface",)}


def test_one_exam_for_each_patient_and_study() -> None:
    files = [dicom("a/1"), dicom("a/2"), dicom("b/1", study="1.2"), dicom("c/1", patient="P2")]
    grouping = group_exams(files, SPECS[SARCOPENIA])
    assert (grouping.faults, grouping.aside) == ([], [])
    assert described(grouping.drafts) == {
        ("P1", "1.1"): (["a/1", "a/2"], [], []),
        ("P1", "1.2"): (["b/1"], [], []),
        ("P2", "1.1"): (["c/1"], [], []),
    }


@given(st.permutations(range(10)))
def test_the_order_of_files_does_not_matter(order: list[int]) -> None:
    files = [dicom("a/1"), dicom("a/2"), dicom("b/1", "P2", "1.2"), dicom("b/2", "P2", "1.2"), other("a/mask.png", ".png"),
             other("b/mask.png", ".png"), other("b/values.csv", ".csv", **VALUES), dicom("a/copy", sop="1.1.a/1", body="a/1"),
             stray("README"), dicom("a/scout", kind="localiser", rank=Rank.FALLBACK)]  # fmt: skip
    assert group_exams([files[place] for place in order], SPECS[SARCOPENIA]) == group_exams(files, SPECS[SARCOPENIA])


def test_the_same_instance_twice_is_kept_once() -> None:
    (draft,) = group_exams([dicom("a/1"), dicom("copy of a/1", sop="1.1.a/1", body="a/1")], SPECS[SARCOPENIA]).drafts
    assert (len(draft.dicom), draft.conflicts, draft.faults) == (1, 0, [])


def test_a_conflict_is_counted_once_for_each_other_content() -> None:
    files = [dicom("a/1"), dicom("b/1", sop="1.1.a/1", body="two"), dicom("c/1", sop="1.1.a/1", body="two")]
    (draft,) = group_exams(files, SPECS[SARCOPENIA]).drafts
    assert (len(draft.dicom), draft.conflicts) == (2, 1)


# --- what is set aside ------------------------------------------------------------------------------------------------


def test_what_comes_with_a_study_is_set_aside_with_one_note_a_kind() -> None:
    files = [
        dicom("S1/1"), dicom("S1/2"), dicom("S2/1", series="2", kind="localiser", rank=Rank.FALLBACK),
        dicom("S501/1", series="5", kind="dose_page", rank=Rank.FALLBACK), dicom("S502/1", kind="dose_report", rank=Rank.NEVER),
        stray("DICOMDIR", "dicomdir"), stray("VIEWER/a.exe", "program"), stray("VIEWER/b.dll", "program"),
    ]  # fmt: skip
    grouping = group_exams(files, SPECS[SARCOPENIA])
    assert described(grouping.drafts) == {("P1", "1.1"): (["S1/1", "S1/2"], [], [])}
    assert grouping.faults == [] and grouping.drafts[0].faults == []
    assert {note.kind: (note.count, note.names) for note in grouping.aside} == {
        "program": (2, ("VIEWER/a.exe", "VIEWER/b.dll")),
        "localiser": (1, ("S2/1",)),
        "dose_page": (1, ("S501/1",)),
        "dose_report": (1, ("S502/1",)),
        "dicomdir": (1, ("DICOMDIR",)),
    }


def test_a_localiser_alone_stays_so_that_quality_control_says_what_it_is() -> None:
    grouping = group_exams([dicom("a/1", kind="localiser", rank=Rank.FALLBACK)], SPECS[SARCOPENIA])
    assert len(grouping.drafts) == 1 and grouping.aside == []


@pytest.mark.parametrize("patient", ["P1", ""])
def test_a_dose_page_in_a_study_of_its_own_is_no_exam_beside_the_patients_images(patient: str) -> None:
    page = dicom("dose/1", patient, "9.9", kind="dose_page", rank=Rank.FALLBACK)
    grouping = group_exams([dicom("a/1"), page], SPECS[SARCOPENIA])
    assert [draft.study for draft in grouping.drafts] == ["1.1"] and [note.kind for note in grouping.aside] == [
        "dose_page"
    ]


def test_a_viewers_files_are_neither_masks_nor_values() -> None:
    logo = other("VIEWER/logo.png", ".png", grid=MaskGrid((300, 80, 1)))
    settings = other("VIEWER/settings.json", ".json", columns=("theme", "language"))
    grouping = group_exams([dicom("a/1", rows=512, columns=512), logo, settings], SPECS[SARCOPENIA])
    assert grouping.drafts[0].annotations == {} and grouping.drafts[0].tables == []
    assert sorted(note.kind for note in grouping.aside) == ["mask", "table"]


def test_nothing_but_strays_is_one_fault_and_a_note() -> None:
    grouping = group_exams([stray("a.txt"), stray("b.exe", "program")], SPECS[SARCOPENIA])
    assert grouping.drafts == [] and [fault.reason for fault in grouping.faults] == ["not_dicom"]
    assert len(grouping.aside) == 2


# --- masks and their fields -------------------------------------------------------------------------------------------


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
    (draft,) = group_exams([dicom("a/1"), other(name, ending)], SPECS[TUMOUR]).drafts
    assert (list(draft.annotations), draft.faults) == ([field], [])


def test_a_mask_of_any_name_is_the_only_mask_field() -> None:
    (draft,) = group_exams([dicom("a/1"), other("a/drawing.png", ".png")], SPECS[SARCOPENIA]).drafts
    assert (list(draft.annotations), draft.faults) == (["mask"], [])


def test_a_mask_that_names_no_field_is_a_fault_that_lists_the_fields() -> None:
    (draft,) = group_exams([dicom("a/1"), other("a/drawing.nii.gz", ".nii.gz")], SPECS[TUMOUR]).drafts
    (fault,) = draft.faults
    assert draft.annotations == {} and (fault.reason, fault.where) == ("extra_file", "a/drawing.nii.gz")
    assert "tumour, lungs" in fault.message


def test_a_second_mask_of_a_field_is_a_fault_and_does_not_replace_the_first() -> None:
    files = [dicom("a/1"), other("a/first_tumour.nii.gz", ".nii.gz"), other("a/second_tumour.nii.gz", ".nii.gz")]
    (draft,) = group_exams(files, SPECS[TUMOUR]).drafts
    assert draft.annotations["tumour"].name == "a/first_tumour.nii.gz"
    assert [fault.where for fault in draft.faults] == ["a/second_tumour.nii.gz"]


# --- whose annotation it is -------------------------------------------------------------------------------------------

TWO = [
    dicom("p1/1", series="S.1", frame_of_reference="F.1"),
    dicom("p2/1", "P2", "1.2", series="S.2", frame_of_reference="F.2"),
]


@pytest.mark.parametrize(
    "file",
    [
        seg("anywhere/seg", study="1.1"),
        seg("p2/seg", "", "9.9", refers_to=("S.1",)),
        seg("p2/seg", "P2", "9.9", refers_to=("S.1",)),
        seg("p2/seg", "", "9.9", refers_to=("F.1", "unknown")),
        seg("p1/seg", "", "9.9"),
        seg("seg", "P1", "9.9"),
        seg("segmentations/p1/seg", "", "9.9"),
    ],
)
def test_a_segmentation_goes_to_what_it_refers_to_then_to_its_study_patient_and_folder(file: SentFile) -> None:
    grouping = group_exams([*TWO, file], SPECS[SARCOPENIA])
    assert grouping.faults == []
    assert {draft.study: list(draft.annotations) for draft in grouping.drafts} == {"1.1": ["mask"], "1.2": []}


def test_a_segmentation_whose_images_did_not_come_is_said_once_on_the_upload() -> None:
    grouping = group_exams([*TWO, seg("seg", "P9", "9.9", refers_to=("S.9",))], SPECS[SARCOPENIA])
    assert [(fault.reason, fault.where) for fault in grouping.faults] == [("extra_file", "seg")]
    assert all(draft.annotations == {} and draft.faults == [] for draft in grouping.drafts)


def structures(name: str, *regions: SentRegion, **header: Any) -> SentFile:
    """A structure set of another study, as a planning system sends it."""
    return dicom(name, "", "9.9", kind="structures", rank=Rank.NEVER, regions=regions, **header)


def test_contours_go_to_the_series_that_they_refer_to() -> None:
    grouping = group_exams([*TWO, structures("x/rs", SentRegion(4, "GTV"), refers_to=("S.2",))], SPECS[SARCOPENIA])
    assert [(draft.regions, draft.faults) for draft in grouping.drafts] == [({}, []), ({"mask": {4: 1}}, [])]


def test_contours_without_references_go_to_the_image_that_they_lie_on() -> None:
    points = ((-1.0, 2.0, 4.0), (3.0, 2.0, 2.0))
    files = [*volume("a/p1", "P1", 40.0), *volume("a/p2", "P2", -1.0), structures("rs", SentRegion(1, "", points))]
    grouping = group_exams(files, SPECS[SARCOPENIA])
    assert grouping.faults == []
    assert {draft.patient: draft.regions for draft in grouping.drafts} == {"P1": {}, "P2": {"mask": {1: 1}}}
    off = structures("rs", SentRegion(1, "", ((-1.0, 2.0, 3.0),)))  # between two slices
    assert [fault.reason for fault in group_exams([*files[:-1], off], SPECS[SARCOPENIA]).faults] == ["extra_file"]


def test_contours_without_any_hint_go_to_the_exam_in_whose_folder_they_are() -> None:
    grouping = group_exams([*TWO, structures("p2/rs", SentRegion(4, "GTV"))], SPECS[SARCOPENIA])
    assert [draft.regions for draft in grouping.drafts] == [{}, {"mask": {4: 1}}]


def fields_of(**masks: dict[str, Any]) -> QuestionSpec:
    return spec_with(
        "kidney-cortex",
        data={"fields": {name: {"type": "mask", "of": "image", **entry} for name, entry in masks.items()}},
    )


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        ({1: "BODY", 2: "Cortex", 5: "isocentre"}, {"cortex": {2: 1}}),
        ({1: "body", 2: "CORTEX ", 7: "Stones"}, {"cortex": {2: 1}, "stones": {7: 1}}),
        ({1: "kidney"}, {}),  # two masks are asked for: which one it is cannot be told
        ({1: "cortex", 2: "Cortex"}, {}),
        ({1: "label 1", 2: "label_2", 3: "x"}, {"parts": {1: 1, 2: 2}}),
        ({1: "Rinde", 8: "Medulla"}, {"parts": {8: 2}}),
        ({4: "parts 2"}, {"parts": {4: 2}}),
    ],
)
def test_each_mask_takes_the_regions_that_are_named_after_it(names: dict[int, str], chosen: dict[str, Any]) -> None:
    labels = {1: {"en": "Bark", "fr": "Écorce"}, 2: {"en": "Medulla", "fr": "Médullaire"}}
    spec = fields_of(
        cortex={"values": [0, 1]}, stones={"values": [0, 1]}, parts={"values": [0, 1, 2], "labels": labels}
    )
    (draft,) = group_exams(
        [dicom("p/1"), structures("p/rs", *(SentRegion(n, name) for n, name in names.items()))], spec
    ).drafts
    assert draft.regions == chosen
    assert set(draft.annotations) == set(chosen)
    assert [fault.reason for fault in draft.faults] == ([] if chosen else ["extra_file"])


def test_the_file_s_name_says_whose_regions_are_numbered_as_the_labels_are() -> None:
    spec = fields_of(parts={"values": [0, 1, 2]}, cortex={"values": [0, 1]})
    regions = [SentRegion(1, "a"), SentRegion(2, "b"), SentRegion(9, "BODY")]
    (draft,) = group_exams([dicom("p/1"), structures("p/parts.dcm", *regions)], spec).drafts
    assert (draft.regions, draft.faults) == ({"parts": {1: 1, 2: 2}}, [])


def test_a_structure_set_without_an_area_says_so() -> None:
    (draft,) = group_exams([dicom("p/1"), structures("p/rs")], SPECS[SARCOPENIA]).drafts
    assert [fault.reason for fault in draft.faults] == ["wrong_format"] and draft.annotations == {}


def test_a_drawn_mask_and_contours_of_the_same_field_are_two_masks() -> None:
    files = [dicom("p/1"), other("p/mask.nii.gz", ".nii.gz"), structures("p/rs", SentRegion(1, "GTV"))]
    (draft,) = group_exams(files, SPECS[SARCOPENIA]).drafts
    assert (draft.annotations["mask"].name, draft.regions) == ("p/mask.nii.gz", {})
    assert [fault.where for fault in draft.faults] == ["p/rs"]


def volume(folder: str, patient: str, x: float, slices: int = 4) -> list[SentFile]:
    axial = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    return [
        dicom(f"{folder}/{k}", patient, f"study {patient}", series=f"series {patient}", rows=8, columns=10,
              position=(x, 0.0, 2.0 * k), orientation=axial, spacing=(1.0, 0.5))
        for k in range(slices)
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["drawing_tumour.nii.gz", "masks/a_tumour.nii.gz", "p2/tumour.nii.gz"])
def test_a_mask_goes_to_the_exam_whose_grid_it_lies_on_whatever_its_folder(name: str) -> None:
    affine = ((-0.5, 0.0, 0.0, -40.0), (0.0, -1.0, 0.0, 0.0), (0.0, 0.0, 2.0, 0.0), (0.0, 0.0, 0.0, 1.0))
    files = [
        *volume("p1", "P1", 40.0),
        *volume("p2", "P2", 0.0),
        other(name, ".nii.gz", grid=MaskGrid((10, 8, 4), affine)),
    ]
    grouping = group_exams(files, SPECS[TUMOUR])
    assert grouping.faults == []
    assert {draft.patient: list(draft.annotations) for draft in grouping.drafts} == {"P1": ["tumour"], "P2": []}


@pytest.mark.parametrize(
    "name",
    ["data/case 1/mask.png", "data/case 1_mask.png", "masks/case 1.png", "masks/case 1/drawing.png", "case 1-mask.png"],
)
def test_a_file_beside_or_above_the_folder_goes_to_the_exam_it_is_named_after(name: str) -> None:
    files = [dicom("data/case 1/ct/1"), dicom("data/case 2/ct/1", "P2", "1.2"), dicom("data/case 11/ct/1", "P3", "1.3")]
    grouping = group_exams([*files, other(name, ".png")], SPECS[SARCOPENIA])
    assert grouping.faults == []
    assert [draft.patient for draft in grouping.drafts if draft.annotations] == ["P1"]


def test_files_go_to_the_exam_whose_folder_they_share_deepest() -> None:
    files = [dicom("x/p1/ct/1"), dicom("x/p2/ct/1", "P2", "1.2"), other("x/p1/mask.png", ".png"),
             other("x/p2/v.csv", ".csv", **VALUES)]  # fmt: skip
    grouping = group_exams(files, SPECS[SARCOPENIA])
    assert grouping.faults == []
    assert described(grouping.drafts) == {
        ("P1", "1.1"): (["x/p1/ct/1"], ["mask"], []),
        ("P2", "1.2"): (["x/p2/ct/1"], [], ["x/p2/v.csv"]),
    }


def test_a_file_above_two_exams_belongs_to_neither() -> None:
    grouping = group_exams([*TWO, other("mask.png", ".png")], SPECS[SARCOPENIA])
    assert all(not draft.annotations for draft in grouping.drafts)
    (fault,) = grouping.faults
    assert (fault.reason, fault.where) == ("extra_file", "mask.png") and "folder of its exam" in fault.message


@pytest.mark.parametrize(
    ("names", "folder"),
    [
        (["a/b/1", "a/b/2"], "a/b"),
        (["a/b/1", "a/c/1"], "a"),
        (["1", "2"], ""),
        (["a/1", "b/1"], ""),
        (["a/b/1", "a/2"], "a"),
    ],
)
def test_an_exam_is_called_by_the_deepest_folder_of_all_its_images(names: list[str], folder: str) -> None:
    (draft,) = group_exams([dicom(name) for name in names], SPECS[SARCOPENIA]).drafts
    assert draft.folder() == folder


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
