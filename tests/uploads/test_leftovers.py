"""What is temporary has an owner and an end: metadata, incomplete groups, undecided originals, files of dead processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from anonymization.retention import sweep_quarantine
from anonymization.undecided import sweep_undecided
from core.models import Work
from core.progress import progress_of
from core.storage import store
from core.temporary import lease_folder, sweep_temporary
from tests.concours.formats.builders import zipped
from tests.factories.exams import work_all
from tests.factories.people import member_of, team_in
from tests.factories.questions import question
from tests.processes import ROOT, environment
from tests.uploads.test_receive import exam_files, only_dicom, sent
from tests.waiting import wait_until
from uploads import staging
from uploads.models import Exam, Upload
from uploads.store import METADATA, create_upload, end_uploads, sweep_staging, sweep_uploads

pytestmark = pytest.mark.django_db
NAMED = "MARTINOT Zoe"


@pytest.fixture(autouse=True)
def own_folders(settings: Any, tmp_path: Path) -> None:
    settings.KEYS_DIR, settings.STAGING_DIR = tmp_path / "keys", tmp_path / "staging"
    settings.TEMPORARY_DIR = tmp_path / "temporary"
    settings.WORK_HEARTBEAT_SECONDS = 3600


def told_in_rows(words: str) -> bool:
    return any(words in str(row) for row in Upload.objects.values_list())


# --- metadata ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [zipped(exam_files(31)), b"no exam"])
def test_values_of_a_patient_leave_the_upload_when_it_is_settled(content: bytes) -> None:
    values = json.dumps({"stage": NAMED})
    upload = sent(question(), content, values=values, group_note=NAMED, centre="nord")
    assert told_in_rows(NAMED)
    work_all(("receive",))
    upload.refresh_from_db()
    assert upload.state in ("received", "refused") and not told_in_rows(NAMED)
    assert upload.metadata == {"centre": "nord"}


@pytest.mark.parametrize("how", ["expired", "left"])
def test_an_upload_that_is_not_finished_leaves_no_name_behind(how: str) -> None:
    upload = sent(question(), b"x", name=f"{NAMED}.zip", values=json.dumps({"stage": NAMED}))
    Upload.objects.update(state="receiving", stored_at=None, expires_at=timezone.now() - timedelta(seconds=1))
    sweep_uploads() if how == "expired" else end_uploads(str(upload.owner_id))
    upload.refresh_from_db()
    assert upload.state == "expired" and not told_in_rows(NAMED)


def test_metadata_is_an_allow_list() -> None:
    from uploads.creation import begin_upload
    from uploads.tus import format_metadata

    question_row = question()
    team = team_in(question_row, "Owls")
    values = {
        "question": f"{question_row.challenge.slug}/{question_row.slug}",
        "kind": "submission",
        "filename": "x.zip",
        "relativePath": NAMED,
        "patient": NAMED,
        "filetype": "application/zip",
        "phase": "final",
    }
    headers = {"tus-resumable": "1.0.0", "upload-length": "3", "upload-metadata": format_metadata(values)}
    upload = begin_upload(member_of(team), headers)
    assert upload.metadata == {key: values[key] for key in ("question", "kind", "phase")}
    assert set(upload.metadata) <= METADATA and not told_in_rows(NAMED)


# --- incomplete groups ------------------------------------------------------------------------------------------------


def grouped(of: Any, count: int, size: int) -> list[Upload]:
    return [sent(of, only_dicom(40), f"{NAMED}.dcm", group="g", group_size=str(size)) for _ in range(count)]


def test_a_group_that_is_never_completed_expires() -> None:
    uploads = grouped(question(), 1, 2)
    work_all(("receive",))
    assert sweep_uploads() == 0 and Upload.objects.get().state == "stored"
    Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert sweep_uploads() == 1
    assert Upload.objects.get().state == "expired" and not told_in_rows(NAMED)
    assert not staging.staging_path(uploads[0].pk).exists()


def test_a_complete_group_whose_receiving_failed_keeps_its_bytes() -> None:
    uploads = grouped(question(), 2, 2)
    Work.objects.update(state="failed", reason="disk full")
    Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert sweep_uploads() == 0
    assert all(staging.staging_path(upload.pk).exists() for upload in uploads)


# --- originals --------------------------------------------------------------------------------------------------------


def left_alone(exam: Exam, settings: Any) -> None:
    received = timezone.now() - timedelta(days=settings.UNDECIDED_DAYS, minutes=1)
    Exam.objects.filter(pk=exam.pk).update(received_at=received)


@pytest.mark.parametrize(("state", "after"), [("received", "refused"), ("review", "review")])
def test_the_original_of_an_undecided_exam_has_an_end(state: str, after: str, settings: Any) -> None:
    sent(question(), zipped(exam_files(33)))
    work_all(("receive",))
    exam = Exam.objects.get()
    Exam.objects.update(state=state, sent_folder=NAMED)
    Work.objects.filter(stage="deidentify").update(state="failed", reason="a defect")
    assert (sweep_undecided(), sweep_quarantine()) == (0, 0)
    left_alone(exam, settings)
    key = exam.quarantine_key
    assert sweep_undecided() == 1
    exam.refresh_from_db()
    assert (exam.state, exam.quarantine_key, exam.sent_folder) == (after, "", "")
    assert not store("quarantine").exists(key)
    if after == "refused":
        assert exam.reason == "not_processed" and progress_of(exam).filter(state="refused").exists()
        assert Work.objects.get(stage="deidentify").state == "cancelled"
    assert sweep_undecided() == 0


def test_bytes_that_were_never_received_have_an_end(settings: Any) -> None:
    upload = sent(question(), zipped(exam_files(34)), name=f"{NAMED}.zip")
    Work.objects.update(state="failed", reason="a defect")
    assert sweep_undecided() == 0
    Upload.objects.update(stored_at=timezone.now() - timedelta(days=settings.UNDECIDED_DAYS, minutes=1))
    assert sweep_undecided() == 1
    upload.refresh_from_db()
    assert (upload.state, upload.reason) == ("refused", "not_processed") and not told_in_rows(NAMED)
    assert not staging.staging_path(upload.pk).exists()


# --- files of processes that were killed ------------------------------------------------------------------------------

HOLD = """
import os, time, django
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.embedded")
django.setup()
from core.temporary import lease_folder
with lease_folder("receive") as folder:
    (folder / "MARTINOT.dcm").write_bytes(b"x")
    print(folder, flush=True)
    time.sleep(600)
