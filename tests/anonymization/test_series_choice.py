"""A study with several series: the one that meets the criteria becomes the exam; where several do, a person chooses which."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import FileDataset
from pydicom.uid import generate_uid

from anonymization.choices import Choice
from anonymization.choose import choose_series
from anonymization.decide import confirm_review
from anonymization.models import Review
from challenges.models import CentreMembership, Question
from core.errors import InvalidInputError, LostRaceError, NotAllowedError
from core.models import Progress
from core.storage import local_copy, store
from tests.concours.formats.builders import dicom_bytes, dicom_dataset, zipped
from tests.factories.exams import centre, work_all
from tests.factories.people import person
from tests.factories.questions import question
from tests.presence import cases_dir
from tests.uploads.test_receive import own_folders, sent
from uploads.models import Exam

__all__ = ["own_folders"]
pytestmark = pytest.mark.django_db(transaction=True)
STAGES = ("receive", "deidentify", "check_quality")
CHANGES: dict[str, Any] = {
    "data": {"deliver": {"format": "nifti"}},
    "inclusion": {"slice_thickness": None, "slice_spacing": {}, "hounsfield": None, "pixels": None},
}


@pytest.fixture
def of() -> Question:
    question_row = question("covid", CHANGES)
    CentreMembership.objects.create(centre=centre(question_row), user=person("Carla Centre"))
    return question_row


def thin_slices(of: Question) -> Question:
    """Another question of the same challenge, which takes slices of 3 mm at most."""
    of.challenge.refresh_from_db()
    inclusion = {**CHANGES["inclusion"], "slice_thickness": {"max": 3}}
    return question("covid", {**CHANGES, "slug": "thin", "inclusion": inclusion}, within=of.challenge)


def series(
    number: int, count: int = 5, step: float = 2.5, kernel: str = "B30f", study: str = "1.2.9", **more: Any
) -> dict[str, bytes]:
    """A CT series of one patient: `count` slices every `step` mm, each with a picture of its own."""
    files = {}
    uid = generate_uid(entropy_srcs=[study, str(number)])
    for k in range(count):
        pixels = np.random.default_rng([number, k]).integers(900, 1200, (16, 16)).astype(np.uint16)
        dataset = dicom_dataset(pixels, k=k)
        dataset.PatientID, dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "P-1", study, uid
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[uid, str(k)])
        dataset.SeriesNumber, dataset.InstanceNumber, dataset.SeriesDescription = (
            number,
            k + 1,
            f"Thorax {step} {kernel}",
        )
        dataset.ImagePositionPatient, dataset.SliceThickness = [0, 0, k * step], step
        dataset.ImageType, dataset.ConvolutionKernel, dataset.FrameOfReferenceUID = (
            ["ORIGINAL", "PRIMARY", "AXIAL"],
            kernel,
            "1.2.3",
        )
        dataset.RescaleIntercept, dataset.RescaleSlope = -1024, 1
        for name, value in more.items():
            setattr(dataset, name, value[k] if isinstance(value, list) and name.endswith("UID") else value)
        files[f"exam/S{number}/I{k:03d}"] = dicom_bytes(dataset)
    return files


def checked(of: Question, files: Mapping[str, bytes]) -> Exam:
    """The only exam of an upload of these files, after quality control."""
    upload = sent(of, zipped(dict(files)), values=json.dumps({"covid": True}))
    work_all(STAGES)
    return upload.exams.get()


def bundle(exam: Exam) -> dict[str, FileDataset]:
    with local_copy("exams", exam.bundle_key) as path, zipfile.ZipFile(path) as archive:
        return {name: dcmread(io.BytesIO(archive.read(name))) for name in archive.namelist()}


def thicknesses(exam: Exam) -> set[float]:
    return {float(dataset.SliceThickness) for dataset in bundle(exam).values()}


def stored_objects(exam: Exam) -> int:
    return len(store("exams").listdir(f"exam-{exam.pk}")[1])


def case_files(case: str) -> dict[str, bytes]:
    root = cases_dir() / case
    return {f"exam/{path.relative_to(root)}": path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


# --- what the criteria decide -----------------------------------------------------------------------------------------


def test_the_series_that_meets_the_criteria_becomes_the_exam_and_the_other_is_erased(of: Question) -> None:
    fine = thin_slices(of)
    exam = checked(fine, series(1, step=5.0) | series(2, step=2.5))
    assert exam.state == "accepted", exam.reason
    assert thicknesses(exam) == {2.5}
    assert [(row.role, row.instance_count) for row in exam.series.all()] == [("image", 5)]
    assert stored_objects(exam) == 1, "the bundle of both series is still there"


def test_where_none_meets_them_the_reasons_of_the_nearest_are_given_once(of: Question) -> None:
    fine = thin_slices(of)
    exam = checked(fine, series(1, step=5.0) | series(2, step=4.0, count=6))
    answer = list(Progress.objects.filter(subject_id=str(exam.pk), state="refused").order_by("pk"))
    assert exam.state == "refused" and answer[0].values == {"count": 2, "name": "Thorax 5.0 B30f", "images": 5}
    assert len(answer) == 2 and "slice_thickness" not in answer[1].template


def test_one_series_is_left_as_it_is(of: Question) -> None:
    exam = checked(of, series(1))
    assert exam.state == "accepted" and stored_objects(exam) == 1 and not exam.reviews.exists()


# --- what a person decides --------------------------------------------------------------------------------------------


@pytest.fixture
def waiting(of: Question) -> Exam:
    return checked(of, series(1, step=2.5) | series(2, step=3.75, count=4))


def test_several_that_meet_them_wait_for_a_choice_with_the_key_facts(waiting: Exam) -> None:
    assert (waiting.state, waiting.reason) == ("review", "several_series")
    (review,) = waiting.reviews.all()
    (choice,) = map(Choice.from_json, review.choices)
    facts = [
        (option.number, option.name, option.images, option.thickness, option.spacing, option.plane, option.kernel)
        for option in choice.options
    ]
    assert facts == [
        (1, "Thorax 2.5 B30f", 5, "2.5", "2.5", "axial", "B30f"),
        (2, "Thorax 3.75 B30f", 4, "3.75", "3.75", "axial", "B30f"),
    ]


@pytest.mark.parametrize("series", [None, {}, {"image": 3}, {"image": ""}, {"other": 1}])
def test_a_yes_without_a_choice_is_impossible(waiting: Exam, series: Any) -> None:
    with pytest.raises(InvalidInputError, match="Choose one series"):
        confirm_review(review=waiting.reviews.get(), actor=person("Olga"), series=series)
    waiting.refresh_from_db()
    assert waiting.state == "review"


@pytest.mark.parametrize(("number", "thickness"), [(1, 2.5), ("2", 3.75)])
@pytest.mark.parametrize("who", ["Carla Centre", "Olga"])
def test_after_the_choice_the_exam_has_one_series(waiting: Exam, who: str, number: Any, thickness: float) -> None:
    choose_series(review=waiting.reviews.get(), actor=person(who), series={"image": number})
    work_all(STAGES)
    waiting.refresh_from_db()
    assert waiting.state == "accepted"
    assert thicknesses(waiting) == {thickness} and waiting.series.count() == 1
    assert stored_objects(waiting) == 1


def test_a_stranger_does_not_choose_and_the_first_choice_counts(waiting: Exam) -> None:
    first, second = waiting.reviews.get(), waiting.reviews.get()
    with pytest.raises(NotAllowedError):
        choose_series(review=first, actor=person("Sam"), series={"image": 1})
    choose_series(review=first, actor=person("Carla Centre"), series={"image": 1})
    with pytest.raises(LostRaceError):
        choose_series(review=second, actor=person("Olga"), series={"image": 2})
    work_all(STAGES)
    waiting.refresh_from_db()
    assert thicknesses(waiting) == {2.5}


# --- pieces of one acquisition ----------------------------------------------------------------------------------------


def one_uid_a_slice(count: int = 6) -> dict[str, bytes]:
    return series(1, count, SeriesInstanceUID=[generate_uid(entropy_srcs=["slice", str(k)]) for k in range(count)])


def test_slices_that_each_bear_a_series_uid_are_one_series(of: Question) -> None:
    files = one_uid_a_slice()
    before = {dcmread(io.BytesIO(content)).PixelData for content in files.values()}
    exam = checked(of, files)
    assert exam.state == "accepted", exam.reason
    after = bundle(exam)
    assert len({dataset.SeriesInstanceUID for dataset in after.values()}) == 1 == exam.series.count()
    assert {dataset.PixelData for dataset in after.values()} == before
    assert {name.split("/")[1] for name in after} == {dataset.SeriesInstanceUID for dataset in after.values()}


def test_a_stack_in_two_parts_is_one_series_and_two_stacks_are_two(of: Question) -> None:
    lower = series(1, 4, SeriesInstanceUID="1.2.5")
    upper = {name.replace("S1", "S2"): content for name, content in series(1, 8, SeriesInstanceUID="1.2.6").items()}
    parts = lower | {name: content for name, content in upper.items() if int(name[-3:]) >= 4}
    exam = checked(of, parts)
    assert exam.state == "accepted" and len(bundle(exam)) == 8
    again = checked(of, series(3, 4, study="1.2.8") | series(4, 4, study="1.2.8"))
    assert (again.state, again.reason) == ("review", "several_series")


# --- the cases --------------------------------------------------------------------------------------------------------

with_cases = pytest.mark.skipif(not cases_dir().is_dir(), reason="CASES_DIR holds no cases")


@with_cases
@pytest.mark.parametrize("case", ["09-dicomdir-in-the-folder/in", "25-whole-study-of-the-pacs/in"])
def test_a_whole_study_is_accepted_without_a_person(of: Question, case: str) -> None:
    exam = checked(of, case_files(case))
    assert exam.state == "accepted", exam.reason
    with local_copy("exams", exam.bundle_key) as path:
        content = path.read_bytes()
    assert b"ZX-0001" not in content and {dataset.SliceThickness for dataset in bundle(exam).values()} == {2.5}


@with_cases
def test_two_reconstructions_are_a_choice_and_never_a_blind_yes(of: Question) -> None:
    exam = checked(of, case_files("33-two-reconstructions-and-a-person-says-yes/in"))
    review = Review.objects.get(exam=exam)
    with pytest.raises(InvalidInputError):
        confirm_review(review=review, actor=person("Olga"))
    confirm_review(review=review, actor=person("Olga"), series={"image": 2})
    work_all(STAGES)
    exam.refresh_from_db()
    assert exam.state == "accepted" and thicknesses(exam) == {3.75}


# --- several stacks within one series ---------------------------------------------------------------------------------


def test_stacks_of_one_series_are_told_apart_and_a_person_chooses_one(of: Question) -> None:
    exam = checked(of, series(1, SeriesInstanceUID="1.2.88") | series(2, kernel="B70f", SeriesInstanceUID="1.2.88"))
    assert exam.state == "review", exam.reason
    review = exam.reviews.get()
    (choice,) = map(Choice.from_json, review.choices)
    assert {(option.images, option.kernel) for option in choice.options} == {(5, "B30f"), (5, "B70f")}
    assert {option.file.split("/")[0] for option in choice.options} == {exam.series.get().series_uid}
    hard = next(option for option in choice.options if option.kernel == "B70f")
    choose_series(review=review, actor=of.challenge.created_by, series={choice.image: hard.number})
    work_all(STAGES)
    exam.refresh_from_db()
    assert exam.state == "accepted", exam.reason
    assert {dataset.ConvolutionKernel for dataset in bundle(exam).values()} == {"B70f"}
    assert exam.images.get().assembly.require().shape[2] == 5 == exam.series.get().instance_count


def test_a_localiser_mixed_into_the_series_is_left_out(of: Question) -> None:
    lines = series(2, count=3, SeriesInstanceUID="1.2.88", ImageOrientationPatient=[1, 0, 0, 0, 0, -1])
    exam = checked(of, series(1, SeriesInstanceUID="1.2.88") | lines)
    assert exam.state == "accepted", exam.reason
    assert exam.images.get().assembly.require().shape[2] == 5
