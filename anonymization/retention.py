"""Originals leave the quarantine when their exam is decided and the retention is over; names of files follow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models, transaction

from core.clock import database_now
from core.models import Progress
from core.storage import erase
from formats.fault import Fault
from uploads.models import Exam, Upload

NAMES_DAYS = (
    30  # a centre reads which file was wrong, and sends it again; then the name, which may be a patient's, goes
)
HIDDEN = "…"
DECIDED = ("accepted", "kept", "dropped", "refused", "withdrawn")


def sweep_quarantine() -> int:
    """Erases what is due; a sweep that dies half way is taken up by the next."""
    due = database_now() - timedelta(days=settings.QUARANTINE_DAYS)
    exams = Exam.objects.filter(state__in=DECIDED, decided_at__lte=due).exclude(quarantine_key="")
    count = 0
    for exam in exams[:200]:
        erase("quarantine", exam.quarantine_key)
        Exam.objects.filter(pk=exam.pk).update(quarantine_key="")
        _forget_name(exam)
        count += 1
    return count + forget_names()


def _forget_name(exam: Exam) -> None:
    """The upload's file name may name a patient: it goes when the last of its exams has no original any more.

    Where an exam was refused it stays until `forget_names`: without it a centre cannot tell which file to send again.
    """
    needed = ~models.Q(quarantine_key="") | models.Q(state="refused")
    if exam.upload_id and not Exam.objects.filter(needed, upload_id=exam.upload_id).exists():
        Upload.objects.filter(pk=exam.upload_id).update(source_name="")


def forget_names() -> int:
    """Names of files leave the rows of uploads that were settled `NAMES_DAYS` ago; what was wrong with them stays."""
    due = database_now() - timedelta(days=NAMES_DAYS)
    settled = Upload.objects.filter(
        state__in=[Upload.State.RECEIVED, Upload.State.REFUSED],
        expires_at__gt=due - timedelta(days=NAMES_DAYS),  # older ones were seen to long ago
        expires_at__lte=due,
    )
    named = settled.exclude(source_name="") | settled.exclude(faults=[]).exclude(faults__0__where="")
    count = 0
    for upload in named[:200]:
        exams = [str(pk) for pk in upload.exams.values_list("pk", flat=True)]
        with transaction.atomic():
            for row in _named_steps(exams):
                Progress.objects.filter(pk=row.pk).update(where="", values=_hidden(row.values))
            faults = [_without_name(fault) for fault in upload.faults]
            Upload.objects.filter(pk=upload.pk).update(source_name="", faults=faults)
        count += 1
    return count


def _named_steps(exams: list[str]) -> models.QuerySet[Progress]:
    """Steps whose place is a file of the centre's; those of quality control name images and fields."""
    steps = Progress.objects.filter(subject_kind="exam", subject_id__in=exams, stage__in=["receive", "deidentify"])
    return steps.exclude(where="")


def _without_name(fault: dict[str, Any]) -> dict[str, Any]:
    hidden = Fault(fault["reason"], "", fault["template"], _hidden(fault["values"]))
    return hidden.to_json()


def _hidden(values: dict[str, Any]) -> dict[str, Any]:
    return {key: HIDDEN if isinstance(value, str) else value for key, value in values.items()}
