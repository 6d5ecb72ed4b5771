"""An upload's life until all its bytes are stored: create, finish, concatenate, abandon, expire."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_noop

from challenges.models import Centre, Question, Team
from concours.formats.json import JsonObject
from core.actors import Actor, require_person
from core.clock import database_now
from core.errors import InvalidInputError, LostRaceError, StepError
from core.moves import move
from core.work import enqueue
from uploads import staging
from uploads.models import Upload
from uploads.reservation import hold_person, reserve

# What a client may say of an upload, and what stays of it once the upload is settled: slugs and ids, nothing of a patient.
METADATA = frozenset(
    (
        *("question", "kind", "centre", "letter_given", "refused", "values", "group", "group_size", "prepared"),
        *("phase", "description", "idempotency_key", "declares", "declared_parameters", "declared_seconds"),
    )
)
KEPT_METADATA = frozenset(("question", "kind", "centre", "phase", "idempotency_key", "declares", "concat", "used"))
STRAY_SECONDS = 3600.0
_looked_at = -1e9  # when this process last swept the staging disk
# The work that a stored upload asks for; an app above registers the stage of submissions under this name.
NEXT_STAGE = {Upload.Kind.EXAM: "receive", Upload.Kind.SUBMISSION: "accept_submission"}


def create_upload(
    *,
    owner: Actor,
    question: Question | None,
    kind: str,
    length: int,
    centre: Centre | None = None,
    team: Team | None = None,
    source_name: str = "",
    metadata: JsonObject | None = None,
    parts: Sequence[Upload] = (),
) -> Upload:
    """A row and its empty file, within what the person, team and centre may have under way. Raises QuotaError.

    An upload of no bytes is stored at once. One made of `parts` takes them, each once, for itself: of two requests for the same
    parts in the same order, both get the first's upload. Raises InvalidInputError where a part is in another upload.
    """
    person = require_person(owner)
    upload = Upload(
        owner=person,
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
    try:
        with transaction.atomic():
            hold_person(person)
            joined = upload_of_parts(parts)
            if joined is None:
                reserve(owner=person, centre=centre, team=team, length=length)
                upload.save(force_insert=True)
                for part in parts:
                    Upload.objects.filter(pk=part.pk).update(metadata={**part.metadata, "used": str(upload.pk)})
    except StepError:
        staging.discard(staging.staging_path(upload.pk))
        raise
    if joined is not None:
        staging.discard(staging.staging_path(upload.pk))
        return joined
    if length == 0:
        finish_upload(upload, stored_at=database_now())
    return upload


def finish_upload(upload: Upload, *, stored_at: datetime) -> None:
    """Every byte is durable since `stored_at`: the row says so and the next stage is asked for. Twice is once."""
    if upload.state != Upload.State.RECEIVING:
        return
    try:
        with transaction.atomic():
            move(upload, Upload.State.STORED, actor=upload.owner, stored_at=stored_at)
            if upload.kind in NEXT_STAGE:
                enqueue(NEXT_STAGE[Upload.Kind(upload.kind)], upload, challenge_id=upload.challenge_id)
    except LostRaceError:
        upload.refresh_from_db()


def upload_of_parts(parts: Sequence[Upload]) -> Upload | None:
    """The upload that is made of exactly these parts in this order; None while no part is used.

    Raises InvalidInputError where one is part of another upload. The caller holds the person, or asks once more when it does.
    """
    ids = [part.pk for part in parts]
    used = {row.metadata.get("used") for row in Upload.objects.filter(pk__in=ids)} - {None}
    if not used:
        return None
    joined = Upload.objects.filter(pk__in=used).first() if len(used) == 1 else None
    if joined is None or part_ids(joined.metadata.get("concat", "")) != ids:
        raise InvalidInputError(gettext_noop("A part named in Upload-Concat is already part of another upload."))
    return joined


def part_ids(concat: str) -> list[UUID]:
    """The ids of the parts that an `Upload-Concat: final;…` names by their addresses. Raises ValueError for no address."""
    return [UUID(address.rstrip("/").rsplit("/", 1)[-1]) for address in concat.removeprefix("final;").split()]


def concatenate(final: Upload, parts: Sequence[Upload]) -> None:
    """The parts' bytes, in order, become the final upload's. Begun twice, or again after a crash, each copy is whole."""
    path = staging.staging_path(final.pk)
    with staging.assembled(path) as copy:
        position = 0
        for part in parts:
            position = staging.append_file(copy, position, staging.staging_path(part.pk))
    finish_upload(final, stored_at=database_now())
    if final.state not in (
        Upload.State.RECEIVING,
        Upload.State.STORED,
    ):  # another request's copy was received meanwhile
        staging.discard(path)


def complete_group(upload: Upload) -> list[Upload] | None:
    """The uploads that make one delivery, in their order; None while some of them are still on their way."""
    group = upload.metadata.get("group")
    if not group:
        return [upload]
    together = Upload.objects.filter(
        owner=upload.owner,
        question=upload.target_question,
        centre=upload.centre,
        kind=Upload.Kind.EXAM,
        metadata__group=group,
    ).exclude(state=Upload.State.EXPIRED)
    rows = list(together.select_related("question__challenge", "centre", "owner").order_by("created_at", "id"))
    expected = str(upload.metadata.get("group_size", ""))
    complete = len(rows) == (int(expected) if expected.isdigit() else 0) and all(
        row.state == Upload.State.STORED for row in rows
    )
    return rows if complete else None


def forgotten(upload: Upload) -> JsonObject:
    """For `move`, when nothing needs to be read from the upload any more: no file's name and no value of a patient stays."""
    return {"source_name": "", "metadata": settled_metadata(upload)}


