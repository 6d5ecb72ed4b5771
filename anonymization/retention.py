"""Originals leave the quarantine when their exam is decided and the retention is over; names of files follow."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models, transaction

from concours.formats.fault import Fault
from concours.formats.json import JsonObject
from core.clock import database_now
from core.models import Progress
from core.storage import erase
from uploads.models import Exam, Upload
from uploads.reasons import HIDDEN, NAMING_STAGES

NAMES_DAYS = (
    30  # a centre reads which file was wrong, and sends it again; then the name, which may be a patient's, goes
)
DECIDED = ("accepted", "kept", "dropped", "refused", "withdrawn")


def sweep_quarantine() -> int:
    """Erases what is due; a sweep that dies half way is taken up by the next."""
    due = database_now() - timedelta(days=settings.QUARANTINE_DAYS)
    exams = Exam.objects.filter(state__in=DECIDED, decided_at__lte=due).exclude(quarantine_key="")
    count = 0
    for exam in exams[:200]:
        erase("quarantine", exam.quarantine_key)
        sent_folder = exam.sent_folder if exam.state == Exam.State.REFUSED else ""  # until `forget_names`
        Exam.objects.filter(pk=exam.pk).update(quarantine_key="", sent_folder=sent_folder)
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
    named = (
        ~models.Q(source_name="")
        | (~models.Q(faults=[]) & ~models.Q(faults__0__where=""))
        | (~models.Q(notes=[]) & ~models.Q(notes__0__names=[]))
        | models.Exists(Exam.objects.filter(upload=models.OuterRef("pk")).exclude(sent_folder=""))
    )
    count = 0
    for upload in settled.filter(named)[:200]:
        exams = [str(pk) for pk in upload.exams.values_list("pk", flat=True)]
        with transaction.atomic():
            for row in _named_steps(exams):
                Progress.objects.filter(pk=row.pk).update(where="", values=_without_path(row))
            faults = [_without_name(fault) for fault in upload.faults]
            notes = [{**note, "names": []} for note in upload.notes]
            Upload.objects.filter(pk=upload.pk).update(source_name="", faults=faults, notes=notes)
            upload.exams.update(sent_folder="")
        count += 1
    return count


def names_are_due(exam: Exam) -> bool:
    """Whether the names of this exam's files were to be erased by now: none may be written again."""
    upload = exam.upload
    return upload is not None and upload.expires_at + timedelta(days=NAMES_DAYS) <= database_now()


def _named_steps(exams: list[str]) -> models.QuerySet[Progress]:
    """Steps that name a file of the centre's; those of quality control say so by the file's number."""
    named = models.Q(stage__in=NAMING_STAGES) | models.Q(values__has_key="file_number")
    return Progress.objects.filter(named, subject_kind="exam", subject_id__in=exams).exclude(where="")


def _without_path(row: Progress) -> JsonObject:
    """The values of a step without the name: in quality control one value is the name, before it any may be part of it."""
    if row.stage in NAMING_STAGES:
        return _hidden(row.values)
    return {key: HIDDEN if value == row.where else value for key, value in row.values.items()}


def _without_name(fault: JsonObject) -> JsonObject:
    hidden = Fault(fault["reason"], "", fault["template"], _hidden(fault["values"]))
    return hidden.to_json()


def _hidden(values: JsonObject) -> JsonObject:
    return {key: HIDDEN if isinstance(value, str) else value for key, value in values.items()}
