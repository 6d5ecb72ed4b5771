"""Where a piece of work stands in the queue and when it will probably be done, for the person who waits for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import models
from django.db.models import Q

from core.clock import database_now
from core.models import Work

MOST_COUNTED = 1000  # a longer queue is shown as "more than 1000": counting it would scan the table
RATE_WINDOW = timedelta(minutes=5)
LEAST_DONE = 5  # fewer pieces of work say nothing about the rate


@dataclass(frozen=True)
class QueuePosition:
    """`ahead`: pieces of work before this one, at most MOST_COUNTED; `expected_seconds`: None where the rate is unknown."""

    ahead: int
    expected_seconds: int | None

    @property
    def is_capped(self) -> bool:
        return self.ahead >= MOST_COUNTED


def queue_position(subject: models.Model, stages: tuple[str, ...]) -> QueuePosition | None:
    """The position of the subject's first unfinished work in these stages; None where nothing of it waits or runs."""
    unfinished = [Work.State.WAITING, Work.State.RUNNING]
    row = Work.objects.filter(stage__in=stages, subject_id=str(subject.pk), state__in=unfinished).first()
    if row is None:
        return None
    now = database_now()
    if row.state == Work.State.RUNNING:
        return QueuePosition(0, _seconds(1, now_done=_done_since(now - RATE_WINDOW)))
    before = Q(place_at__lt=row.place_at) | Q(place_at=row.place_at, pk__lt=row.pk)
    waiting = Work.objects.filter(before, state=Work.State.WAITING, run_at__lte=now)
    ahead = waiting.order_by()[:MOST_COUNTED].count()
    return QueuePosition(ahead, _seconds(ahead + 1, now_done=_done_since(now - RATE_WINDOW)))


def _done_since(moment: object) -> int:
    done = Work.objects.filter(state=Work.State.DONE, finished_at__gte=moment)
    return done.order_by()[: 10 * MOST_COUNTED].count()


def _seconds(pieces: int, *, now_done: int) -> int | None:
    if now_done < LEAST_DONE:
        return None
    return max(1, round(pieces * RATE_WINDOW.total_seconds() / now_done))
