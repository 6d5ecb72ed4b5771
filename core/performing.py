"""Performs work and settles how it ended. The embedded worker and Celery's tasks both call `perform`; the row is the truth.

A stage is a name and a function. The function computes with no transaction open and then writes all it changes inside
`claim.finish()`, which succeeds only for the holder of the row's newest token:

    def deidentify_exam(claim: Claim) -> None:
        exam = Exam.objects.get(pk=claim.subject_id)
        report = compute(exam)                      # may take minutes; may be killed; may run twice
        with claim.finish():                        # one short transaction, or LostLeaseError
            exam.move(...)
            enqueue("check_quality", exam)

A function that raises is tried again, `WORK_ATTEMPTS` times in all; then the row is failed with a reason and the stage's
`on_failed` tells the subject. An outage of the platform (`core.outages`) uses up none of these tries: the work is tried again for
hours, `WORK_OUTAGES` times in all. A row keeps words for the organiser (`faults`), and for the log the error's class and place.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import Error, close_old_connections, connection, transaction
from django.db.models import F
from django.utils.module_loading import import_string

from concours.formats.fault import render
from core.claims import Claim, LostLeaseError, claim_row
from core.clock import database_now
from core.errors import LostRaceError
from core.failures import describe, is_final, words_of
from core.models import Work
from core.operation.log_context import working_on
from core.outages import is_outage
from core.registry import call_hook, stages
from core.work import place_of

logger = logging.getLogger(__name__)

MOST_RACES = 3  # times that a stage starts over at once because somebody else changed its subject
BACKOFF_SECONDS = 2
LONGEST_PAUSE_SECONDS = 300
TOLD_AFTER = 3  # outages of one piece of work: those that end within seconds concern nobody
RECORD_PAUSE_SECONDS = 0.5  # between two tries to write how work ended


def perform(work_id: int) -> bool:
    """Claims one row and does its work; False where there was nothing to do. What Celery's tasks call."""
    claim = claim_row(work_id)
    if claim is None:
        return False
    carry_out(claim)
    return True


def carry_out(claim: Claim) -> None:
    """Runs the stage's function and settles what it leaves."""
    with working_on(claim.work_id, claim.stage):
        began = time.monotonic()
        outcome = _settle(claim)
        measures = {"outcome": outcome, "cpu_ms": round(claim.cpu_seconds() * 1000)}
        duration = round((time.monotonic() - began) * 1000, 1)
        level = logging.INFO if settings.LOG_FORMAT == "json" else logging.DEBUG
        logger.log(level, "task ended", extra={**measures, "duration_ms": duration})


def _settle(claim: Claim) -> str:
    """How it ended: done, lost to another worker, or failed."""
    function = import_string(stages()[claim.stage].perform)
    try:
        with _heartbeat(claim):
            _run(function, claim)
        return "done"
    except LostLeaseError:
        logger.info("work %s (%s) went to another worker", claim.work_id, claim.stage)
        return "lost"
    except Exception as error:
        if connection.in_atomic_block:
            raise
        logger.warning("work %s (%s) ended with %s", claim.work_id, claim.stage, describe(error))
        _record_error(claim, error)
        return "failed"


def _run(function: Callable[[Claim], None], claim: Claim) -> None:
    """Another process may change the subject, or erase its files, while the stage computes: it reads them again."""
    for _ in range(MOST_RACES - 1):
        try:
            return function(claim)
        except (LostRaceError, FileNotFoundError):
            logger.info("work %s (%s) starts over: its subject was changed meanwhile", claim.work_id, claim.stage)
    return function(claim)


@contextmanager
def _heartbeat(claim: Claim) -> Iterator[None]:
    """A thread of the worker beats while the work is computed, so that long work keeps its lease and a dead worker loses it."""
    over = threading.Event()

    def beat() -> None:
        try:
            while not over.wait(settings.WORK_HEARTBEAT_SECONDS):
                try:
                    if not claim.beat():
                        return
                except Error:  # the lease is longer than several beats: the next one may still be in time
                    logger.warning("no heartbeat for work %s: the database does not answer", claim.work_id)
                    connection.close()
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name=f"heartbeat {claim.work_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _record_error(claim: Claim, error: Exception) -> None:
    """Writes how the work ended. While the database is away it is asked again, until the lease is over and others take over."""
    until = time.monotonic() + settings.WORK_LEASE_SECONDS
    words, outage = words_of(error, claim.work_id), is_outage(error)
    while True:
        close_old_connections()
        try:
            return fail(claim, describe(error), words, final=is_final(error), outage=outage)
        except Error as away:
            if not is_outage(away) or time.monotonic() > until:
                raise
        time.sleep(RECORD_PAUSE_SECONDS)


def fail(
    claim: Claim,
    reason: str,
    faults: Sequence[Mapping[str, Any]] = (),
    *,
    final: bool = False,
    outage: bool = False,
) -> None:
    """Offers the work again after a pause, or fails it for a person to look at: when its tries are used up, or at once where
    another try would end in the same way (`final`). `reason` is for the log, `faults` are words for the organiser.
    """
    with transaction.atomic():
        row = Work.objects.filter(pk=claim.work_id, token=claim.token, state=Work.State.RUNNING).first()
        if row is None:
            return
        attempts, outages = row.attempts + (not outage), row.outages + outage
        final = final or attempts >= settings.WORK_ATTEMPTS or outages >= settings.WORK_OUTAGES
        pause = min(BACKOFF_SECONDS ** (outages if outage else attempts), LONGEST_PAUSE_SECONDS)
        again = database_now() + timedelta(seconds=0 if final else pause)
        Work.objects.filter(pk=row.pk, token=claim.token).update(
            state=Work.State.FAILED if final else Work.State.WAITING,
            attempts=attempts,
            outages=outages,
            reason=reason,
            faults=list(faults),
            lease_until=None,
            run_at=again,
            place_at=place_of(row.stage, again),
            finished_at=database_now() if final else None,
            cpu_seconds=F("cpu_seconds") + claim.cpu_seconds(),
        )
        if final:
            tell_failed(claim.stage, claim.subject_id, reason, row.challenge_id)
        elif outage and outages == TOLD_AFTER:
            call_hook("work_delayed", claim.stage, row.challenge_id)


def failed_because(stage: str, subject_id: str) -> str:
    """The first reason of failed work in English, for the audit trail."""
    faults = Work.objects.filter(stage=stage, subject_id=subject_id).values_list("faults", flat=True).first()
    return render(faults[0]["template"], faults[0]["values"]) if faults else ""


def tell_failed(stage: str, subject_id: str, reason: str, challenge_id: int | None) -> None:
    if stages()[stage].on_failed:
        import_string(stages()[stage].on_failed)(subject_id, reason)
    call_hook("work_failed", stage, subject_id, challenge_id)
