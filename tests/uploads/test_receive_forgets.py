"""File names may name a patient: they stay in the rows for as long as a centre needs them, then they go."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from anonymization.retention import NAMES_DAYS, sweep_quarantine
from core.models import Progress
from tests.concours.formats.builders import zipped
from tests.factories.exams import work_all
from tests.factories.questions import question
from tests.uploads.test_receive import exam_files, sent
from uploads.models import Exam, Upload

pytestmark = pytest.mark.django_db
NAMED = "MARTINOT Zoe"


@pytest.fixture(autouse=True)
def own_folders(settings: Any, tmp_path: Path) -> None:
    settings.KEYS_DIR, settings.STAGING_DIR = tmp_path / "keys", tmp_path / "staging"
    settings.WORK_HEARTBEAT_SECONDS = 3600


def rows_that_tell(name: str) -> list[str]:
    rows = [json.dumps(list(map(str, model.objects.values_list()))) for model in (Upload, Exam, Progress)]
    return [row for row in rows if name in row]


def a_month_later() -> None:
    Upload.objects.update(expires_at=timezone.now() - timedelta(days=NAMES_DAYS, minutes=1))


def test_names_of_a_refused_upload_go_with_time() -> None:
    upload = sent(question(), zipped({f"{NAMED}/a.txt": b"1"}), name=f"{NAMED}.zip")
    work_all()
    assert Upload.objects.get().state == "refused" and rows_that_tell(NAMED)
    assert sweep_quarantine() == 0, "the centre can still read what was wrong"
    a_month_later()
    assert sweep_quarantine() == 1
    assert not rows_that_tell(NAMED)
    upload.refresh_from_db()
    assert [fault["reason"] for fault in upload.faults] == ["not_dicom"], "what was wrong stays, without the name"
    assert sweep_quarantine() == 0


def test_a_centre_reads_for_a_month_which_of_its_uploads_was_refused() -> None:
    question_row = question()
    for seed, name in ((71, "kept.zip"), (72, f"{NAMED}.zip")):
        sent(question_row, zipped(exam_files(seed)), name=name)
    work_all(("receive", "deidentify", "check_quality"))
    Exam.objects.filter(upload__source_name=f"{NAMED}.zip").update(state="refused", reason="criterion_not_met")
    sweep_quarantine()
    assert not Exam.objects.exclude(quarantine_key="").exists()
    assert sorted(Upload.objects.values_list("source_name", flat=True)) == ["", f"{NAMED}.zip"]
    a_month_later()
    sweep_quarantine()
    assert not rows_that_tell(NAMED)


def test_names_of_a_received_upload_go_too() -> None:
    files = {f"{NAMED}/{name}": content for name, content in exam_files(71).items()} | {f"{NAMED}/a.txt": b"1"}
    sent(question(), zipped(files), name=f"{NAMED}.zip")
    work_all(("receive", "deidentify", "check_quality"))
    assert Exam.objects.get().state == "accepted" and rows_that_tell(NAMED)
    sweep_quarantine()
    assert rows_that_tell(NAMED), "the centre can still read what was wrong"
    a_month_later()
    sweep_quarantine()
    assert not rows_that_tell(NAMED)
    assert Exam.objects.get().quarantine_key == ""
