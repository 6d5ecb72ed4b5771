"""Studies that a PACS pushes: requests gather until the study is complete, then they are received like one delivery.

A study is complete after a quiet time, or when the sender says so. Each request is an upload of its own (`stow_study`), so that
what was acknowledged is durable; completion gives the group its size, which is what reception waits for.
"""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from challenges.models import Centre, Question
from concours.formats.stored import Stored, StoredArchive
from core.actors import Reader
from core.clock import database_now
from core.errors import LostRaceError, QuotaError
from core.locks import locked
from core.work import enqueue
from uploads import staging
from uploads.models import Upload
from uploads.new_exam import content_hash
from uploads.store import abandon_upload, create_upload, finish_upload


@dataclass(frozen=True)
class StowSender:
    """Who pushes into which question for which centre; patients are informed, says the sender."""

    user: Reader
    question: Question
    centre: Centre


def keep_instances(sender: StowSender, study: str, instances: Sequence[Stored]) -> Upload:
    """One request's instances of one study become a durable upload of its group. Raises QuotaError."""
    path = _packed(instances)
    try:
        with transaction.atomic():
            locked(sender.centre)  # two requests of one study share its group
            key = _study_key(sender, study)
            first = _open_uploads(sender, key).first()
            group = first.metadata["group"] if first is not None else f"stow-{uuid.uuid4().hex}"
            upload = create_upload(
                owner=sender.user,
                question=sender.question,
                kind=Upload.Kind.EXAM,
                length=path.stat().st_size,
                centre=sender.centre,
                metadata={"letter_given": "1", "group": group, "stow": key},
            )
        os.replace(path, staging.staging_path(upload.pk))
    finally:
        path.unlink(missing_ok=True)
    finish_upload(upload, stored_at=database_now())
    if upload.state != Upload.State.STORED:  # its study was completed meanwhile, without it
        raise QuotaError(gettext_noop("The study was completed while these instances arrived. Send them again."))
    return upload


def _packed(instances: Sequence[Stored]) -> Path:
    """A stored zip on the staging disk, durable."""
    folder = Path(settings.STAGING_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(suffix=staging.CHUNK, dir=folder)
    os.close(descriptor)
    path = Path(name)
    with StoredArchive(path) as archive:
        for number, place in enumerate(instances):
            archive.add(f"study/{number:06d}.dcm", place)
    staging.sync(path)
    return path


def _study_key(sender: StowSender, study: str) -> str:
    """Tells studies apart without naming one: the original UID is in no row."""
    return content_hash(sender.question, ["stow", sender.centre.slug, study])


def _open_uploads(sender: StowSender, key: str) -> QuerySet[Upload]:
    """The uploads of a study that is still gathered."""
    gathering = Upload.objects.filter(
        owner=sender.user.pk,
        question=sender.question,
        centre=sender.centre,
        kind=Upload.Kind.EXAM,
        state__in=[Upload.State.RECEIVING, Upload.State.STORED],
        metadata__stow=key,
    )
    return gathering.exclude(metadata__has_key="group_size").order_by("created_at", "id")


def complete_study(sender: StowSender, study: str) -> int:
    """The sender says that the study is whole: it is received now. The number of its uploads; 0 where nothing is gathered."""
    with transaction.atomic():
        locked(sender.centre)
        return _complete(list(_open_uploads(sender, _study_key(sender, study))))


def _complete(uploads: Sequence[Upload]) -> int:
    """Inside a transaction that holds the centre: the group has its size, and reception is asked for.

    What a killed process left unfinished was acknowledged to nobody; it ends here.
    """
    whole = [upload for upload in uploads if upload.state == Upload.State.STORED]
    for upload in uploads:
        if upload.state == Upload.State.RECEIVING:
            abandon_upload(upload)
    for upload in whole:
        upload.metadata = {**upload.metadata, "group_size": str(len(whole))}
        upload.save(update_fields=["metadata"])
    if whole:
        enqueue("receive", whole[0], challenge_id=whole[0].challenge_id)
    return len(whole)


def sweep_pushed_studies() -> int:
    """Completes the studies that have been quiet for `STOW_QUIET_SECONDS`."""
    quiet = database_now() - timedelta(seconds=settings.STOW_QUIET_SECONDS)
    waiting = Upload.objects.filter(kind=Upload.Kind.EXAM, state=Upload.State.STORED, metadata__has_key="stow").exclude(
        metadata__has_key="group_size"
    )
    groups: dict[str, list[Upload]] = {}
    for upload in waiting.select_related("question__challenge", "centre", "owner").order_by("created_at", "id")[:5000]:
        groups.setdefault(str(upload.metadata["group"]), []).append(upload)
    count = 0
    for uploads in groups.values():
        newest, centre = max(upload.created_at for upload in uploads), uploads[0].centre
        if newest > quiet or centre is None:
            continue
        sender = StowSender(uploads[0].owner, uploads[0].target_question, centre)
        try:
            with transaction.atomic():
                locked(centre)
                rows = list(_open_uploads(sender, str(uploads[0].metadata["stow"])))
                if rows and max(row.created_at for row in rows) <= quiet:
                    count += bool(_complete(rows))
        except LostRaceError:
            continue
    return count
