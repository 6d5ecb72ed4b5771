"""Faults of a truth as organisers read them: a truth knows its cases by their public ids alone, organisers know them as exams."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from batches.cases import of_exam
from batches.models import Batch, BatchItem
from challenges.field_titles import KEYS, field_titles
from challenges.frame import spec_of
from concours.formats.fault import Fault
from concours.formats.json import JsonObject
from core.models import Progress, Work
from core.progress import progress_of
from core.words import say
from scoring.models import Submission
from uploads.exams import exam_title
from uploads.models import Exam


def by_exam(batches: Iterable[Batch], faults: Iterable[Fault]) -> list[Fault]:
    """The faults, each with the exam whose case it names."""
    listed = list(faults)
    items = BatchItem.objects.filter(batch__in=list(batches), public_id__in=[_case_of(fault) for fault in listed])
    exams = {item.public_id: item.exam for item in items.select_related("exam")}
    return [of_exam(fault, exams[_case_of(fault)]) if _case_of(fault) in exams else fault for fault in listed]


def organisers_faults(submission: Submission) -> list[JsonObject]:
    """Why it failed, for organisers: faults of the truth or the question, or of the platform."""
    notes = progress_of(submission).filter(audience=Progress.Audience.ORGANISER).order_by("at", "id")
    faults = [{"where": row.where, "template": row.template, "values": row.values} for row in notes]
    if not faults and submission.state == Submission.State.FAILED:
        stages = ("validate_submission", "score_submission")
        works = Work.objects.filter(stage__in=stages, subject_id=str(submission.pk), state=Work.State.FAILED)
        faults = [fault for work in works for fault in work.faults]
    return faults


@dataclass(frozen=True)
class OrganisersLine:
    """A fault in words, with the exam that it is about."""

    message: str
    where: str


def faults_for_organisers(submission: Submission) -> list[OrganisersLine]:
    """The same in the reader's language, each with the exam that it is about."""
    faults = organisers_faults(submission)
    ids = [fault["values"]["exam"] for fault in faults if "exam" in fault["values"]]
    exams = {str(exam.pk): exam for exam in Exam.objects.filter(pk__in=ids).select_related("centre", "question")}
    listed = []
    for fault in faults:
        exam = exams.get(str(fault["values"].get("exam", "")))
        where = exam_title(exam) if exam is not None else fault["where"]
        titles = KEYS if exam is None else field_titles(spec_of(exam.question))
        listed.append(OrganisersLine(say(fault["template"], titles.values(fault["values"])), where))
    return listed


def _case_of(fault: Fault) -> str:
    return str(fault.values.get("id", ""))
