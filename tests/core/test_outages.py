"""An outage of the database, a store, the disk or the broker delays work and never fails it before hours have passed."""

from __future__ import annotations

import errno
import gzip
import smtplib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import botocore.exceptions
import kombu.exceptions
import pytest
import redis.exceptions
from django.conf import settings as site
from django.core.management import call_command
from django.db import DataError, IntegrityError, InterfaceError, InternalError, OperationalError
from django.utils import timezone

from concours.formats.child import ChildDiskFullError, ChildFailedError, ChildLostError
from concours.formats.fault import Fault, FormatError
from core import performing, tasks
from core.claims import Claim, claim_next
from core.failures import DISK_FULL, NO_DATABASE, NO_STORE, words_of
from core.models import Notice, User, Work
from core.outages import is_outage
from core.performing import LONGEST_PAUSE_SECONDS, TOLD_AFTER, perform
from core.scanner import ScannerFailedError
from core.work import enqueue
from tests.factories.questions import challenge


def store_error(status: int) -> Exception:
    answer: Any = {"Error": {"Code": str(status)}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return botocore.exceptions.ClientError(answer, "PutObject")


OUTAGES = [
    OperationalError("gone"),
    InterfaceError("the connection is closed"),
    InternalError("cannot execute UPDATE in a read-only transaction"),
    store_error(500),
    store_error(503),
    store_error(403),
    botocore.exceptions.EndpointConnectionError(endpoint_url="http://s3"),
    botocore.exceptions.ReadTimeoutError(endpoint_url="http://s3"),
    OSError(errno.ENOSPC, "full"),
    OSError(errno.EROFS, "read-only"),
    OSError(errno.EIO, "broken"),
    ConnectionRefusedError(errno.ECONNREFUSED, "no"),
    ConnectionError("the broker cannot be reached"),
    TimeoutError(),
    MemoryError(),
    ChildLostError("killed"),
    ChildDiskFullError("full"),
    ScannerFailedError("no verdict"),
    redis.exceptions.ConnectionError("gone"),
    redis.exceptions.ResponseError("MISCONF"),
    kombu.exceptions.OperationalError("gone"),
    smtplib.SMTPServerDisconnected("gone"),
    smtplib.SMTPRecipientsRefused({"a@example.org": (451, b"later")}),
]
OTHERS = [
    ValueError("defect"),
    IntegrityError("twice"),
    DataError("too long"),
    store_error(404),
    FileNotFoundError(errno.ENOENT, "gone"),
    NotADirectoryError(errno.ENOTDIR, "file"),
    gzip.BadGzipFile("not a gzip"),
    ChildFailedError("defect", "ValueError"),
    FormatError([Fault("unreadable_file", "file", "no")]),
    smtplib.SMTPRecipientsRefused({"a@example.org": (550, b"unknown")}),
]


@pytest.mark.parametrize("error", OUTAGES, ids=lambda error: f"{type(error).__name__} {error}"[:50])
def test_faults_of_the_platform_are_outages(error: Exception) -> None:
    assert is_outage(error)


@pytest.mark.parametrize("error", OTHERS, ids=lambda error: f"{type(error).__name__} {error}"[:50])
def test_faults_of_the_input_and_defects_are_not(error: Exception) -> None:
    assert not is_outage(error)


def test_the_organiser_reads_which_part_failed() -> None:
    expected = {NO_STORE: store_error(500), NO_DATABASE: InterfaceError("x"), DISK_FULL: ChildDiskFullError("x")}
    for template, error in expected.items():
        assert [line["template"] for line in words_of(error, 1)] == [template]


class Flaky:
    """A stage that fails the first `times` times."""

    def __init__(self, error: Exception, times: int) -> None:
        self.error, self.left, self.done = error, times, 0

    def __call__(self, claim: Claim) -> None:
        if self.left:
            self.left -= 1
            raise self.error
        with claim.finish():
            self.done += 1


def try_again(row: Work) -> None:
    """Another try, as if its pause had passed."""
    Work.objects.filter(pk=row.pk).update(run_at=timezone.now() - timedelta(seconds=1))
    assert perform(row.pk)
    row.refresh_from_db()


def test_an_outage_of_an_hour_uses_up_no_try(any_database: str, stage: Any) -> None:
    flaky = Flaky(store_error(500), times=18)
    stage("probe", flaky)
    row, waited = enqueue("probe", "1"), 0.0
    for number in range(1, 19):
        began = timezone.now()
        try_again(row)
        assert (row.state, row.attempts, row.outages) == ("waiting", 0, number)
        pause = (row.run_at - began).total_seconds()
        assert 0 < pause <= LONGEST_PAUSE_SECONDS + 5
        waited += pause
    assert waited > 3600 - 600
    try_again(row)
    assert (row.state, row.reason, flaky.done) == ("done", "", 1)


@pytest.mark.parametrize("any_database", ["sqlite"], indirect=True)
def test_an_outage_without_end_fails_the_work_after_hours(any_database: str, stage: Any, settings: Any) -> None:
    stage("probe", Flaky(OSError(errno.ENOSPC, "full"), times=99))
    row = enqueue("probe", "1")
    for _ in range(settings.WORK_OUTAGES):
        try_again(row)
    assert (row.state, row.attempts, row.faults[0]["template"]) == ("failed", 0, DISK_FULL)
    enqueue("probe", "1")
    row.refresh_from_db()
    assert (row.state, row.outages) == ("waiting", 0)


@pytest.mark.parametrize("any_database", ["sqlite"], indirect=True)
def test_a_defect_between_outages_uses_up_its_own_tries(any_database: str, stage: Any) -> None:
    flaky = Flaky(OperationalError("gone"), times=4)
    stage("probe", flaky)
    row = enqueue("probe", "1")
    for _ in range(4):
        try_again(row)
    flaky.error, flaky.left = ValueError("defect"), site.WORK_ATTEMPTS
    for _ in range(site.WORK_ATTEMPTS):
        try_again(row)
    assert (row.state, row.attempts, row.outages) == ("failed", site.WORK_ATTEMPTS, 4)


@pytest.mark.parametrize("any_database", ["sqlite"], indirect=True)
def test_organisers_are_told_once_after_the_third_outage(any_database: str, stage: Any) -> None:
    flaky = Flaky(OSError(errno.ENOSPC, "full"), times=99)
    stage("receive", flaky)
    olivia = User.objects.create_user("olivia@example.org", None)
    cup = challenge(organiser=olivia)
    rows = [enqueue("receive", str(number), challenge_id=cup.pk) for number in range(3)]
    for number in range(1, TOLD_AFTER + 3):
        for row in rows:
            try_again(row)
        assert Notice.objects.filter(user=olivia, kind="work_delayed").count() == (number >= TOLD_AFTER)
    assert not Notice.objects.filter(kind="work_failed").exists()


def test_a_database_that_is_away_at_the_end_of_a_try_is_asked_again(
    any_database: str, stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stage failed because the database went away; at first its outcome cannot be written either."""
    stage("probe", Flaky(OperationalError("gone"), times=1))
    monkeypatch.setattr(performing, "RECORD_PAUSE_SECONDS", 0.01)
    write, refused = performing.fail, [OperationalError("gone"), InterfaceError("the connection is closed")]

    def fail(*arguments: Any, **options: Any) -> None:
        if refused:
            raise refused.pop()
        write(*arguments, **options)

    monkeypatch.setattr(performing, "fail", fail)
    row = enqueue("probe", "1")
    assert perform(row.pk)
    row.refresh_from_db()
    assert (row.state, row.outages, row.losses) == ("waiting", 1, 0)


def breaking(errors: list[Exception], then: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any, **options: Any) -> Any:
        if errors:
            raise errors.pop()
        return then(*arguments, **options)

    return call


@pytest.mark.parametrize("any_database", ["sqlite"], indirect=True)
def test_the_embedded_worker_outlives_every_outage_of_its_queue(
    any_database: str, stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage("probe", Flaky(OperationalError("gone"), times=0))
    monkeypatch.setattr("core.management.commands.work.time.sleep", lambda _seconds: None)
    claim = breaking([InterfaceError("closed"), InternalError("read-only")], claim_next)
    monkeypatch.setattr("core.management.commands.work.claim_next", claim)
    turn = breaking([OSError(errno.ENOSPC, "full")], lambda _every: True)
    monkeypatch.setattr("core.management.commands.work.sweep_in_turn", turn)
    row = enqueue("probe", "1")
    call_command("work", until_idle=True)
    row.refresh_from_db()
    assert row.state == "done"


def test_a_defect_stops_the_embedded_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.management.commands.work.sweep_in_turn", breaking([ValueError("defect")], int))
    with pytest.raises(ValueError, match="defect"):
        call_command("work", until_idle=True)


@pytest.mark.django_db
def test_the_sweeper_outlives_every_outage(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for error in (InterfaceError("closed"), InternalError("read-only"), OSError(errno.ENOSPC, "full")):
        monkeypatch.setattr("core.management.commands.sweep.sweep", breaking([error], dict))
        call_command("sweep", once=True)
        assert type(error).__name__ in capsys.readouterr().err


def test_a_woken_worker_leaves_an_outage_to_the_next_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "claim_next", breaking([InterfaceError("closed")], lambda: None))
    tasks.do_due_work()


def test_redis_that_refuses_to_write_is_a_broker_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_options: Any) -> None:
        raise redis.exceptions.ResponseError(
            "MISCONF Redis is configured to save RDB snapshots, but it's unable to persist"
        )

    monkeypatch.setattr(tasks.do_due_work, "apply_async", refuse)
    with pytest.raises(ConnectionError):
        tasks.send_wake_up(reads_truth=False)
