"""The queue of rows: claimed once, fenced by tokens, tried again, failed with a reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, transaction
from django.utils import timezone

from core import claims, performing
from core.claims import Claim, LostLeaseError, claim_next, claim_row
from core.failures import DEFECT
from core.models import Progress, Work
from core.performing import carry_out, perform
from core.sweep import sweep
from core.work import cancel, enqueue, retry

failures: list[tuple[str, str]] = []


def remember_failure(subject_id: str, reason: str) -> None:
    failures.append((subject_id, reason))


def finish(claim: Claim) -> None:
    with claim.finish():
        Progress.objects.create(subject_kind="probe", subject_id=claim.subject_id, stage=claim.stage, state="done")


def break_down(claim: Claim) -> None:
    raise ZeroDivisionError(f"patient DUPONT of {claim.subject_id}")


def expire_lease(row: Work) -> None:
    Work.objects.filter(pk=row.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


@pytest.fixture(autouse=True)
def _no_failures() -> None:
    failures.clear()


def test_asking_twice_is_asking_once(any_database: str, stage: Any) -> None:
    stage("probe", finish)
    first, second = enqueue("probe", "7"), enqueue("probe", "7")
    assert first.pk == second.pk
    assert perform(first.pk) is True
    assert perform(first.pk) is False
    assert Progress.objects.filter(subject_kind="probe").count() == 1


def test_an_unknown_stage_is_refused(any_database: str) -> None:
    with pytest.raises(KeyError, match="no stage is called 'nonsense'"):
        enqueue("nonsense", "1")


def test_work_that_is_not_due_waits(any_database: str, stage: Any) -> None:
    stage("probe", finish)
    row = enqueue("probe", "1", run_at=timezone.now() + timedelta(hours=1))
    assert claim_next(("probe",)) is None
    assert claim_row(row.pk) is None


def test_the_one_that_has_been_due_longest_comes_first(any_database: str, stage: Any) -> None:
    stage("probe", finish)
    for number, minutes in enumerate((1, 9, 5)):
        enqueue("probe", str(number), run_at=timezone.now() - timedelta(minutes=minutes))
    order = [claim.subject_id for claim in iter(lambda: claim_next(("probe",)), None)]
    assert order == ["1", "2", "0"]


def test_a_row_is_held_by_one_worker_at_a_time(any_database: str, stage: Any) -> None:
    stage("probe", finish)
    row = enqueue("probe", "1")
    assert claim_row(row.pk) is not None
    assert claim_row(row.pk) is None


def test_a_worker_that_lost_its_lease_writes_nothing(any_database: str, stage: Any) -> None:
    stage("probe", finish)
    row = enqueue("probe", "1")
    slow = claim_row(row.pk)
    assert slow is not None
    expire_lease(row)
    quick = claim_row(row.pk)
    assert quick is not None
    assert quick.token == slow.token + 1
    with pytest.raises(LostLeaseError), slow.finish():
        Progress.objects.create(subject_kind="probe", subject_id="slow", stage="probe", state="done")
    assert slow.beat() is False
    finish(quick)
    assert list(Progress.objects.filter(subject_kind="probe").values_list("subject_id", flat=True)) == ["1"]
    row.refresh_from_db()
    assert (row.state, row.losses, row.attempts) == ("done", 1, 0)


def test_what_fails_inside_finish_leaves_the_row_and_the_changes_as_they_were(any_database: str, stage: Any) -> None:
    stage("probe", finish)
    row = enqueue("probe", "1")
    claim = claim_row(row.pk)
    assert claim is not None
    with pytest.raises(ZeroDivisionError), claim.finish():
        Progress.objects.create(subject_kind="probe", subject_id="1", stage="probe", state="done")
        raise ZeroDivisionError
    assert not Progress.objects.exists()
    row.refresh_from_db()
    assert row.state == "running"


def test_three_errors_fail_the_work_with_a_reason_that_quotes_nobody(
    any_database: str, stage: Any, settings: Any
) -> None:
    stage("probe", break_down, on_failed="tests.core.test_queue.remember_failure")
    row = enqueue("probe", "9")
    for attempt in (1, 2):
        perform(row.pk)
        row.refresh_from_db()
        assert (row.state, row.attempts) == ("waiting", attempt)
        assert row.run_at > timezone.now() + timedelta(seconds=2**attempt - 1)
        Work.objects.filter(pk=row.pk).update(run_at=timezone.now())
    perform(row.pk)
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("failed", 3)
    assert row.reason.startswith("ZeroDivisionError at core/test_queue.py:")
    assert "DUPONT" not in row.reason
    assert [fault["template"] for fault in row.faults] == [DEFECT] and row.faults[0]["values"] == {"work": row.pk}
    assert failures == [("9", row.reason)]
    assert retry(row.pk) is True
    row.refresh_from_db()
    assert (row.state, row.attempts, row.reason) == ("waiting", 0, "")


def test_work_whose_worker_dies_each_time_is_failed_in_the_end(any_database: str, stage: Any) -> None:
    stage("probe", finish, on_failed="tests.core.test_queue.remember_failure")
    row = enqueue("probe", "1")
    for _ in range(claims.MOST_LOSSES + 1):
        assert claim_row(row.pk) is not None
        expire_lease(row)
    assert claim_row(row.pk) is None
    assert sweep()["failed"] == 1
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("failed", 0)
    assert failures == [("1", "worker lost")]


def test_work_asked_for_while_it_runs_is_done_again(any_database: str, stage: Any) -> None:
    stage("probe", finish)
    row = enqueue("probe", "1")
    stale = claim_row(row.pk)
    assert stale is not None
    enqueue("probe", "1")
    with pytest.raises(LostLeaseError), stale.finish():
        pass
    assert perform(row.pk) is True


def test_work_that_is_done_can_be_asked_for_again(any_database: str, stage: Any) -> None:
    stage("probe", finish)
    row = enqueue("probe", "1")
    perform(row.pk)
    enqueue("probe", "1")
    assert perform(row.pk) is True


def test_cancelled_work_is_not_done_and_its_worker_cannot_finish(any_database: str, stage: Any) -> None:
    stage("probe", finish)
    row = enqueue("probe", "1")
    claim = claim_row(row.pk)
    assert claim is not None
    cancel("probe", "1")
    with pytest.raises(LostLeaseError), claim.finish():
        pass
    assert claim_row(row.pk) is None


def test_nothing_is_asked_for_when_the_transaction_that_asks_fails(any_database: str, stage: Any) -> None:
    stage("probe", finish)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        enqueue("probe", "1")
        raise ZeroDivisionError
    assert not Work.objects.exists()


def test_a_beat_survives_a_database_that_does_not_answer(
    any_database: str, stage: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WORK_HEARTBEAT_SECONDS = 0.02
    beats: list[str] = []

    def beat(claim: Claim) -> bool:
        beats.append("beat")
        if len(beats) == 1:
            raise OperationalError("gone for a moment")
        return True

    def wait_for_beats(claim: Claim) -> None:
        deadline = timezone.now() + timedelta(seconds=10)
        while len(beats) < 3 and timezone.now() < deadline:
            performing.time.sleep(0.01)
        finish(claim)

    monkeypatch.setattr(Claim, "beat", beat)
    stage("probe", wait_for_beats)
    perform(enqueue("probe", "1").pk)
    assert len(beats) >= 3


def test_the_cpu_time_of_work_is_kept(any_database: str, stage: Any) -> None:
    def burn(claim: Claim) -> None:
        sum(range(2_000_000))
        finish(claim)

    stage("probe", burn)
    row = enqueue("probe", "1")
    claim = claim_row(row.pk)
    assert claim is not None
    carry_out(claim)
    row.refresh_from_db()
    assert 0 < row.cpu_seconds < 30


def test_one_broken_sweeper_does_not_stop_the_others(
    any_database: str, stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [f"tests.core.test_queue.{name}_sweeper" for name in ("broken", "whole")]
    monkeypatch.setattr("core.sweep.hooks", lambda: {"sweep": paths})
    assert sweep()[paths[1]] == 3


def broken_sweeper() -> int:
    raise ZeroDivisionError


def whole_sweeper() -> int:
    return 3
