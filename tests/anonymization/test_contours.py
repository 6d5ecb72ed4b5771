"""A structure set that comes with an exam is its mask: in quality control, in the viewer and in what teams receive."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from pydicom import dcmread

from batches.cases import Case, write_cases
from challenges.frame import spec_of
from challenges.models import Question
from core.models import Progress
from core.storage import local_copy
from grading.pictures import picture_of
from tests.anonymization.test_series_choice import series
from tests.concours.formats.builders import zipped
from tests.concours.formats.structure_sets import contour, structure_set
from tests.factories.exams import work_all
from tests.factories.questions import question
from tests.uploads.test_receive import own_folders, sent
from uploads.models import Exam

__all__ = ["own_folders"]
pytestmark = pytest.mark.django_db(transaction=True)
STAGES = ("receive", "deidentify", "check_quality")
SQUARE = [(2.5, 3.5), (8.5, 3.5), (8.5, 9.5), (2.5, 9.5)]  # 6 x 6 voxels of 0.7 mm


@pytest.fixture
def of() -> Question:
    data = {"images": {"image": {"dimensions": 3}}, "deliver": {"format": "nifti"}}
    inclusion = {
        **dict.fromkeys(("slice_count", "contrast", "hounsfield", "pixels")),
        "dimensions": {"value": 3},
        "mask": {"field": "cortex", "min_voxels": 1},
    }
    return question("kidney-cortex", {"data": data, "inclusion": inclusion})


def ring(k: int, shift: float = 0.0) -> Any:
    return contour([(0.7 * column, 0.7 * row, 2.5 * (k + shift)) for column, row in SQUARE])


def checked(of: Question, contours: bytes, **more: bytes) -> Exam:
    upload = sent(of, zipped({**series(1), "exam/plan/rs.dcm": contours, **more}))
    work_all(STAGES)
    return upload.exams.get()


def test_contours_are_the_mask_of_their_exam_everywhere(of: Question, tmp_path: Path) -> None:
    regions = {(1, "BODY Dupontel"): [ring(0)], (4, "Cortex"): [ring(1), ring(2)]}
    exam = checked(of, structure_set(regions, PatientID="P-1", OperatorsName="Dupontel^Jean"))
    assert exam.state == "accepted", exam.reason
    annotation = exam.annotations.get()
    with local_copy("exams", annotation.blob_key) as path:
        assert b"Dupontel" not in path.read_bytes()
        dcmread_result = dcmread(path)
    assert [(item.ROINumber, item.ROIName) for item in dcmread_result.StructureSetROISequence] == [(1, "cortex")]
    assert [len(item.ContourSequence) for item in dcmread_result.ROIContourSequence] == [2]
    facts = picture_of(exam).facts
    assert facts.has_mask and facts.mask_fault == ""
    write_cases(
        [Case(exam, "c1", "")], tmp_path / "out", tmp_path / "work", spec_of(exam.question), form="nifti", key=b"k",
        images=["image"], fields=["cortex"],
    )  # fmt: skip
    read: Any = nib.load(tmp_path / "out" / "cortex" / "c1.nii.gz")
    mask = np.asarray(read.dataobj)
    assert [int(mask[..., k].sum()) for k in range(5)] == [0, 36, 36, 0, 0]


def test_contours_between_the_slices_are_told_to_the_centre(of: Question) -> None:
    exam = checked(of, structure_set({(4, "Cortex"): [ring(1, 0.5)]}, PatientID="P-1"))
    assert exam.state == "refused"
    assert any("between two slices" in line for line in reasons_of(exam))


def reasons_of(exam: Exam) -> list[str]:
    return [row.template for row in Progress.objects.filter(subject_id=str(exam.pk))]
