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
`on_failed` tells the subject. Reasons hold the error's class and place, never its words: those may quote a patient.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import socket
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection, models, transaction
from django.db.models import F, Q
from django.utils.module_loading import import_string

from core.clock import database_now
from core.models import Work
from core.registry import stages, sweepers, waker
from formats.child import ChildFailedError, spent

logger = logging.getLogger(__name__)

MOST_LOSSES = 10
BACKOFF_SECONDS = 2


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
            stage=stage, subject_id=subject_id, defaults={"run_at": due, "challenge_id": challenge_id}
        )
        if not created and row.state not in (Work.State.RUNNING, Work.State.WAITING):
            _offer_again(row.pk, due)
        elif not created and row.state == Work.State.WAITING and row.run_at != due:
            Work.objects.filter(pk=row.pk, state=Work.State.WAITING).update(run_at=due)
        elif not created and row.state == Work.State.RUNNING:
            # What is being computed may be out of date already: fence it off and start again.
            Work.objects.filter(pk=row.pk, state=Work.State.RUNNING).update(
                state=Work.State.WAITING, token=F("token") + 1, lease_until=None, run_at=due
            )
        if run_at is None:
            transaction.on_commit(lambda: wake(stage, row.pk))
    return row


def _offer_again(work_id: int, due: datetime) -> int:
    return (
        Work.objects.filter(pk=work_id)
        .exclude(state=Work.State.RUNNING)
        .update(state=Work.State.WAITING, run_at=due, attempts=0, losses=0, reason="", finished_at=None)
    )


def retry(work_id: int) -> bool:
    """A person asks for failed work again. False where the row is running."""
    if not _offer_again(work_id, database_now()):
        return False
    row = Work.objects.get(pk=work_id)
    transaction.on_commit(lambda: wake(row.stage, row.pk))
    return True


def cancel(stage: str, subject: models.Model | str) -> None:
    """Withdraws work that nobody needs any more; a worker that is at it loses its lease."""
    subject_id = str(subject.pk if isinstance(subject, models.Model) else subject)
    Work.objects.filter(stage=stage, subject_id=subject_id).exclude(state=Work.State.DONE).update(
        state=Work.State.CANCELLED, token=F("token") + 1, lease_until=None
    )


def wake(stage: str, work_id: int) -> None:
    """Tells a worker that there is work. A message that is lost is a delay: the sweep sends it again."""
    send = waker(stage)
    if send is None or not settings.CELERY_BROKER_URL:
        return
    try:
        send(work_id)
    except OSError:
        logger.warning("no broker to wake a worker for %s; the sweep will", stage)


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
                cpu_seconds=F("cpu_seconds") + self.cpu_seconds(),
            )
            if done != 1:
                raise LostLeaseError(f"work {self.work_id} has a newer token than {self.token}")
            yield

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
    """Claims the piece of work that has been due longest, or None."""
    now = database_now()
    due = Work.objects.filter(_claimable(now)).order_by("run_at", "id")
    if only:
        due = due.filter(stage__in=only)
    for row in due[:8]:
        claim = _claim(row, now)
        if claim is not None:
            return claim
    return None


def claim_row(work_id: int) -> Claim | None:
    """Claims this row if it is due and nobody holds it."""
    now = database_now()
    row = Work.objects.filter(_claimable(now), pk=work_id).first()
    return _claim(row, now) if row else None


def _claimable(now: datetime) -> Q:
    waiting = Q(state=Work.State.WAITING, run_at__lte=now)
    abandoned = Q(state=Work.State.RUNNING, lease_until__lt=now, losses__lt=MOST_LOSSES)
    return (waiting | abandoned) & Q(stage__in=list(stages()))


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
                except DatabaseError:  # the lease is longer than several beats: the next one may still be in time
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
    function = import_string(stages()[claim.stage].perform)
    try:
        with _heartbeat(claim):
            function(claim)
    except LostLeaseError:
        logger.info("work %s (%s) went to another worker", claim.work_id, claim.stage)
    except Exception as error:
        if connection.in_atomic_block:
            raise
        logger.warning("work %s (%s) ended with %s", claim.work_id, claim.stage, describe(error))
        fail(claim, describe(error))


