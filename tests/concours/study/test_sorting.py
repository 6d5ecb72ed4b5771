"""What each file of a study is: by its SOP class, modality and image type, then by its bytes; the cases of a PACS export."""

from __future__ import annotations

import io
import os
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from pydicom.uid import UID

from concours.formats.fault import FormatError
from concours.study.grouping import Grouping, group_exams
from concours.study.kinds import Rank, object_kind
from concours.study.sent import SentFile, SentRegion
from concours.study.sorting import sort
from tests.concours.formats.builders import dicom_bytes, dicom_dataset
from tests.concours.formats.structure_sets import contour, structure_set
from tests.concours.study.test_grouping import SARCOPENIA, SPECS, TUMOUR
from tests.presence import cases_dir

with_cases = pytest.mark.skipif(not cases_dir().is_dir(), reason="CASES_DIR holds no cases")
STORAGE = "1.2.840.10008.5.1.4.1.1."
CT = STORAGE + "2"


def header(
    sop_class: str = CT, modality: str = "CT", types: tuple[str, ...] = (), description: str = ""
) -> dict[str, Any]:
    return {"SOPClassUID": sop_class, "Modality": modality, "ImageType": types, "SeriesDescription": description}


@pytest.mark.parametrize(
    ("elements", "kind", "rank"),
    [
        (header(types=("ORIGINAL", "PRIMARY", "AXIAL")), "image", Rank.CANDIDATE),
        (header(types=("ORIGINAL", "PRIMARY", "LOCALIZER")), "localiser", Rank.FALLBACK),
        (header(description="Topogram 0.6 T20f"), "localiser", Rank.FALLBACK),
        (header(description="3-Plane Loc"), "localiser", Rank.FALLBACK),
        (header(description="t1_localizer_sag"), "localiser", Rank.FALLBACK),
        (header(description="Thorax local recon"), "image", Rank.CANDIDATE),
        (header(types=("DERIVED", "SECONDARY", "DOSE_INFO")), "dose_page", Rank.FALLBACK),
        (header(STORAGE + "7", types=("DERIVED", "SECONDARY")), "secondary_capture", Rank.FALLBACK),
        (header(STORAGE + "7", "OT"), "secondary_capture", Rank.FALLBACK),
        (header(STORAGE + "4", "MR"), "other_modality", Rank.FALLBACK),
        (header(STORAGE + "88.67", "SR"), "dose_report", Rank.NEVER),
        (header(STORAGE + "88.33", "SR"), "report", Rank.NEVER),
        (header(STORAGE + "88.59", "KO"), "key_objects", Rank.NEVER),
        (header(STORAGE + "11.1", "PR"), "presentation_state", Rank.NEVER),
        (header(STORAGE + "9.1.1", "ECG"), "waveform", Rank.NEVER),
        (header(STORAGE + "104.1", "DOC"), "document", Rank.NEVER),
        (header(STORAGE + "481.5", "RTPLAN"), "derived_object", Rank.NEVER),
        (header(STORAGE + "481.3", "RTSTRUCT"), "structures", Rank.NEVER),
        (header(STORAGE + "66.4", "SEG"), "segmentation", Rank.NEVER),
        (header("1.2.840.10008.1.3.10", ""), "dicomdir", Rank.NEVER),
        (header("1.2.3.4", "SR"), "report", Rank.NEVER),
        (header("1.2.3.4", "CT"), "image", Rank.CANDIDATE),
    ],
)
def test_what_an_object_is(elements: dict[str, Any], kind: str, rank: Rank) -> None:
    assert object_kind(elements, ["CT"]) == (kind, rank)


def test_every_storage_class_of_the_standard_has_one_answer() -> None:
    """Whatever a PACS sends: an image class is a candidate or a fallback, all else is named and never one."""
    images = ("Image Storage", "Image Storage - For Presentation", "Image Storage - For Processing")
    for uid in (f"{STORAGE}{n}" for n in ("1", "1.1", "2", "2.1", "4", "4.1", "6.1", "20", "128", "12.1", "77.1.4")):
        assert UID(uid).name.endswith(images)
        assert object_kind(header(uid), [])[1] < Rank.NEVER
    for uid in (
        f"{STORAGE}{n}" for n in ("88.11", "88.22", "88.59", "88.67", "11.1", "104.1", "66.1", "481.5", "9.1.1")
    ):
        assert object_kind(header(uid), [])[1] == Rank.NEVER


def grouped(root: Path, slug: str, tmp_path: Path, modalities: list[str]) -> Grouping:
    paths = sorted(str(path) for path in root.rglob("*") if path.is_file())
    names = [os.path.relpath(path, root) for path in paths]
    return group_exams(
        [SentFile.from_json(entry) for entry in sort(paths, names, str(tmp_path), {}, modalities)], SPECS[slug]
    )


@with_cases
@pytest.mark.parametrize(
    ("case", "images", "aside"),
    [
        ("09-dicomdir-in-the-folder/in", 3, {"dicomdir": 1, "program": 1, "other_file": 1}),
        ("25-whole-study-of-the-pacs/in", 6, {"localiser": 1, "dose_page": 1, "dose_report": 1}),
    ],
)
def test_a_study_of_a_pacs_is_one_exam_without_a_fault(
    case: str, images: int, aside: dict[str, int], tmp_path: Path
) -> None:
    grouping = grouped(cases_dir() / case, TUMOUR, tmp_path, ["CT"])
    (draft,) = grouping.drafts
    assert (len(draft.dicom), draft.faults, grouping.faults) == (images, [], [])
    assert {note.kind: note.count for note in grouping.aside} == aside


