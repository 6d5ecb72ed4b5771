"""What somebody who waits is told: the number of tasks ahead and an expected time from the recent rate."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from core.claims import claim_next
from core.models import User, Work
from core.queue_position import MOST_COUNTED, queue_position
from core.work import enqueue
from tests.core.test_waking import finish


@pytest.fixture
def subject(any_database: str, stage: Any) -> User:
    stage("probe", finish)
    stage("other", finish)
    return User.objects.create(email="waits@example.org")


def finished(count: int) -> None:
    now = timezone.now()
    Work.objects.bulk_create(
        Work(stage="other", subject_id=f"done-{n}", state="done", finished_at=now) for n in range(count)
    )


def test_nothing_waits_nothing_is_said(subject: User) -> None:
    assert queue_position(subject, ("probe",)) is None


def test_the_tasks_ahead_are_counted_and_the_time_comes_from_the_last_minutes(subject: User) -> None:
    for number in range(9):
        enqueue("other", str(number), run_at=timezone.now() - timedelta(minutes=1))
    enqueue("other", "tomorrow", run_at=timezone.now() + timedelta(days=1))
    enqueue("probe", subject)
    finished(100)
    position = queue_position(subject, ("probe",))
    assert position is not None
    assert (position.ahead, position.is_capped, position.expected_seconds) == (9, False, 30)  # 10 at 20 a minute


def test_without_recent_work_no_time_is_promised(subject: User) -> None:
    enqueue("probe", subject)
    position = queue_position(subject, ("probe",))
    assert position is not None and position.expected_seconds is None


def test_what_runs_has_nothing_ahead(subject: User) -> None:
    enqueue("probe", subject)
    assert claim_next() is not None
    position = queue_position(subject, ("probe",))
    assert position is not None and position.ahead == 0


def test_a_very_long_queue_is_not_counted_to_its_end(subject: User) -> None:
    now = timezone.now() - timedelta(minutes=1)
    Work.objects.bulk_create(
        Work(stage="other", subject_id=str(n), run_at=now, place_at=now) for n in range(MOST_COUNTED + 5)
    )
    enqueue("probe", subject)
    position = queue_position(subject, ("probe",))
    assert position is not None and position.is_capped
