"""One round of the sweep: wakes workers for what is due, offers again what dead workers held, and runs every app's upkeep."""

from __future__ import annotations

import fcntl
import logging
import os
import socket
import time
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from core.claims import MOST_LOSSES, abandoned, of_stages, waiting
from core.clock import database_now
from core.failures import describe, worker_lost
from core.models import Work
from core.performing import tell_failed
from core.registry import hooks, stages
from core.wake import wake_workers

logger = logging.getLogger(__name__)


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
    """One round: wakes workers for what is due, fails what was lost too often, and calls every app's function for it."""
    now = database_now()
    done = {"failed": _fail_abandoned(now), "woken": 0}
    for reads_truth in (True, False):
        names = [name for name, stage in stages().items() if stage.reads_truth == reads_truth]
        due = [of_stages(names).filter(state).order_by("place_at", "id") for state in (abandoned(now), waiting(now))]
        if any(rows.values_list("pk").first() for rows in due):
            done["woken"] += wake_workers(settings.WORKERS_WOKEN_PER_SWEEP, reads_truth=reads_truth)
    for function in hooks().get("sweep", ()):
        try:
            done[function] = int(import_string(function)() or 0)
        except Exception as error:  # one function's fault must not stop the others
            logger.error("%s ended with %s", function, describe(error))
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
                faults=worker_lost(MOST_LOSSES),
            )
            if failed:
                tell_failed(row.stage, row.subject_id, "worker lost", row.challenge_id)
                count += 1
    return count
