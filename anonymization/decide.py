"""What a person decides about an exam that waits for review."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db import transaction
from django.utils.translation import gettext_noop

from anonymization.choose import choose_series
from anonymization.images import require_usable
from anonymization.models import Review
from anonymization.points import points_from
from anonymization.texts import decide_review_words
from concours.formats.fault import Fault
from core.actors import Actor
from core.clock import database_now
from core.errors import InvalidInputError
from core.moves import done_before, move
from core.progress import tell
from core.work import enqueue
from uploads.exams import accept_exam, refuse_exam
from uploads.models import Exam

REFUSED_BY_PERSON = gettext_noop("An organiser reviewed this exam and refused it: %(note)s")


def confirm_review(
    *,
    review: Review,
    actor: Actor,
    note: str = "",
    keep: Collection[str] = (),
    series: Mapping[str, str | int] | None = None,
) -> None:
    """Nothing speaks against the exam: it continues from where it stopped. Of the unsure words in its texts those in `keep` stay.

    Where a series is to be chosen, `series` names it by image; a confirmation without it is an InvalidInputError.
    Raises UnusableExamError.
    """
    exam = review.exam
    if done_before(review, Review.State.CONFIRMED):
        return
    if review.choices:
        choose_series(review=review, actor=actor, series=series or {}, note=note)
        return
    with transaction.atomic():
        _decide(review, Review.State.CONFIRMED, actor, note)
        decide_review_words(exam=exam, keep=keep, actor=actor)
        if review.stage == "check_quality":
            require_usable(exam)
            accept_exam(exam, actor=actor, reason=note)
            return
        move(exam, Exam.State.DEIDENTIFIED, actor=actor, reason=note)
        tell(exam, stage="deidentify", state="deidentified")
        enqueue("check_quality", exam, challenge_id=exam.question.challenge_id)


def refuse_review(*, review: Review, actor: Actor, note: str) -> None:
    """The person refuses the exam, with words for its centre."""
    if not note.strip():
        raise InvalidInputError(gettext_noop("Explain to the centre why the exam is refused and what to do."))
    if done_before(review, Review.State.REFUSED):
        return
    with transaction.atomic():
        _decide(review, Review.State.REFUSED, actor, note)
        reason = points_from(review.points)[0].reason if review.points else "criterion_not_met"
        fault = Fault(reason, f"exam {review.exam.number}", REFUSED_BY_PERSON, {"note": note})
        refuse_exam(review.exam, stage=review.stage, faults=[fault], actor=actor)


def _decide(review: Review, state: str, actor: Actor, note: str) -> None:
    move(review, state, actor=actor, reason=note, note=note, decided_by=actor, decided_at=database_now())
