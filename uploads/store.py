"""An upload's life until all its bytes are stored: create, finish, concatenate, abandon, expire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from challenges.models import Centre, Question, Team
from core.clock import database_now
from core.errors import LostRaceError
from core.moves import move
from core.work import enqueue
from uploads import staging
from uploads.models import Upload

# The work that a stored upload asks for; an app above registers the stage of submissions under this name.
NEXT_STAGE = {Upload.Kind.EXAM: "receive", Upload.Kind.SUBMISSION: "accept_submission"}


def create_upload(
    *,
    owner: Any,
    question: Question,
    kind: str,
    length: int,
    centre: Centre | None = None,
    team: Team | None = None,
    source_name: str = "",
    metadata: dict[str, Any] | None = None,
) -> Upload:
    """A row and its empty file. An upload of no bytes is stored at once."""
    upload = Upload(
        owner=owner,
        question=question,
        kind=kind,
        centre=centre,
        team=team,
        source_name=source_name[:255],
        length=length,
        metadata=metadata or {},
        expires_at=database_now() + timedelta(hours=settings.UPLOAD_EXPIRES_HOURS),
    )
    staging.create(staging.staging_path(upload.pk))
    upload.save(force_insert=True)
    if length == 0:
        finish_upload(upload, stored_at=database_now())
    return upload


def finish_upload(upload: Upload, *, stored_at: datetime) -> None:
    """Every byte is durable since `stored_at`: the row says so and the next stage is asked for. Twice is once."""
    if upload.state != Upload.State.RECEIVING:
        return
    try:
        with transaction.atomic():
            move(
                upload,
                Upload.State.STORED,
                allowed=Upload.MOVES,
                actor=upload.owner,
                challenge_id=upload.question.challenge_id,
                stored_at=stored_at,
            )
            if upload.kind in NEXT_STAGE:
                enqueue(NEXT_STAGE[Upload.Kind(upload.kind)], upload, challenge_id=upload.question.challenge_id)
    except LostRaceError:
        upload.refresh_from_db()


def concatenate(final: Upload, parts: Sequence[Upload]) -> None:
    """The parts' bytes, in order, become the final upload's; begun again after a crash, it starts over."""
    path = staging.staging_path(final.pk)
    staging.discard(path)
    staging.create(path)
    position = 0
    for part in parts:
        position = staging.append_file(path, position, staging.staging_path(part.pk))
    staging.sync(path)
    finish_upload(final, stored_at=database_now())


def abandon_upload(upload: Upload) -> None:
    """The owner takes an unfinished upload back."""
    move(upload, Upload.State.EXPIRED, allowed=Upload.MOVES, actor=upload.owner)
    staging.discard(staging.staging_path(upload.pk))


def end_uploads(user_id: str) -> None:
    """The person left a centre: what was on its way for it ends here. What was stored whole is received."""
    own = Upload.objects.filter(owner=int(user_id), state=Upload.State.RECEIVING, centre__isnull=False)
    for upload in own.exclude(centre__memberships__user=int(user_id)).select_related("question"):
        move(upload, Upload.State.EXPIRED, allowed=Upload.MOVES, challenge_id=upload.question.challenge_id)
        transaction.on_commit(lambda pk=upload.pk: staging.discard(staging.staging_path(pk)))  # type: ignore[misc]


def sweep_uploads() -> int:
    """Expires what nobody finished, and finishes what a dead process left complete."""
    now = database_now()
    count = 0
    for upload in Upload.objects.filter(state=Upload.State.RECEIVING, expires_at__lte=now).select_related("question")[
        :200
    ]:
        abandon_upload(upload)
        count += 1
    # Parts are kept until they expire, so that a client may ask again for the upload that they make.
    for part in Upload.objects.filter(kind=Upload.Kind.PARTIAL, state=Upload.State.STORED, expires_at__lte=now)[:200]:
        abandon_upload(part)
        count += 1
    waiting = Upload.objects.filter(
        state=Upload.State.RECEIVING, created_at__lt=now - timedelta(seconds=5), length__gt=0
    ).select_related("question")
    for upload in waiting.order_by("created_at")[:500]:
        path = staging.staging_path(upload.pk)
        if staging.offset(path) == upload.length and upload.kind != Upload.Kind.PARTIAL:
            staging.sync(path)
            # Every byte was there when the file was last written; this process only says so now.
            finish_upload(upload, stored_at=min(now, staging.last_written(path)))
            count += 1
    return count
