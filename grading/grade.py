"""Stage 4, grade: what a reader decides about a reading."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop

from challenges.charter import require_signature
from challenges.models import Charter
from core.clock import database_now
from core.errors import InvalidInputError, MoveNotAllowedError
from core.moves import move
from core.work import enqueue
from grading.models import Adjudication, Reading
from grading.models.reading import Grade
from grading.settle import settle_exam
from uploads.models import Exam

LONGEST_LOOK = 3600.0  # seconds; a page left open overnight is not a night of reading


def open_reading(*, reading: Reading) -> None:
    """The exam is on the reader's screen for the first time."""
    Reading.objects.filter(pk=reading.pk, opened_at=None).update(opened_at=database_now())


def grade_reading(
    *, reading: Reading, grade: str, actor: Any, comment: str = "", criteria: Mapping[str, Any] | None = None
) -> None:
    """The reader's grade. May be changed while the exam is in no set yet."""
    if grade not in Grade.values:
        raise InvalidInputError(gettext_noop("A grade is A, B, C or D."))
    _require_open(reading, actor)
    now = database_now()
    with transaction.atomic():
        move(
            reading,
            Reading.State.GRADED,
            allowed=Reading.MOVES,
            actor=actor,
            challenge_id=reading.exam.question.challenge_id,
            grade=grade,
            comment=comment,
            criteria=dict(criteria or {}),
            graded_at=now,
            seconds=_seconds(reading, now),
        )
        settle_exam(reading.exam)


def cannot_judge(*, reading: Reading, actor: Any, comment: str) -> None:
    """The reader cannot judge this exam and says why; another reader gets it, or the organiser decides."""
    if not comment.strip():
        raise InvalidInputError(gettext_noop("Say why the exam cannot be judged."))
    _require_open(reading, actor)
    now = database_now()
    with transaction.atomic():
        move(
            reading,
            Reading.State.CANNOT_JUDGE,
            allowed=Reading.MOVES,
            actor=actor,
            challenge_id=reading.exam.question.challenge_id,
            comment=comment,
            grade="",
            graded_at=now,
            seconds=_seconds(reading, now),
        )
        enqueue("assign_readings", reading.exam, challenge_id=reading.exam.question.challenge_id)


def reopen_reading(*, reading: Reading, actor: Any) -> None:
    """Takes the reader's own decision back: the exam waits in the queue again, and a grade that followed from it is void."""
    _require_open(reading, actor)
    exam = reading.exam
    with transaction.atomic():
        move(
            reading,
            Reading.State.WAITING,
            allowed=Reading.MOVES,
            actor=actor,
            challenge_id=exam.question.challenge_id,
            grade="",
            graded_at=None,
        )
        decided = Adjudication.objects.filter(exam=exam).exclude(method="adjudicator")
        if decided.exists() and exam.state in (Exam.State.KEPT, Exam.State.DROPPED):
            decided.delete()
            move(exam, Exam.State.ACCEPTED, allowed=Exam.MOVES, actor=actor, challenge_id=exam.question.challenge_id)


def _require_open(reading: Reading, actor: Any) -> None:
    require_signature(actor, reading.exam.question.challenge, Charter.Audience.READER)
    if reading.exam.state == Exam.State.WITHDRAWN:
        raise MoveNotAllowedError(gettext_noop("This exam was withdrawn; it needs no grade."))
    if getattr(reading.exam, "split_items").filter(split__state="frozen").exists():  # noqa: B009  (an app above)
        raise MoveNotAllowedError(gettext_noop("The sets are drawn; grades can no longer change."))


def _seconds(reading: Reading, now: Any) -> float:
    if reading.opened_at is None:
        return reading.seconds
    return min(LONGEST_LOOK, max(reading.seconds, (now - reading.opened_at).total_seconds()))
