"""What a person decides about an exam that waits for review."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop

from anonymization.accept import accept_exam
from anonymization.models import Review
from core.clock import database_now
from core.errors import InvalidInputError
from core.moves import move
from core.progress import tell
from core.work import enqueue
from formats.fault import Fault
from uploads.models import Exam
from uploads.receive import refuse_exam

REFUSED_BY_PERSON = gettext_noop("An organiser looked at this exam and refused it: %(note)s")


def confirm_review(*, review: Review, actor: Any, note: str = "") -> None:
    """The person saw nothing that speaks against the exam: it goes on from where it stopped."""
    exam = review.exam
    with transaction.atomic():
        _decide(review, Review.State.CONFIRMED, actor, note)
        if review.stage == "check_quality":
            accept_exam(exam, actor=actor, reason=note)
            return
        move(
            exam,
            Exam.State.DEIDENTIFIED,
            allowed=Exam.MOVES,
            actor=actor,
            reason=note,
            challenge_id=exam.question.challenge_id,
        )
        tell(exam, stage="deidentify", state="deidentified")
        enqueue("check_quality", exam, challenge_id=exam.question.challenge_id)


def refuse_review(*, review: Review, actor: Any, note: str) -> None:
    """The person refuses the exam, with words for its centre."""
    if not note.strip():
        raise InvalidInputError(gettext_noop("Tell the centre why the exam is refused and what to do."))
    with transaction.atomic():
        _decide(review, Review.State.REFUSED, actor, note)
        reason = review.points[0]["reason"] if review.points else "criterion_not_met"
        fault = Fault(reason, f"exam {review.exam.number}", REFUSED_BY_PERSON, {"note": note})
        refuse_exam(review.exam, stage=review.stage, faults=[fault], actor=actor)


def _decide(review: Review, state: str, actor: Any, note: str) -> None:
    move(
        review,
        state,
        allowed=Review.MOVES,
        actor=actor,
        reason=note,
        challenge_id=review.exam.question.challenge_id,
        note=note,
        decided_by=actor,
        decided_at=database_now(),
    )
