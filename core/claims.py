"""The right to do one piece of work for a while: who claims a row, extends it, and ends it while nobody has taken it over."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from concours.formats.child import spent
from core.clock import database_now
from core.models import Work
from core.registry import stages_here

MOST_LOSSES = 10
CANDIDATES = 8  # rows looked at in one claim: other workers may take the first ones in between


class LostLeaseError(Exception):
    """Another worker holds a newer token: what this one computed must not be written."""


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
