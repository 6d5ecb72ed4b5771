"""The sweep of uploads: what nobody finished goes, what a dead process left complete is finished, parts go in time."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from core.models import Work
from tests.factories.people import person
from tests.factories.questions import question
from uploads import staging
from uploads.models import Upload
from uploads.store import create_upload, sweep_uploads

pytestmark = pytest.mark.django_db


@pytest.fixture
def begun(settings: Any, tmp_path: Any) -> Any:
    settings.STAGING_DIR, settings.KEYS_DIR = tmp_path / "staging", tmp_path / "keys"
    question_row, clara = question(), person("Clara")

    def begin(kind: str, content: bytes, length: int, **changes: Any) -> Upload:
        upload = create_upload(owner=clara, question=question_row, kind=kind, length=length)
        staging.append(staging.staging_path(upload.pk), 0, content)
        Upload.objects.filter(pk=upload.pk).update(created_at=timezone.now() - timedelta(minutes=1), **changes)
        return Upload.objects.get(pk=upload.pk)

    return begin


def test_what_nobody_finished_expires_with_its_bytes(begun: Any) -> None:
    upload = begun("exam", b"01234", 10, expires_at=timezone.now())
    assert sweep_uploads() == 1
    upload.refresh_from_db()
    assert upload.state == "expired"
    assert not staging.staging_path(upload.pk).exists()


def test_what_a_dead_process_left_complete_is_stored_at_the_moment_of_its_last_byte(begun: Any) -> None:
    upload = begun("exam", b"0123456789", 10)
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()
    os.utime(staging.staging_path(upload.pk), (moment, moment))
    assert sweep_uploads() == 1
    upload.refresh_from_db()
    assert (upload.state, upload.stored_at) == ("stored", datetime(2026, 3, 1, 12, tzinfo=UTC))
    assert Work.objects.filter(stage="receive", subject_id=str(upload.pk)).exists()
    assert sweep_uploads() == 0


def test_what_is_still_on_its_way_stays(begun: Any) -> None:
    upload = begun("exam", b"01234", 10)
    assert sweep_uploads() == 0
    assert staging.offset(staging.staging_path(upload.pk)) == 5


def test_parts_are_kept_until_they_expire(begun: Any) -> None:
    begun_result = begun("partial", b"01", 2, state="stored", stored_at=timezone.now())
    gone = begun("partial", b"01", 2, state="stored", stored_at=timezone.now(), expires_at=timezone.now())
    assert sweep_uploads() == 1
    assert staging.staging_path(begun_result.pk).exists()
    assert not staging.staging_path(gone.pk).exists()
