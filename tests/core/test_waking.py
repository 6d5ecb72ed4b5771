"""Waking workers through a broker: after the commit, bounded, and never in the way of the person who caused the work."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from core import tasks
from core.claims import Claim, claim_next
from core.models import Work
from core.sweep import sweep
from core.work import enqueue
from tests.core.conftest import perform_probe
from tests.core.test_environment import PRODUCTION
from tests.processes import environment, free_port, manage


@pytest.fixture
def sent(stage: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a broker would have been sent."""
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:6379/9"
    messages: list[str] = []
    stage("probe", perform_probe)
    monkeypatch.setattr(tasks, "send_wake_up", lambda _reads_truth: messages.append("wake up"))
    return messages


def finish(claim: Claim) -> None:
    with claim.finish():
        pass


def test_a_worker_is_woken_after_the_commit(any_database: str, sent: list[str]) -> None:
    with transaction.atomic():
        enqueue("probe", "1")
        assert sent == []
    assert sent == ["wake up"]


@pytest.mark.parametrize("waiting", [1, 30, 300])
def test_a_sweep_sends_the_same_few_messages_however_many_rows_wait(
    any_database: str, sent: list[str], settings: Any, waiting: int
) -> None:
    Work.objects.bulk_create(Work(stage="probe", subject_id=str(number)) for number in range(waiting))
    assert sweep()["woken"] == settings.WORKERS_WOKEN_PER_SWEEP == len(sent)


def test_a_sweep_wakes_nobody_when_nothing_is_due(any_database: str, sent: list[str]) -> None:
    enqueue("probe", "1", run_at=timezone.now() + timedelta(hours=1))
    assert (sweep()["woken"], sent) == (0, [])


def test_a_woken_worker_does_all_that_is_due_and_ends(any_database: str, stage: Any) -> None:
    stage("probe", finish)
    for number in range(5):
        enqueue("probe", str(number))
    later = enqueue("probe", "later", run_at=timezone.now() + timedelta(hours=1))
    tasks.do_due_work()
    assert list(Work.objects.exclude(state="done").values_list("pk", flat=True)) == [later.pk]


def test_a_worker_whose_slice_is_over_wakes_the_next(
    any_database: str, sent: list[str], stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage("probe", finish)
    for number in range(2):
        enqueue("probe", str(number))
    sent.clear()
    monkeypatch.setattr(tasks, "SLICE_SECONDS", 0.0)
    tasks.do_due_work()
    assert sent == ["wake up"]
    assert Work.objects.filter(state="waiting").count() == 2


def test_messages_expire_before_they_pile_up() -> None:
    assert tasks.EXPIRES_SECONDS <= 30


def test_work_of_a_deadline_passes_an_intake_that_waits(any_database: str, stage: Any) -> None:
    stage("intake", finish)
    stage("deadline", finish, head_start_minutes=60)
    for number in range(20):
        enqueue("intake", str(number))
    enqueue("deadline", "1")
    first = claim_next()
    assert first is not None and first.stage == "deadline"


def test_an_exam_that_waited_longer_than_the_head_start_is_first(any_database: str, stage: Any) -> None:
    stage("intake", finish)
    stage("deadline", finish, head_start_minutes=60)
    enqueue("intake", "old", run_at=timezone.now() - timedelta(minutes=61))
    enqueue("deadline", "1")
    first = claim_next()
    assert first is not None and first.subject_id == "old"


@pytest.mark.postgres
def test_the_queue_is_read_in_order_from_an_index_however_long_it_is(postgres_database: str, stage: Any) -> None:
    """A plan that sorts or scans all waiting rows would make each claim slower as a backlog grows."""
    stage("probe", finish)
    now = timezone.now()
    Work.objects.bulk_create(
        (Work(stage="probe", subject_id=str(n), run_at=now, place_at=now) for n in range(5000)), batch_size=1000
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE core_work")
    claims = Work.objects.filter(state="waiting", run_at__lte=now, stage__in=["probe"]).order_by("place_at", "id")[:8]
    assert "waiting_work_in_order" in claims.explain()
    claimed = [claim_next() for _ in range(3)]
    assert [claim.subject_id for claim in claimed if claim] == ["0", "1", "2"]


@pytest.mark.postgres
def test_a_broker_that_is_away_fails_nobody_and_keeps_nobody_waiting(postgres_database: str, tmp_path: Path) -> None:
    code = (
        "import time; from core.models import Work; from core.work import enqueue; b = time.monotonic();"
        "enqueue('receive', '1'); enqueue('receive', '2');"
        "print(round(time.monotonic() - b, 1), set(Work.objects.values_list('state', flat=True)))"
    )
    nobody = f"redis://127.0.0.1:{free_port()}/0"
    env = {**environment(tmp_path, postgres_database), **PRODUCTION, "CONCOURS_REDIS": nobody}
    seconds, states = manage(env, "shell", "--no-imports", "-c", code).split()
    assert states == "{'waiting'}"
    assert float(seconds) < 13  # with the broker's own retries it is 13 s on an idle machine