def settled_metadata(upload: Upload) -> JsonObject:
    return {key: value for key, value in upload.metadata.items() if key in KEPT_METADATA}


def abandon_upload(upload: Upload) -> None:
    """The owner takes an unfinished upload back. Raises MoveNotAllowedError or LostRaceError where it is complete."""
    move(upload, Upload.State.EXPIRED, actor=upload.owner, **forgotten(upload))
    staging.discard(staging.staging_path(upload.pk))


def end_uploads(user_id: str) -> None:
    """The person left a centre: what was on its way for it ends here. What was stored whole is received."""
    own = Upload.objects.filter(owner=int(user_id), state=Upload.State.RECEIVING, centre__isnull=False)
    for upload in own.exclude(centre__memberships__user=int(user_id)).select_related("question"):
        try:
            move(upload, Upload.State.EXPIRED, **forgotten(upload))
        except LostRaceError:  # its last byte came just now
            continue
        transaction.on_commit(lambda pk=upload.pk: staging.discard(staging.staging_path(pk)))  # type: ignore[misc]


def sweep_staging(every: float = 600.0, age: float = STRAY_SECONDS) -> int:
    """Removes what processes that were killed left on the staging disk: bytes of uploads that are over, and of none.

    A process looks once in `every` seconds: the disk may hold many files. A file is left alone until nobody wrote to it for `age`
    seconds: an upload's file is there before its row is committed.
    """
    global _looked_at
    if time.monotonic() - _looked_at < every:
        return 0
    _looked_at = time.monotonic()
    strays = staging.strays(age)
    ids = {path: staging.upload_of(path) for path in strays}
    alive = Upload.objects.filter(
        pk__in=[pk for pk in ids.values() if pk is not None], state__in=[Upload.State.RECEIVING, Upload.State.STORED]
    )
    needed = set(alive.values_list("pk", flat=True))
    left = [path for path in strays if ids[path] not in needed]
    for path in left:
        staging.discard(path)
    return len(left)


def sweep_uploads() -> int:
    """Expires what nobody finished, and finishes what a dead process left complete."""
    now = database_now()
    count = 0
    unfinished = Q(state=Upload.State.RECEIVING)
    # Parts are kept until they expire, so that a client may ask again for the upload that they make.
    parts = Q(kind=Upload.Kind.PARTIAL, state=Upload.State.STORED)
    grouped = Q(kind=Upload.Kind.EXAM, state=Upload.State.STORED, metadata__has_key="group")
    for upload in Upload.objects.filter(unfinished | parts | grouped, expires_at__lte=now).select_related("question")[
        :400
    ]:
        if (
            upload.state == Upload.State.STORED
            and upload.kind == Upload.Kind.EXAM
            and complete_group(upload) is not None
        ):
            continue  # it is being received, or the platform failed to: its bytes are kept
        try:
            abandon_upload(upload)
            count += 1
        except LostRaceError:  # finished, taken back or expired by another process just now
            continue
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
