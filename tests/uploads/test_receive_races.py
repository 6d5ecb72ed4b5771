"""Two workers receive one group of files, or the same images, at once; an upload ends while somebody else acts on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from challenges.models import CentreMembership
from challenges.revoke import revoke_membership
from core.erasure import sweep_erasures
from core.models import Work
from core.performing import perform
from core.storage import store
from tests.factories.exams import centre
from tests.factories.people import person
from tests.factories.questions import question
from tests.interleaved import meanwhile, overlapping
from tests.uploads.test_receive import only_dicom, sent
from uploads.models import Exam, Upload
from uploads.store import abandon_upload, finish_upload, sweep_uploads
from uploads.withdraw import withdraw_exam


@pytest.fixture(autouse=True)
def own_folders(settings: Any, tmp_path: Path) -> None:
    settings.KEYS_DIR, settings.STAGING_DIR = tmp_path / "keys", tmp_path / "staging"
    settings.WORK_HEARTBEAT_SECONDS = 3600
    quarantine = settings.STORAGES["quarantine"]  # others who run beside these tests put files into the common one
    own = {**quarantine, "OPTIONS": {**quarantine.get("OPTIONS", {}), "location": str(tmp_path / "quarantine")}}
    settings.STORAGES = {**settings.STORAGES, "quarantine": own}


def group(count: int = 2) -> list[Work]:
    question_row = question()
    contents = [only_dicom(1)] * count
    uploads = [
        sent(question_row, content, f"{n}.dcm", group="g", group_size=str(count)) for n, content in enumerate(contents)
    ]
    return [Work.objects.get(stage="receive", subject_id=str(upload.pk)) for upload in uploads]


def quarantined() -> set[str]:
    return set(store("quarantine").listdir("")[0]) if store("quarantine").exists("") else set()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "moment", ["uploads.receive._sort", "uploads.receive.put_file", "uploads.receive._still_stored"]
)
@pytest.mark.parametrize("first", [0, 1])
def test_two_workers_receive_one_group_once(moment: str, first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, before = group(), quarantined()
    meanwhile(monkeypatch, moment, lambda: perform(rows[1 - first].pk))
    perform(rows[first].pk)
    assert [(row.state, row.attempts) for row in Work.objects.filter(stage="receive")] == [("done", 0)] * 2
    exam = Exam.objects.get()
    assert set(Upload.objects.values_list("state", flat=True)) == {"received"}
    assert quarantined() - before == {f"exam-{exam.pk}"}


@pytest.mark.parametrize(
    "any_database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
def test_the_same_images_from_two_uploads_at_once_are_one_living_exam(
    any_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    question_row = question()
    rows = [
        Work.objects.get(subject_id=str(sent(question_row, only_dicom(1), f"{n}.dcm").pk), stage="receive")
        for n in range(2)
    ]
    doers = [lambda row=row: perform(row.pk) for row in rows]
    assert overlapping(monkeypatch, "uploads.receive._create_exam", *doers) == []
    exams = Exam.objects.order_by("number")
    assert [exam.number for exam in exams] == [1, 2]
    assert sorted(exam.state for exam in exams) == ["received", "refused"]
    assert [row.attempts for row in Work.objects.filter(stage="receive")] == [0, 0]


def receiving(address: Any) -> Upload:
    upload = sent(address, b"x")
    Work.objects.all().delete()
    Upload.objects.update(state="receiving", stored_at=None)
    upload.refresh_from_db()
    return upload


@pytest.mark.django_db
def test_a_sweep_goes_on_behind_an_upload_that_was_finished_just_then(monkeypatch: pytest.MonkeyPatch) -> None:
    question_row = question()
    first, _second = receiving(question_row), receiving(question_row)
    Upload.objects.update(state="receiving", stored_at=None, expires_at=first.created_at)

    def finish() -> None:
        row = Upload.objects.get(pk=first.pk)
        finish_upload(row, stored_at=row.created_at)

    finish_first = iter([finish])
    monkeypatch.setattr(
        "uploads.store.abandon_upload", lambda row: (next(finish_first, lambda: None)(), abandon_upload(row))
    )
    rows = Upload.objects.order_by("created_at")
    sweep_uploads()
    assert sorted(row.state for row in rows) == ["expired", "stored"]


@pytest.mark.django_db
def test_a_membership_can_be_revoked_while_an_upload_becomes_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    question_row = question()
    home = centre(question_row)
    membership = CentreMembership.objects.create(centre=home, user=person("Carla Centre"))
    upload = receiving(question_row)
    meanwhile(
        monkeypatch,
        "uploads.store.move",
        lambda: finish_upload(Upload.objects.get(pk=upload.pk), stored_at=upload.created_at),
    )
    revoke_membership(membership=membership, actor=person("Olga"), reason="left")
    upload.refresh_from_db()
    assert upload.state == "stored" and not CentreMembership.objects.exists()


@pytest.mark.django_db
def test_an_exam_withdrawn_while_it_is_de_identified_leaves_nothing_in_the_stores(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    question_row = question()
    sent(question_row, only_dicom(1), "1.dcm")
    perform(Work.objects.get(stage="receive").pk)
    exam = Exam.objects.get()
    meanwhile(
        monkeypatch,
        "anonymization.deidentify.write_annotations",
        lambda: withdraw_exam(exam=Exam.objects.get(), actor=person("Olga"), reason="the patient objected"),
    )
    row = Work.objects.get(stage="deidentify")
    perform(row.pk)
    row.refresh_from_db()
    exam.refresh_from_db()
    assert (row.state, row.attempts, exam.state) == ("cancelled", 0, "withdrawn")
    settings.WORK_LEASE_SECONDS = 0
    sweep_erasures()  # what a worker wrote after the withdrawal goes when its lease is over
    assert objects("exams", exam) == objects("quarantine", exam) == []


def objects(name: str, exam: Exam) -> list[str]:
    owner = f"exam-{exam.pk}"
    return store(name).listdir(owner)[1] if store(name).exists(owner) else []