def describe(error: BaseException) -> str:
    """An error's class and place. Its words stay out: they may quote what a file says of a patient."""
    if isinstance(error, ChildFailedError):
        places = re.findall(r'File "[^"]*?([^/"]+/[^/"]+)", line (\d+)', error.trace)
        inside = re.findall(r"^([A-Za-z_.]+(?:Error|Exception|Exit))\b", error.trace, re.MULTILINE)
        if places and inside:
            return f"{inside[-1]} at {places[-1][0]}:{places[-1][1]} in a child"
    frames = traceback.extract_tb(error.__traceback__)
    place = next((f for f in reversed(frames) if "site-packages" not in f.filename), frames[-1] if frames else None)
    if place is None:
        return type(error).__name__
    name = "/".join(place.filename.replace("\\", "/").split("/")[-2:])
    return f"{type(error).__name__} at {name}:{place.lineno}"


def fail(claim: Claim, reason: str) -> None:
    """Offers the work again after a pause, or, when its tries are used up, fails it for a person to look at."""
    with transaction.atomic():
        row = Work.objects.filter(pk=claim.work_id, token=claim.token, state=Work.State.RUNNING).first()
        if row is None:
            return
        attempts = row.attempts + 1
        final = attempts >= settings.WORK_ATTEMPTS
        Work.objects.filter(pk=row.pk, token=claim.token).update(
            state=Work.State.FAILED if final else Work.State.WAITING,
            attempts=attempts,
            reason=reason,
            lease_until=None,
            run_at=database_now() + timedelta(seconds=0 if final else BACKOFF_SECONDS**attempts),
            finished_at=database_now() if final else None,
            cpu_seconds=F("cpu_seconds") + claim.cpu_seconds(),
        )
        if final:
            _tell_failed(claim.stage, claim.subject_id, reason)


def _tell_failed(stage: str, subject_id: str, reason: str) -> None:
    if stages()[stage].on_failed:
        import_string(stages()[stage].on_failed)(subject_id, reason)


def reoffer_dead_workers() -> int:
    """Offers again at once what processes of this host held that no longer live; others' leases simply run out."""
    host = socket.gethostname()
    count = 0
    for row in Work.objects.filter(state=Work.State.RUNNING, worker__startswith=f"{host}:", losses__lt=MOST_LOSSES):
        pid = int(row.worker.rsplit(":", 1)[1])
        if pid != os.getpid() and not _alive(pid):
            count += Work.objects.filter(pk=row.pk, token=row.token, state=Work.State.RUNNING).update(
                state=Work.State.WAITING, token=row.token + 1, lease_until=None, losses=row.losses + 1
            )
    return count


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def sweep_in_turn(every: float) -> bool:
    """Sweeps if no process of this machine did within `every` seconds: one file's lock and time are the turn."""
    path = Path(settings.DATA) / "sweep.turn"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        status = os.fstat(descriptor)
        # A byte tells a swept file from a new one; a clock that was set back must not stop the sweep.
        if status.st_size and 0 <= time.time() - status.st_mtime < every:
            return False
        os.pwrite(descriptor, b".", 0)
        reoffer_dead_workers()
        sweep()
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def sweep() -> dict[str, int]:
    """One round: wakes workers for what is due, fails what was lost too often, and calls every registered sweeper."""
    now = database_now()
    done = {"failed": _fail_abandoned(now), "woken": 0}
    if settings.CELERY_BROKER_URL:
        for row in Work.objects.filter(_claimable(now)).order_by("run_at")[:500]:
            wake(row.stage, row.pk)
            done["woken"] += 1
    for name, function in sweepers().items():
        try:
            done[name] = int(import_string(function)() or 0)
        except Exception as error:  # one sweeper's fault must not stop the others
            logger.error("sweeper %s ended with %s", name, describe(error))
    return done


def _fail_abandoned(now: datetime) -> int:
    rows = Work.objects.filter(state=Work.State.RUNNING, lease_until__lt=now, losses__gte=MOST_LOSSES)
    count = 0
    for row in rows:
        with transaction.atomic():
            failed = Work.objects.filter(pk=row.pk, token=row.token, state=Work.State.RUNNING).update(
                state=Work.State.FAILED,
                token=row.token + 1,
                lease_until=None,
                finished_at=now,
                reason=f"its worker died {MOST_LOSSES} times",
            )
            if failed:
                _tell_failed(row.stage, row.subject_id, "worker lost")
                count += 1
    return count
