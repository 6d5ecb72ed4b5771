"""From readings to the grade in force, and from the grade to kept or dropped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop

from challenges.frame import spec_of
from challenges.models import Question
from core.actors import Actor, person_of
from core.errors import InvalidInputError, MoveNotAllowedError
from core.locks import locked
from core.moves import move
from core.progress import tell
from core.registry import call_hook
from grading.models import Adjudication, Reading
from grading.models.reading import Grade
from uploads.models import Exam

SCALE = [str(grade) for grade in Grade]
FARTHEST = 1  # neighbouring grades are settled by the lower one; farther apart, a person decides


def consensus(grades: Sequence[str]) -> tuple[str, str] | None:
    """The grade that several readers' grades come to and how; None where a person must decide.

    One reader: that grade. All alike: agreement. More than half alike: majority. Neighbouring grades: the lower one, since
    an exam that one reader finds poor is treated as poor.
    """
    if not grades:
        return None
    if len(grades) == 1:
        return grades[0], "single"
    most, votes = Counter(grades).most_common(1)[0]
    if votes == len(grades):
        return most, "agreement"
    if votes * 2 > len(grades):
        return most, "majority"
    places = [SCALE.index(grade) for grade in grades]
    if max(places) - min(places) <= FARTHEST:
        return SCALE[max(places)], "agreement"
    return None


def require_grade(question: Question, grade: str) -> None:
    """Raises InvalidInputError for a grade that the question's scale does not have."""
    scale = spec_of(question).grading.scale
    if grade not in scale:
        raise InvalidInputError(
            gettext_noop("A grade of this question is one of: %(grades)s."), grades=", ".join(scale)
        )


def settle_exam(exam: Exam) -> None:
    """When every reading that the question requires is in: the grade in force, and the exam is kept or dropped.

    The caller holds the exam's row: of two readers who grade at once, the second sees the first's grade.
    """
    readers = spec_of(exam.question).grading.readers
    grades = list(exam.readings.filter(state=Reading.State.GRADED).values_list("grade", flat=True))
    if len(grades) < readers:
        return
    agreed = consensus(grades)
    if agreed is not None:
        decide_grade(exam=exam, grade=agreed[0], method=agreed[1])


def decide_grade(*, exam: Exam, grade: str, method: str, actor: Actor = None, note: str = "") -> Adjudication:
    """Sets the grade in force and moves the exam accordingly."""
    require_grade(exam.question, grade)
    with transaction.atomic():
        exam = locked(exam, "question")
        require_unfrozen(exam)
        decision, _ = Adjudication.objects.update_or_create(
            exam=exam, defaults={"grade": grade, "method": method, "decided_by": person_of(actor), "note": note}
        )
        target = Exam.State.KEPT if grade in spec_of(exam.question).grading.kept else Exam.State.DROPPED
        if exam.state != target:
            move(exam, target, actor=actor)
        tell(exam, stage="grade", state="graded")
    return decision


def require_unfrozen(exam: Exam) -> None:
    """Once an exam is in a frozen set its grade stands, whoever gave it."""
    if any(call_hook("exam_is_fixed", exam)):
        raise MoveNotAllowedError(gettext_noop("The sets are drawn; grades can no longer be changed."))


def keep_exam(exam: Exam) -> None:
    """A question without grading keeps every accepted exam."""
    move(exam, Exam.State.KEPT)


def awaiting_adjudication(exams: Any) -> list[Exam]:
    """Exams whose readers disagree too far, or of which nobody could judge."""
    waiting = []
    for exam in exams.filter(state=Exam.State.ACCEPTED).prefetch_related("readings"):
        done = [r for r in exam.readings.all() if r.state in (Reading.State.GRADED, Reading.State.CANNOT_JUDGE)]
        open_ = [r for r in exam.readings.all() if r.state == Reading.State.WAITING]
        if done and not open_:
            waiting.append(exam)
    return waiting
