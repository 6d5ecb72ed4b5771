"""The moves of an exam that several stages make: it is accepted, or refused with every reason."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext

from concours.formats.fault import Fault
from concours.formats.json import Json
from core.actors import Actor
from core.clock import database_now
from core.moves import move
from core.progress import tell, tell_fault
from core.work import enqueue
from uploads.models import Exam
from uploads.notices import tell_refused


def exam_title(exam: Exam) -> str:
    """The exam as organisers speak of it."""
    words = {"number": exam.number, "centre": exam.centre, "question": exam.question}
    return gettext("Exam %(number)s of %(centre)s, %(question)s") % words


def refuse_exam(exam: Exam, *, stage: str, faults: list[Fault], actor: Actor = None) -> None:
    """Refuses an exam with every reason, in words for its centre. What stays in quarantine is erased by the sweep."""
    with transaction.atomic():
        for fault in faults:
            tell_fault(exam, fault, stage=stage, state="refused")
        move(exam, Exam.State.REFUSED, actor=actor, code=faults[0].reason, decided_at=database_now())
        tell_refused(exam, stage, faults)


def accept_exam(exam: Exam, *, actor: Actor = None, reason: str = "", **changes: Json) -> None:
    """The exam is included, and readings of it are assigned."""
    enqueue("assign_readings", exam, challenge_id=exam.question.challenge_id)
    move(exam, Exam.State.ACCEPTED, actor=actor, reason=reason, decided_at=database_now(), **changes)
    tell(exam, stage="check_quality", state="accepted")