"""


def test_a_killed_worker_leaves_no_temporary_file(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = environment(tmp_path, "sqlite:///unused", CONCOURS_TEMPORARY=str(settings.TEMPORARY_DIR))
    with subprocess.Popen([sys.executable, "-c", HOLD], env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        folder = Path(worker.stdout.readline().strip())
        assert (folder / "MARTINOT.dcm").exists() and folder.is_relative_to(settings.TEMPORARY_DIR)
        assert folder.parent.stat().st_mode & 0o077 == 0
        monkeypatch.setattr("core.temporary.YOUNG_SECONDS", -1.0)
        assert sweep_temporary() == 0 and folder.exists(), "its process lives"
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
    assert wait_until(sweep_temporary) == 1
    assert list(settings.TEMPORARY_DIR.iterdir()) == []


def test_a_new_process_removes_what_its_predecessor_left(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    left = settings.TEMPORARY_DIR / "77-dead"
    left.mkdir(parents=True)
    (left / "lock").touch()
    (left / "MARTINOT.dcm").write_bytes(b"x")
    monkeypatch.setattr("core.temporary.YOUNG_SECONDS", -1.0)
    with lease_folder("receive") as folder:
        assert not left.exists() and folder.is_dir()
        assert sweep_temporary() == 0 and folder.is_dir()
    assert not folder.exists()


def test_the_staging_disk_keeps_only_what_an_upload_needs(settings: Any) -> None:
    question_row = question()
    living = sent(question_row, b"x")
    over = sent(question_row, b"y")
    Upload.objects.filter(pk=over.pk).update(state="received")
    unknown = staging.staging_path("11111111-1111-4111-8111-111111111111")
    body = Path(settings.STAGING_DIR) / f"tmpabc{staging.CHUNK}"
    young = Path(settings.STAGING_DIR) / f"tmpdef{staging.CHUNK}"
    for path in (unknown, body, young):
        path.write_bytes(b"x")
    hours_ago = timezone.now().timestamp() - 7200
    for path in (staging.staging_path(living.pk), staging.staging_path(over.pk), unknown, body):
        os.utime(path, (hours_ago, hours_ago))
    assert sweep_staging(every=0) == 3
    assert set(Path(settings.STAGING_DIR).iterdir()) == {staging.staging_path(living.pk), young}
    assert sweep_staging() == 0


def test_an_empty_upload_begins_and_ends_like_any_other() -> None:
    question_row = question()
    upload = create_upload(owner=sent(question_row, b"x").owner, question=question_row, kind=Upload.Kind.EXAM, length=0)
    assert upload.state == "stored"
