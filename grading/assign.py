"""Stage 4, first half: every accepted exam gets its readers, blind and in an order that says nothing of arrival."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Count, Q

from challenges.frame import spec_of
from challenges.models import Question, Role, role_held
from core.claims import Claim
from core.clock import database_now
from core.errors import LostRaceError
from core.locks import locked
from core.models import Work
from core.moves import move
from core.work import enqueue
from grading.models import Adjudication, Reading
from grading.notices import tell_reader
from grading.settle import keep_exam
from uploads.models import Exam


def assign_readings(claim: Claim) -> None:
    """The stage's function: as many readings as the question asks for, to those with the shortest queues.

    Readers of the exam's own centre come last. With no reader yet, the exam waits; `sweep_unassigned` asks again.
    """
    exam = Exam.objects.select_related("question__challenge", "centre").get(pk=claim.subject_id)
    readers = spec_of(exam.question).grading.readers
    with claim.finish():
        # Held until the readings stand: an exam that is withdrawn or a role that is revoked meanwhile goes afterwards, and takes
        # its readings with it.
        exam = locked(exam, "question__challenge", "centre")
        list(_reader_roles(exam.question).select_for_update().order_by("pk"))
        if exam.state != Exam.State.ACCEPTED:
            return
        if readers == 0:
            keep_exam(exam)
            return
        assigned = exam.readings.exclude(state__in=[Reading.State.CANCELLED, Reading.State.CANNOT_JUDGE]).count()
        for reader in candidates(exam)[: readers - assigned]:
            reading, _ = Reading.objects.get_or_create(
                exam=exam, reader=reader, defaults={"order": place_in_queue(exam, reader)}
            )
            if reading.state == Reading.State.CANCELLED:  # of somebody who reads again
                move(reading, Reading.State.WAITING, graded_at=None)
            tell_reader(reader, exam.question)


def _reader_roles(question: Question) -> Any:
    return Role.objects.filter(challenge=question.challenge_id, kind=Role.Kind.READER).filter(
        Q(question=None) | Q(question=question)
    )


def readers_of(question: Question) -> Any:
    """People who read this question, with the length of their queues as `waiting`."""
    roles = _reader_roles(question)
    waiting = Count("readings", filter=Q(readings__state=Reading.State.WAITING))
    return get_user_model().objects.filter(pk__in=roles.values("user"), is_active=True).annotate(waiting=waiting)


def candidates(exam: Exam) -> list[Any]:
    """Readers who have not had this exam, or have it no more, best first."""
    own = set(exam.centre.memberships.values_list("user_id", flat=True))
    had = exam.readings.exclude(state=Reading.State.CANCELLED)
    free = readers_of(exam.question).exclude(pk__in=had.values("reader"))
    return sorted(free, key=lambda reader: (reader.pk in own, reader.waiting, place_in_queue(exam, reader)))


def place_in_queue(exam: Exam, reader: Any) -> int:
    """A number drawn from the site's secret, the reader and the exam: a shuffle that repeats itself."""
    digest = hmac.new(settings.SECRET_KEY.encode(), f"queue {reader.pk} {exam.pk}".encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:7], "big")


def sweep_unassigned() -> int:
    """Accepted exams that lack readings, in questions that have readers by now, are offered again."""
    lacking = Exam.objects.filter(state=Exam.State.ACCEPTED).annotate(
        assigned=Count("readings", filter=~Q(readings__state__in=["cancelled", "cannot_judge"]))
    )
    # Asked for already: asking again every round would only move the work's time and take the database's lock.
    under_way = Work.objects.filter(stage="assign_readings", state__in=[Work.State.WAITING, Work.State.RUNNING])
    queued = set(under_way.values_list("subject_id", flat=True))
    count = 0
    for question in Question.objects.filter(exams__state=Exam.State.ACCEPTED).distinct():
        readers = spec_of(question).grading.readers
        if not readers_of(question).exists():
            continue
        for exam in lacking.filter(question=question, assigned__lt=readers)[:200]:
            if str(exam.pk) not in queued and candidates(exam):
                enqueue("assign_readings", exam, challenge_id=question.challenge_id)
                count += 1
    return count


def cancel_readings(exam_id: str) -> None:
    """The exam was withdrawn: nobody needs to look at it any more."""
    waiting = Reading.objects.filter(exam_id=exam_id, state=Reading.State.WAITING)
    for reading in waiting.select_for_update().order_by("pk"):
        move(reading, Reading.State.CANCELLED, graded_at=database_now())
    # Grades stay, since readers' agreement is computed from them; what readers wrote of the patient's images does not.
    Reading.objects.filter(exam_id=exam_id).update(comment="", criteria={})
    Adjudication.objects.filter(exam_id=exam_id).update(note="")


def return_readings(user_id: str) -> None:
    """The person lost a role: what waits in queues that are no longer theirs is given to other readers."""
    own = Reading.objects.filter(reader=int(user_id), state=Reading.State.WAITING)
    lost = own.exclude(role_held(user_id, Role.Kind.READER, "exam__question"))
    for reading in lost.select_related("exam__question"):
        challenge_id = reading.exam.question.challenge_id
        enqueue("assign_readings", reading.exam, challenge_id=challenge_id)
        try:
            move(reading, Reading.State.CANCELLED, graded_at=database_now())
        except LostRaceError:  # the person graded it just now: the grade stands
            continue
