"""Stage 6, release: what people and events change of a batch that is planned or built, and its minute."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop

from anonymization.models import Correction
from batches.corrections import is_delivered
from batches.deletion import request_deletions
from batches.models import Batch, BatchItem
from batches.plan import checked_face, plan_release
from batches.readiness import release_obstacles
from core.actors import Actor
from core.audit import record
from core.clock import database_now
from core.erasure import erase_after_commit
from core.errors import InvalidInputError, MoveNotAllowedError
from core.locks import locked
from core.moves import done_before, move
from core.readiness import require_ready
from core.work import cancel, enqueue


class AlreadyReleasedError(MoveNotAllowedError):
    reason = "already_released"


def reschedule_batch(*, batch: Batch, released_at: datetime, actor: Actor, reason: str) -> None:
    """Moves the minute of a batch that is not out yet."""
    with transaction.atomic():
        current = locked(batch)
        if current.was_out(database_now()):
            if current.released_at == released_at or released_at <= database_now():  # released already, as asked
                batch.refresh_from_db()
                return
            raise AlreadyReleasedError(
                gettext_noop("This batch is already released; its release date cannot be changed.")
            )
        if released_at <= database_now():
            require_ready(release_obstacles(current))
        before = current.released_at
        Batch.objects.filter(pk=batch.pk).update(released_at=released_at)
        batch.released_at = released_at
        plan_release(batch)
        record(
            verb="batch rescheduled",
            subject=batch,
            actor=actor,
            reason=reason,
            detail={"before": before.isoformat(), "after": released_at.isoformat()},
            challenge_id=batch.question.challenge_id,
        )


def choose_face(*, batch: Batch, face: str, actor: Actor, reason: str) -> None:
    """Whether this batch keeps faces or has them blanked; it is built again, so it must not be out or revoked."""
    checked_face(face)
    with transaction.atomic():
        enqueue("build_batch", batch, challenge_id=batch.question.challenge_id)
        current, now = locked(batch), database_now()
        if current.state == Batch.State.REVOKED or current.was_out(now):
            raise AlreadyReleasedError(gettext_noop("This batch is already released; its contents cannot be changed."))
        before, batch.face = current.face, face
        Batch.objects.filter(pk=batch.pk).update(face=face)
        record(
            verb="faces of a batch chosen",
            subject=batch,
            actor=actor,
            before=before,
            after=face,
            reason=reason,
            challenge_id=batch.question.challenge_id,
        )
        _build_again(current, reason="faces are treated in another way")
    batch.refresh_from_db()


def revoke_batch(*, batch: Batch, actor: Actor, reason: str) -> None:
    """Nobody can download it any more, from this moment."""
    if not reason.strip():
        raise InvalidInputError(gettext_noop("Give the reason for revoking the batch; teams can read it."))
    if done_before(batch, Batch.State.REVOKED):
        return
    with transaction.atomic():
        cancel("build_batch", batch)
        batch.state = locked(batch).state  # built meanwhile, perhaps
        move(batch, Batch.State.REVOKED, actor=actor, reason=reason)


def take_exam_out(exam_id: str) -> None:
    """Remove a withdrawn exam from every batch and build these batches again.

    A released batch cannot be downloaded until its next version is built. Those who downloaded it are asked to delete the case.
    """
    now = database_now()
    items = BatchItem.objects.filter(exam_id=exam_id, withdrawn_at=None).select_related("batch__question")
    for item in items.order_by("batch_id"):
        BatchItem.objects.filter(pk=item.pk).update(withdrawn_at=now)
        enqueue("build_batch", item.batch, challenge_id=item.batch.question.challenge_id)
        batch = locked(item.batch, "question")  # a worker may have built it this moment, with the exam
        if batch.state == Batch.State.REVOKED:
            erase_after_commit([("deliveries", batch.archive_key)])
            Batch.objects.filter(pk=batch.pk).update(archive_key="")
        request_deletions(item)
        _build_again(batch, reason="an exam was withdrawn")


def deliver_correction(correction: Correction) -> None:
    """A field of an exam was corrected: batches that deliver it, or what is made of it, are built again."""
    items = BatchItem.objects.filter(exam_id=correction.exam_id, withdrawn_at=None).select_related("batch__question")
    for item in items.order_by("batch_id"):
        if not is_delivered(item.batch, correction.field):
            continue
        enqueue("build_batch", item.batch, challenge_id=item.batch.question.challenge_id)
        _build_again(locked(item.batch, "question"), reason="a value was corrected")


def _build_again(batch: Batch, *, reason: str) -> None:
    """The caller holds the batch. `enqueue` came first: a build that is under way is fenced off."""
    if batch.state != Batch.State.BUILT:
        return
    version = batch.version + batch.was_out(database_now())
    key, batch.state, batch.version = batch.archive_key, Batch.State.PLANNED, version
    Batch.objects.filter(pk=batch.pk).update(state=batch.state, version=version, archive_key="", manifest={})
    record(
        verb="batch planned",
        subject=batch,
        before="built",
        after="planned",
        reason=reason,
        detail={"version": version},
        challenge_id=batch.question.challenge_id,
    )
    erase_after_commit([("deliveries", key)])
