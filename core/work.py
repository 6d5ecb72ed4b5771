"""Asks for work, offers it again, withdraws it: rows that workers claim (`core.claims`) and perform (`core.performing`)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models, transaction
from django.db.models import F

from core.clock import database_now
from core.models import Work
from core.registry import stages
from core.wake import wake_workers


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
