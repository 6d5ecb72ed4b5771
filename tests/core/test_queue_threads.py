"""Many at once, on both databases: no submission fails, no work is done twice, no request is lost."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from core.audit import broken_links, chain_records, record
from core.claims import Claim, claim_next, claim_row
from core.models import AuditRecord, Progress, Work
from core.performing import carry_out, perform
from core.work import enqueue

THREADS, EACH = 8, 50


def together(count: int, function: Callable[[int], None]) -> list[BaseException]:
    """Runs `function(number)` in `count` threads that start at one moment; what they raised."""
    gate, errors = threading.Barrier(count), []

    def run(number: int) -> None:
        try:
            gate.wait(30)
            function(number)
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def finish(claim: Claim) -> None:
    with claim.finish():
        Progress.objects.create(subject_kind="probe", subject_id=claim.subject_id, stage=claim.stage, state="done")


def test_four_hundred_submissions_from_eight_clients_lose_nothing(any_database: str, stage: Any) -> None:
    stage("probe", finish)

    def submit(client: int) -> None:
        for number in range(EACH):
            with transaction.atomic():
                seen = Work.objects.filter(stage="probe").count()  # a read before the write: what DEFERRED fails on
                row = enqueue("probe", f"{client}-{number}")
                record(verb="submitted", subject=row, detail={"seen": seen})

    assert together(THREADS, submit) == []
    assert Work.objects.filter(stage="probe").count() == THREADS * EACH
    assert AuditRecord.objects.filter(verb="submitted").count() == THREADS * EACH


def test_workers_share_the_queue_and_do_everything_once(any_database: str, stage: Any) -> None:
    stage("probe", finish)
    for number in range(60):
        enqueue("probe", str(number))

    def work(_number: int) -> None:
        while (claim := claim_next(("probe",))) is not None:
            carry_out(claim)

    assert together(4, work) == []
    done = Counter(Progress.objects.filter(subject_kind="probe").values_list("subject_id", flat=True))
    assert done == Counter(str(number) for number in range(60))
    assert not Work.objects.exclude(state="done").exists()


def test_one_row_goes_to_one_of_many_claimants(any_database: str, stage: Any) -> None:
    stage("probe", finish)
    rows = [enqueue("probe", str(number)) for number in range(5)]
    won: list[str] = []

    def claim(_number: int) -> None:
        for row in rows:
            if (held := claim_row(row.pk)) is not None:
                won.append(held.subject_id)

    assert together(6, claim) == []
    assert sorted(won) == ["0", "1", "2", "3", "4"]


@pytest.mark.postgres
def test_work_asked_for_while_its_worker_is_just_finishing_is_done_again(postgres_database: str, stage: Any) -> None:
    stage("probe", finish)
    row = enqueue("probe", "1")
    claim = claim_row(row.pk)
    assert claim is not None
    finishing, address = threading.Event(), threading.Event()

    def both(number: int) -> None:
        if number == 0:
            with claim.finish():
                finishing.set()
                address.wait(1)  # the other one now waits for this row's lock, or has looked at a row that is running
        else:
            finishing.wait(10)
            enqueue("probe", "1")
            address.set()

    assert together(2, both) == []
    assert perform(row.pk) is True


def test_two_sweepers_chain_one_trail(any_database: str, stage: Any) -> None:
    stage("probe", finish)
    subject = enqueue("probe", "1")
    for number in range(120):
        record(verb="noted", subject=subject, detail={"number": number})

    def chain(_number: int) -> None:
        while chain_records(limit=7):
            pass

    assert together(3, chain) == []
    assert list(broken_links()) == []
    assert AuditRecord.objects.filter(sequence__isnull=True).count() == 0
    assert AuditRecord.objects.get(sequence=120).chain
