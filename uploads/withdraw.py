"""An exam leaves: its objects are erased, and apps above answer the event each for its own rows."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop

from core.clock import database_now
from core.errors import InvalidInputError
from core.events import announce
from core.moves import move
from core.progress import tell
from core.storage import erase
from uploads.models import Exam


def withdraw_exam(*, exam: Exam, actor: Any, reason: str) -> None:
    """Withdraws the exam with a reason. Batches that are not out yet lose it; for those that are, teams are told."""
    if not reason.strip():
        raise InvalidInputError(gettext_noop("Say why the exam is withdrawn, without naming the patient."))
    keys = [("quarantine", exam.quarantine_key), ("exams", exam.bundle_key)]
    keys += [("exams", annotation.blob_key) for annotation in exam.annotations.all()]
    with transaction.atomic():
        move(
            exam,
            Exam.State.WITHDRAWN,
            allowed=Exam.MOVES,
            actor=actor,
            reason=reason,
            challenge_id=exam.question.challenge_id,
            decided_at=database_now(),
        )
        tell(exam, stage="withdraw", state="withdrawn")
        announce("exam_withdrawn", str(exam.pk))
    for store, key in keys:
        erase(store, key)
    Exam.objects.filter(pk=exam.pk).update(quarantine_key="")
