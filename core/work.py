"""Claims, performs and finishes work. The embedded worker and Celery's tasks both call `perform`; the row is the truth.

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
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import Error, close_old_connections, connection, models, transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils.module_loading import import_string

from concours.formats.child import spent
from concours.formats.fault import render
from core.clock import database_now
from core.errors import LostRaceError
from core.failures import describe, is_final, words_of
from core.models import Work
from core.operation.log_context import working_on
from core.outages import is_outage
from core.registry import call_hook, stages, stages_here
from core.wake import wake_workers

logger = logging.getLogger(__name__)

MOST_LOSSES = 10
CANDIDATES = 8  # rows looked at in one claim: other workers may take the first ones in between
MOST_RACES = 3  # times that a stage starts over at once because somebody else changed its subject
BACKOFF_SECONDS = 2
LONGEST_PAUSE_SECONDS = 300
TOLD_AFTER = 3  # outages of one piece of work: those that end within seconds concern nobody
RECORD_PAUSE_SECONDS = 0.5  # between two tries to write how work ended


class LostLeaseError(Exception):
    """Another worker holds a newer token: what this one computed must not be written."""


def enqueue(
    stage: str,
    subject: models.Model | str,
    *,
    run_at: datetime | None = None,
    challenge_id: int | None = None,
) -> Work:
    """The row that asks for `stage` on `subject`, in the caller's transaction; asking twice is asking once.

    Work that is done or failed is offered again from the start: a person asked for it.
    """
    if stage not in stages():
        raise KeyError(f"no stage is called {stage!r}")
    subject_id = str(subject.pk if isinstance(subject, models.Model) else subject)
    due = run_at or database_now()
    with transaction.atomic():
        # The lock keeps a worker from finishing between the look and the change: what is asked now would be lost.
        row, created = Work.objects.select_for_update().get_or_create(
            stage=stage,
            subject_id=subject_id,
            defaults={"run_at": due, "place_at": place_of(stage, due), "challenge_id": challenge_id},
        )
        if not created and row.state not in (Work.State.RUNNING, Work.State.WAITING):
            _offer_again(row, due)
        elif not created and row.state == Work.State.WAITING and row.run_at != due:
            Work.objects.filter(pk=row.pk, state=Work.State.WAITING).update(run_at=due, place_at=place_of(stage, due))
        elif not created and row.state == Work.State.RUNNING:
            # What is being computed may be out of date already: fence it off and start again.
            Work.objects.filter(pk=row.pk, state=Work.State.RUNNING).update(
                state=Work.State.WAITING,
                token=F("token") + 1,
                lease_until=None,
                run_at=due,
                place_at=place_of(stage, due),
            )
        if run_at is None:
            _wake_after_commit(stage)
    return row


def _wake_after_commit(stage: str) -> None:
    reads_truth = stages()[stage].reads_truth
    transaction.on_commit(lambda: wake_workers(reads_truth=reads_truth))


def place_of(stage: str, due: datetime) -> datetime:
    """Where work of this stage stands in the queue: as if it had been due for its stage's head start already.

    Work of a deadline passes an intake of thousands of exams, and no exam waits longer than the head start for it.
    """
    return due - timedelta(minutes=stages()[stage].head_start_minutes)


def _offer_again(row: Work, due: datetime) -> int:
    return (
        Work.objects.filter(pk=row.pk)
        .exclude(state=Work.State.RUNNING)
        .update(
            state=Work.State.WAITING,
            run_at=due,
            place_at=place_of(row.stage, due),
            attempts=0,
            losses=0,
            outages=0,
            reason="",
            faults=[],
            finished_at=None,
        )
    )


def retry(work_id: int) -> bool:
    """A person asks for failed work again. False where the row is running."""
    row = Work.objects.get(pk=work_id)
    if not _offer_again(row, database_now()):
        return False
    _wake_after_commit(row.stage)
    return True


def cancel(stage: str, subject: models.Model | str) -> None:
    """Withdraws work that nobody needs any more; a worker that is at it loses its lease."""
    subject_id = str(subject.pk if isinstance(subject, models.Model) else subject)
    Work.objects.filter(stage=stage, subject_id=subject_id).exclude(state=Work.State.DONE).update(
        state=Work.State.CANCELLED, token=F("token") + 1, lease_until=None
    )


def cancel_all(subject: models.Model) -> None:
    """Withdraws every piece of work on a subject whose id is its own alone (a UUID)."""
    Work.objects.filter(stage__in=list(stages()), subject_id=str(subject.pk)).exclude(state=Work.State.DONE).update(
        state=Work.State.CANCELLED, token=F("token") + 1, lease_until=None
    )


def cpu_now() -> float:
    """CPU seconds of this thread and of the children it has run."""
    return time.thread_time() + spent()


@dataclass(frozen=True)
class Claim:
    """The right to do one piece of work until the lease runs out."""

    work_id: int
    stage: str
    subject_id: str
    token: int
    began: float = field(default_factory=cpu_now, compare=False)

    def cpu_seconds(self) -> float:
        """What the work has cost so far; asked in the thread that claimed it."""
        return max(0.0, cpu_now() - self.began)

    @contextmanager
    def finish(self) -> Iterator[None]:
        """The last, short transaction: the caller's changes and the row's end happen together, or not at all."""
        with transaction.atomic():
            done = Work.objects.filter(pk=self.work_id, token=self.token, state=Work.State.RUNNING).update(
                state=Work.State.DONE,
                lease_until=None,
                finished_at=database_now(),
                reason="",
                faults=[],
                cpu_seconds=F("cpu_seconds") + self.cpu_seconds(),
            )
            if done != 1:
                raise LostLeaseError(f"work {self.work_id} has a newer token than {self.token}")
            yield

    def hold(self) -> None:
        """Inside a transaction: nobody else gets the work before it ends. Raises LostLeaseError where somebody has it already."""
        held = Work.objects.filter(pk=self.work_id, token=self.token, state=Work.State.RUNNING)
        if not held.select_for_update().exists():
            raise LostLeaseError(f"work {self.work_id} has a newer token than {self.token}")

    def beat(self) -> bool:
        """Extends the lease; False when it was lost."""
        now = database_now()
        return bool(
            Work.objects.filter(pk=self.work_id, token=self.token, state=Work.State.RUNNING).update(
                heartbeat_at=now, lease_until=now + timedelta(seconds=settings.WORK_LEASE_SECONDS)
            )
        )


def worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def claim_next(only: tuple[str, ...] = ()) -> Claim | None:
    """Claims work whose worker was lost, else the first in the queue (`place_of`) that is due; None where nothing is due."""
    now = database_now()
    for state in (abandoned(now), waiting(now)):
        due = of_stages(only or stages_here()).filter(state).order_by("place_at", "id")
        for row in due[:CANDIDATES]:
            claim = _claim(row, now)
            if claim is not None:
                return claim
    return None


def of_stages(names: Sequence[str]) -> QuerySet[Work]:
    """Work of these stages. The names are compared with an expression, so that the database reads an index of the state and never
    that of stages and subjects, which has every row that ever was.
    """
    return Work.objects.alias(name=Coalesce("stage", Value(""))).filter(name__in=names)


def claim_row(work_id: int) -> Claim | None:
    """Claims this row if it is due and nobody holds it."""
    now = database_now()
    row = Work.objects.filter(_claimable(now), pk=work_id).first()
    return _claim(row, now) if row else None


def waiting(now: datetime) -> Q:
    return Q(state=Work.State.WAITING, run_at__lte=now)


def abandoned(now: datetime) -> Q:
    return Q(state=Work.State.RUNNING, lease_until__lt=now, losses__lt=MOST_LOSSES)


def _claimable(now: datetime) -> Q:
    return (waiting(now) | abandoned(now)) & Q(stage__in=stages_here())


def _claim(row: Work, now: datetime) -> Claim | None:
    lost = 1 if row.state == Work.State.RUNNING else 0
    claimed = Work.objects.filter(pk=row.pk, state=row.state, token=row.token).update(
        state=Work.State.RUNNING,
        token=row.token + 1,
        losses=row.losses + lost,
        lease_until=now + timedelta(seconds=settings.WORK_LEASE_SECONDS),
        heartbeat_at=now,
        worker=worker_name(),
    )
    return Claim(row.pk, row.stage, row.subject_id, row.token + 1) if claimed else None


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


def _run(function: Callable[[Claim], None], claim: Claim) -> None:
    """Another process may change the subject, or erase its files, while the stage computes: it reads them again."""
    for _ in range(MOST_RACES - 1):
        try:
            return function(claim)
        except (LostRaceError, FileNotFoundError):
            logger.info("work %s (%s) starts over: its subject was changed meanwhile", claim.work_id, claim.stage)
    return function(claim)


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
