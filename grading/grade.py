"""Stage 4, grade: what a reader decides about a reading."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop

from challenges.charter import require_signature
from challenges.models import Charter
from core.actors import Actor
from core.clock import database_now
from core.errors import InvalidInputError, MoveNotAllowedError
from core.locks import locked
from core.moves import done_before, move
from core.work import enqueue
from grading.models import Adjudication, Reading
from grading.settle import require_grade, require_unfrozen, settle_exam
from uploads.models import Exam

LONGEST_LOOK = 3600.0  # seconds; a page left open overnight is not a night of reading


def open_reading(*, reading: Reading) -> None:
    """The exam is on the reader's screen for the first time."""
    Reading.objects.filter(pk=reading.pk, opened_at=None).update(opened_at=database_now())


def grade_reading(
    *, reading: Reading, grade: str, actor: Actor, comment: str = "", criteria: Mapping[str, Any] | None = None
) -> None:
    """The reader's grade. May be changed while the exam is in no set yet."""
    require_grade(reading.exam.question, grade)
    with transaction.atomic():
        exam, now = _open_exam(reading, actor), database_now()
        move(
            reading,
            Reading.State.GRADED,
            actor=actor,
            grade=grade,
            comment=comment,
            criteria=dict(criteria or {}),
            graded_at=now,
            seconds=_seconds(reading, now),
        )
        settle_exam(exam)


def cannot_judge(*, reading: Reading, actor: Actor, comment: str) -> None:
    """The reader cannot judge this exam and says why; another reader gets it, or the organiser decides."""
    if not comment.strip():
        raise InvalidInputError(gettext_noop("Explain why the exam cannot be judged."))
    if done_before(reading, Reading.State.CANNOT_JUDGE):
        return
    with transaction.atomic():
        enqueue("assign_readings", reading.exam, challenge_id=reading.exam.question.challenge_id)
        _exam, now = _open_exam(reading, actor), database_now()
        move(
            reading,
            Reading.State.CANNOT_JUDGE,
            actor=actor,
            comment=comment,
            grade="",
            graded_at=now,
            seconds=_seconds(reading, now),
        )


def reopen_reading(*, reading: Reading, actor: Actor) -> None:
    """Takes the reader's own decision back: the exam waits in the queue again, and a grade that followed from it is void."""
    if done_before(reading, Reading.State.WAITING):
        return
    with transaction.atomic():
        exam = _open_exam(reading, actor)
        move(reading, Reading.State.WAITING, actor=actor, grade="", graded_at=None)
        decided = Adjudication.objects.filter(exam=exam).exclude(method="adjudicator")
        if decided.exists() and exam.state in (Exam.State.KEPT, Exam.State.DROPPED):
            decided.delete()
            move(exam, Exam.State.ACCEPTED, actor=actor)


def _open_exam(reading: Reading, actor: Actor) -> Exam:
    """The exam, held until the caller's transaction ends: nobody else grades, freezes or withdraws it meanwhile."""
    exam = locked(reading.exam, "question__challenge")
    require_signature(actor, exam.question.challenge, Charter.Audience.READER)
    if exam.state == Exam.State.WITHDRAWN:
        raise MoveNotAllowedError(gettext_noop("This exam was withdrawn and needs no grade."))
    require_unfrozen(exam)
    return exam


def _seconds(reading: Reading, now: Any) -> float:
    if reading.opened_at is None:
        return reading.seconds
    return min(LONGEST_LOOK, max(reading.seconds, (now - reading.opened_at).total_seconds()))