def test_a_disc_of_250_slices_without_endings_is_one_exam(tmp_path: Path) -> None:
    """As case 61 describes it: a folder that was dropped, with its DICOMDIR and a program beside it."""
    folder = tmp_path / "CD/DICOM/PA0/ST0/SE0"
    folder.mkdir(parents=True)
    for number in range(250):
        slice_of_one_series = dicom_dataset(np.zeros((16, 16), np.uint16), k=number)
        (folder / f"I{number:05d}").write_bytes(dicom_bytes(slice_of_one_series))
    (tmp_path / "CD/AUTORUN.INF").write_text("[autorun]\nopen=viewer.exe\n")
    (work := tmp_path / "work").mkdir()
    grouping = grouped(tmp_path / "CD", TUMOUR, work, ["CT"])
    (draft,) = grouping.drafts
    assert (len(draft.dicom), draft.faults, grouping.faults) == (250, [], [])
    assert {note.kind: note.count for note in grouping.aside} == {"program": 1}


@with_cases
@pytest.mark.parametrize("variant", ["a", "b"])
def test_a_segmentation_of_another_study_is_the_mask_of_what_it_refers_to(variant: str, tmp_path: Path) -> None:
    grouping = grouped(cases_dir() / "38-segmentation-in-another-study" / variant, SARCOPENIA, tmp_path, ["CT"])
    (draft,) = grouping.drafts
    assert (draft.annotations["mask"].name, draft.faults, grouping.faults) == ("seg.dcm", [], [])


def sorted_files(files: dict[str, bytes], tmp_path: Path) -> dict[str, SentFile]:
    archive = tmp_path / "upload.zip"
    with zipfile.ZipFile(archive, "w") as target:
        for name, content in files.items():
            target.writestr(name, content)
    into = tmp_path / "into"
    into.mkdir(exist_ok=True)
    answer = sort([str(archive)], ["upload.zip"], str(into), {}, ["CT"])
    return {file.name: file for file in map(SentFile.from_json, answer)}


def test_files_beside_the_images_are_told_by_their_bytes_and_endings(tmp_path: Path) -> None:
    nifti = io.BytesIO(nib.Nifti1Image(np.zeros((4, 5, 6), np.uint8), np.diag([1.0, 2.0, 3.0, 1.0])).to_bytes())
    nested = io.BytesIO()
    with zipfile.ZipFile(nested, "w") as inner:
        inner.writestr("a.class", b"1")
    files = sorted_files(
        {
            "ct/1": dicom_bytes(dicom_dataset(np.zeros((4, 5), np.uint16))),
            "ct/2.dcm": b"<html>",
            "mask.nii": nifti.getvalue(),
            "values.csv": b"age;malignant\n61;1\n",
            "list.csv": b"field,value\nage,61\nedss,2\n",
            "v.json": b'{"age": 61}',
            "VIEWER/a.exe": b"MZ",
            "VIEWER/weasis.jar": nested.getvalue(),
            "empty": b"",
            "readme.txt": b"hello",
        },
        tmp_path,
    )
    assert {name: file.kind for name, file in files.items()} == {
        "ct/1": "image", "ct/2.dcm": "damaged", "mask.nii": "mask", "values.csv": "table", "list.csv": "table", "v.json": "table",
        "VIEWER/a.exe": "program", "VIEWER/weasis.jar": "archive", "empty": "empty_file", "readme.txt": "other_file",
    }  # fmt: skip
    assert files["values.csv"].columns == ("age", "malignant")
    assert files["list.csv"].columns == ("age", "edss") and files["v.json"].columns == ("age",)
    grid = files["mask.nii"].grid
    assert grid is not None and grid.shape == (4, 5, 6) and grid.affine is not None and grid.affine[1][1] == 2.0


def test_a_structure_set_says_what_it_refers_to_and_which_regions_it_has(tmp_path: Path) -> None:
    ring = contour([(1.5, 2.5, 10), (4, 2.5, 10), (4, 9, 10)])
    content = structure_set(
        {(2, "GTV"): [ring, ring], (1, "iso"): [contour([(0, 0, 0)], "POINT")], (3, "none"): []}, series="1.2.8"
    )
    file = sorted_files({"rs.dcm": content}, tmp_path)["rs.dcm"]
    assert (file.kind, file.rank) == ("structures", Rank.NEVER)
    assert file.header is not None and {"1.2.8", "1.2.3.77"} <= set(file.header.refers_to)
    assert file.header.regions == (SentRegion(2, "GTV", ((1.5, 2.5, 10.0), (1.5, 2.5, 10.0))),)


def test_an_archive_of_nothing_is_said(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="empty"):
        sorted_files({}, tmp_path)


@with_cases
def test_every_real_file_of_the_cases_is_named(tmp_path: Path) -> None:
    paths = sorted(str(path) for path in cases_dir().rglob("*") if path.is_file() and path.suffix != ".zip")
    (tmp_path / "into").mkdir()
    kinds = Counter(file["kind"] for file in sort(paths, paths, str(tmp_path / "into"), {}, []))
    assert kinds["image"] > 100 and kinds["damaged"] == 0
