"""Quality control decides what an exam's images are; viewer and delivery use that decision and no other."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from anonymization.decide import confirm_review
from anonymization.models import ExamImage
from batches.cases import Case, write_cases
from challenges.frame import spec_of
from challenges.models import Question
from concours.formats.stored import ZIP_MOMENT
from core.errors import InvalidInputError
from core.storage import put_bytes
from core.work import enqueue
from grading.pictures import picture_of
from tests.factories.exams import kept_exam, work_all
from tests.factories.questions import question
from tests.presence import cases_dir
from uploads.models import Exam
from uploads.withdraw import withdraw_exam

CASES = cases_dir()
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not CASES.is_dir(), reason="CASES_DIR holds no cases"),
]
RAS = np.diag([-1.0, -1.0, 1.0])


@pytest.fixture
def nifti_question(settings: Any, tmp_path: Path) -> Question:
    settings.KEYS_DIR = tmp_path / "keys"
    data = {
        "images": {"image": {"dimensions": 3}},
        "fields": {"cortex": {"required": False}},
        "deliver": {"format": "nifti"},
    }
    inclusion = {
        "dimensions": {"value": 3},
        **dict.fromkeys(("slice_count", "contrast", "hounsfield", "pixels", "mask")),
    }
    return question("kidney-cortex", {"data": data, "inclusion": inclusion})


def bundle(paths: Iterable[Path]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path in paths:
            archive.writestr(
                zipfile.ZipInfo(f"image/1.2.3/{path.parent.name}{path.name}.dcm", ZIP_MOMENT), path.read_bytes()
            )
    return file.getvalue()


def checked(of: Question, number: str) -> Exam:
    """The exam of a case after the real stage of quality control."""
    (folder,) = CASES.glob(f"{number}-*")
    content = bundle(sorted(path for path in (folder / "in").rglob("*") if path.is_file()))
    exam = kept_exam(of, {"image": [np.zeros((4, 4), np.uint16)]}, {})
    blob = put_bytes("exams", f"exam-{exam.pk}", content)
    Exam.objects.filter(pk=exam.pk).update(bundle_key=blob.key, bundle_sha256=blob.sha256, state="deidentified")
    exam.refresh_from_db()
    enqueue("check_quality", exam, challenge_id=of.challenge_id)
    work_all(("check_quality",))
    exam.refresh_from_db()
    return exam


def delivered(exam: Exam, folder: Path) -> Any:
    spec = spec_of(exam.question)
    out = folder / "out"
    write_cases([Case(exam, "c1", "")], out, folder / "work", spec, form="nifti", key=b"k", images=["image"], fields=[])
    return nib.load(out / "image" / "c1.nii.gz")


@pytest.mark.parametrize(("number", "first"), [("30", 100.0), ("32", None)])
def test_odd_but_sound_geometry_is_accepted_drawn_and_delivered(
    nifti_question: Question, number: str, first: float | None, tmp_path: Path
) -> None:
    exam = checked(nifti_question, number)
    assert exam.state == "accepted"
    geometry = exam.images.get().assembly.require()
    picture = picture_of(exam)
    assert picture.facts.shape == (8, 64, 64)
    assert picture.facts.orientation == "I,P,L"
    image = delivered(exam, tmp_path)
    for k, piece in enumerate(geometry.slices):
        tolerance = max(0.01, geometry.slack * 2.5)
        assert np.allclose((image.affine @ [0, 0, k, 1])[:3], RAS @ np.array(piece.position), atol=tolerance)
    if first is not None:
        voxels = np.asarray(image.dataobj)
        for n in range(8):  # frame n has its mark at column 8 + 4 n and lies at z = 100 - 2.5 n
            k = round((first - 2.5 * n - image.affine[2, 3]) / image.affine[2, 2])
            columns = np.argwhere(voxels[:, :, k] > voxels[:, :, k].mean() + 3 * voxels[:, :, k].std())[:, 0]
            assert columns.min() == 8 + 4 * n


def test_a_tilted_gantry_is_reviewed_and_then_delivered_sheared(nifti_question: Question, tmp_path: Path) -> None:
    exam = checked(nifti_question, "36")
    assert exam.state == "review"
    (review,) = exam.reviews.all()
    assert "15" in str(review.points)
    confirm_review(review=review, actor=nifti_question.challenge.created_by)
    exam.refresh_from_db()
    assert exam.state == "accepted"
    image = delivered(exam, tmp_path)
    geometry = exam.images.get().assembly.require()
    for k, piece in enumerate(geometry.slices):
        assert np.allclose((image.affine @ [0, 0, k, 1])[:3], RAS @ np.array(piece.position), atol=0.01)


@pytest.mark.parametrize("number", ["21", "23", "29"])
def test_what_is_no_volume_is_refused_for_one_reason(nifti_question: Question, number: str) -> None:
    exam = checked(nifti_question, number)
    assert exam.state == "refused"
    (image,) = exam.images.all()
    assert len(image.assembly.faults) == 1


def test_nobody_can_confirm_an_exam_that_could_not_be_delivered(nifti_question: Question) -> None:
    exam = checked(nifti_question, "33")
    assert exam.state == "review"
    (review,) = exam.reviews.all()
    with pytest.raises(InvalidInputError, match="Choose one series"):
        confirm_review(review=review, actor=nifti_question.challenge.created_by)
    exam.refresh_from_db()
    review.refresh_from_db()
    assert (exam.state, review.state) == ("review", "open")


def test_an_exam_older_than_the_record_is_drawn_and_delivered_the_same(
    nifti_question: Question, tmp_path: Path
) -> None:
    exam = checked(nifti_question, "30")
    affine = delivered(exam, tmp_path / "a").affine
    ExamImage.objects.all().delete()
    assert np.array_equal(delivered(exam, tmp_path / "b").affine, affine)
    assert picture_of(exam).facts.orientation == "I,P,L"


def test_what_is_known_of_the_images_goes_with_a_withdrawn_exam(nifti_question: Question) -> None:
    exam = checked(nifti_question, "30")
    withdraw_exam(exam=exam, actor=nifti_question.challenge.created_by, reason="asked by the patient")
    assert not ExamImage.objects.exists()
