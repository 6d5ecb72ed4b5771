"""QIDO-RS and WADO-RS: de-identified exams for those who may see them, and nothing for anybody else."""

from __future__ import annotations

import io
import json
from email import message_from_bytes
from typing import Any

import numpy as np
import pytest
from django.test import Client
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset

from challenges.models import CentreMembership, Question
from challenges.tokens import issue_token
from concours.formats.stored import members
from core.storage import local_copy
from demo.phantoms import sarcopenia
from tests.concours.formats.builders import zipped
from tests.factories.exams import centre, work_all
from tests.factories.people import person
from tests.factories.questions import question
from tests.uploads.test_receive import own_folders, sent
from uploads.models import Exam

__all__ = ["own_folders"]
pytestmark = pytest.mark.django_db
INTAKE = ("receive", "deidentify", "check_quality")


@pytest.fixture
def of() -> Question:
    uploaded_to = question()
    CentreMembership.objects.create(centre=centre(uploaded_to), user=person("Carla Centre"))
    sent(uploaded_to, zipped(dict(sarcopenia.make(1, "nord").files)))
    work_all(INTAKE)
    return uploaded_to


def address(of: Question, below: str = "") -> str:
    return f"/dicomweb/{of.challenge.slug}/{of.slug}/studies{below}"


def get(of: Question, below: str = "", who: str = "Carla Centre", **headers: str) -> Any:
    browser = Client()
    browser.force_login(person(who))
    return browser.get(address(of, below), headers=headers)


def parts(answer: Any) -> list[bytes]:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    message = message_from_bytes(b"Content-Type: " + answer["Content-Type"].encode() + b"\r\n\r\n" + body)
    return [part.get_payload(decode=True) for part in message.get_payload()]  # type: ignore[union-attr,misc]


def only_file(exam: Exam) -> bytes:
    with local_copy("exams", exam.bundle_key) as path, members(path)[0].open() as content:
        return content.read()


def place_of(exam: Exam) -> str:
    dataset = dcmread(io.BytesIO(only_file(exam)))
    assert str(dataset.StudyInstanceUID) == exam.study_uid
    return f"/{exam.study_uid}/series/{dataset.SeriesInstanceUID}/instances/{dataset.SOPInstanceUID}"


def test_a_search_finds_studies_series_and_instances(of: Question) -> None:
    exam = Exam.objects.get()
    assert exam.patient is not None and exam.state == "accepted"
    (study,) = get(of).json()
    assert study["0020000D"]["Value"] == [exam.study_uid] and study["00100020"]["Value"] == [exam.patient.pseudonym]
    assert study["00080061"]["Value"] == ["CT"] and study["00201208"]["Value"] == [1]
    assert get(of, f"?PatientID={exam.patient.pseudonym}").json() == [study]
    assert get(of, "?PatientID=IPP0770001").status_code == get(of, "?offset=1").status_code == 204
    (series,) = get(of, f"/{exam.study_uid}/series").json()
    assert series["00080060"]["Value"] == ["CT"] and series["00201209"]["Value"] == [1]
    (instance,) = get(of, f"/{exam.study_uid}/instances").json()
    assert instance["00081190"]["Value"][0].endswith(place_of(exam)) and instance["00280010"]["Value"] == [160]


def test_what_is_retrieved_is_what_is_stored(of: Question) -> None:
    exam = Exam.objects.get()
    place, stored = place_of(exam), only_file(exam)
    for below in (f"/{exam.study_uid}", place.rpartition("/instances")[0], place):
        assert parts(get(of, below)) == [stored]
    single = get(of, place, accept="application/dicom")
    assert single["Content-Type"] == "application/dicom" and b"".join(single.streaming_content) == stored
    (document,) = get(of, f"{place}/metadata").json()
    dataset = dcmread(io.BytesIO(stored))
    assert Dataset.from_json(json.dumps(document)).PatientID == dataset.PatientID and "7FE00010" not in document
    assert parts(get(of, f"{place}/frames/1")) == [dataset.PixelData]
    for form, kind in (("image/png", "PNG"), ("image/jpeg", "JPEG")):
        picture = Image.open(io.BytesIO(get(of, f"{place}/rendered", accept=form).content))
        assert picture.format == kind and picture.size == (160, 160) and np.asarray(picture).std() > 10
    assert get(of, f"{place}/frames/1/rendered").status_code == 200


def test_what_is_not_there_is_not_found(of: Question) -> None:
    place = place_of(Exam.objects.get())
    for below in ("/1.2.3", "/1.2.3/metadata", f"{place}9", f"{place}/frames/x"):
        assert get(of, below).status_code == 404, below
    assert get(of, f"{place}/frames/2").status_code == get(of, f"{place}/frames/2/rendered").status_code == 409


@pytest.mark.parametrize(
    ("who", "sees"), [("Carla Centre", True), ("Olga", True), ("Bruno Nice", False), ("Sam", False)]
)
def test_who_sees_an_exam(of: Question, who: str, sees: bool) -> None:
    other = centre(of, "Nice")
    CentreMembership.objects.create(centre=other, user=person("Bruno Nice"))
    exam = Exam.objects.get()
    place = place_of(exam)
    assert get(of, who=who).status_code == (200 if sees else 204)
    for below in (f"/{exam.study_uid}", f"/{exam.study_uid}/metadata", place, f"{place}/frames/1", f"{place}/rendered"):
        assert get(of, below, who=who).status_code == (200 if sees else 404), below


def test_a_token_reads_and_nobody_without_one(of: Question) -> None:
    _token, secret = issue_token(user=person("Carla Centre"), name="pacs", days=1, scopes=["read"])
    _other, upload_only = issue_token(user=person("Carla Centre"), name="push", days=1, scopes=["upload"])
    for bearer, status in ((secret, 200), (upload_only, 403), ("con_wrong", 401), ("", 401)):
        headers = {"authorization": f"Bearer {bearer}"} if bearer else {}
        assert Client().get(address(of), headers=headers).status_code == status


def test_only_included_exams_are_shown(of: Question) -> None:
    exam = Exam.objects.get()
    place = place_of(exam)
    Exam.objects.filter(pk=exam.pk).update(state="withdrawn")
    assert get(of).status_code == 204 and get(of, place).status_code == 404
