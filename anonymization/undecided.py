"""Originals have an end also where nobody decides about their exam: the platform failed, or a review was forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_noop

from concours.formats.fault import Fault
from core.clock import database_now
from core.errors import LostRaceError
from core.locks import locked
from core.moves import move
from core.storage import erase
from core.work import cancel
from uploads import staging
from uploads.exams import refuse_exam
from uploads.models import Exam, Upload
from uploads.store import settled_metadata

NOT_PROCESSED = gettext_noop(
    "The platform could not process this exam in time, and its files are erased. This is not your mistake: please send it again."
)
REASON = "not_processed"


def sweep_undecided() -> int:
    """After `UNDECIDED_DAYS`: what was never received or de-identified is refused, and of every other exam the original goes."""
    due = database_now() - timedelta(days=settings.UNDECIDED_DAYS)
    return _exams(due) + _uploads(due)


def _exams(due: datetime) -> int:
    undecided = [Exam.State.RECEIVED, Exam.State.DEIDENTIFIED, Exam.State.REVIEW]
    rows = Exam.objects.filter(state__in=undecided, received_at__lte=due).exclude(quarantine_key="")
    count = 0
    for row in rows.select_related("question")[:200]:
        with transaction.atomic():
            cancel("deidentify", row)
            exam = locked(row, "question")
            if exam.state == Exam.State.RECEIVED:
                refuse_exam(exam, stage="deidentify", faults=[Fault(REASON, "exam", NOT_PROCESSED)])
            Exam.objects.filter(pk=exam.pk).update(quarantine_key="", sent_folder="")
        erase("quarantine", row.quarantine_key)
        count += 1
    return count


def _uploads(due: datetime) -> int:
    """Exams that could not even be received: their bytes are still on the staging disk."""
    rows = Upload.objects.filter(kind=Upload.Kind.EXAM, state=Upload.State.STORED, stored_at__lte=due)
    count = 0
    for upload in rows.select_related("question")[:200]:
        try:
            with transaction.atomic():
                cancel("receive", upload)
                move(
                    upload,
                    Upload.State.REFUSED,
                    code=REASON,
                    source_name="",
                    metadata=settled_metadata(upload),
                    faults=[Fault(REASON, "upload", NOT_PROCESSED).to_json()],
                )
        except LostRaceError:  # received this moment
            continue
        staging.discard(staging.staging_path(upload.pk))
        count += 1
    return count
