"""From readings to a grade in force: what readers agree on by themselves, and exams that nobody was given yet."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from challenges.roles import grant_role
from core.models import AuditRecord, Work
from grading.assign import sweep_unassigned
from grading.models import Adjudication, Reading
from grading.settle import consensus, decide_grade, keep_exam, settle_exam
from tests.factories.exams import kept_exam, square, work_all
from tests.factories.people import person
from tests.factories.questions import question
from uploads.models import Exam

IMAGES = {"image": [square(3)]}


@pytest.mark.parametrize(
    ("grades", "outcome"),
    [
        ("", None),
        ("B", ("B", "single")),
        ("AA", ("A", "agreement")),
        ("DDD", ("D", "agreement")),
        ("AAD", ("A", "majority")),  # more than half, however far the third is
        ("BBC", ("B", "majority")),
        ("AB", ("B", "agreement")),  # neighbours: the lower one
        ("CD", ("D", "agreement")),
        ("AABB", ("B", "agreement")),  # half is no majority
        ("AC", None),
        ("ABC", None),
        ("AADD", None),
        ("ABCD", None),
    ],
)
def test_what_grades_come_to_whatever_their_order(grades: str, outcome: tuple[str, str] | None) -> None:
    assert {consensus(order) for order in permutations(grades)} == {outcome}


@pytest.fixture(autouse=True)
def own_keys(settings: Any, tmp_path: Path) -> None:
    settings.KEYS_DIR = tmp_path / "keys"
    settings.WORK_HEARTBEAT_SECONDS = 3600


def accepted(readers: int) -> Exam:
    of = question("sarcopenia", {"grading": {"readers": readers}})
    return kept_exam(of, IMAGES, {}, state=Exam.State.ACCEPTED)


def graded(exam: Exam, *grades: str) -> None:
    for number, grade in enumerate(grades):
        reader = person(f"Rita {chr(65 + number)}")
        Reading.objects.create(
            exam=exam, reader=reader, order=number, state=Reading.State.GRADED, grade=grade, graded_at=exam.received_at
        )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("grades", "state", "method"),
    [
        ("A", "accepted", None),  # one of two readings is in
        ("AA", "kept", "agreement"),
        ("DD", "dropped", "agreement"),
        ("AD", "accepted", None),  # a person decides
    ],
)
def test_an_exam_is_settled_once_all_its_readings_agree(grades: str, state: str, method: str | None) -> None:
    exam = accepted(readers=2)
    graded(exam, *grades)
    settle_exam(exam)
    exam.refresh_from_db()
    assert exam.state == state
    assert [row.method for row in Adjudication.objects.filter(exam=exam)] == ([method] if method else [])


@pytest.mark.django_db
def test_an_organisers_grade_replaces_the_readers_and_moves_the_exam() -> None:
    exam = accepted(readers=1)
    graded(exam, "A")
    settle_exam(exam)
    decide_grade(exam=exam, grade="D", method="adjudicator", actor=person("Olga"), note="motion")
    exam.refresh_from_db()
    decision = Adjudication.objects.get(exam=exam)
    assert (exam.state, decision.grade, decision.method) == ("dropped", "D", "adjudicator")


@pytest.mark.django_db
def test_a_question_without_readers_keeps_every_accepted_exam_on_record() -> None:
    exam = accepted(readers=0)
    keep_exam(exam)
    exam.refresh_from_db()
    record = AuditRecord.objects.get(verb="exam kept")
    assert (exam.state, record.before, record.challenge_id) == ("kept", "accepted", exam.question.challenge_id)


@pytest.mark.django_db
def test_an_exam_that_came_before_its_readers_is_offered_once_they_are_there() -> None:
    exam = accepted(readers=2)
    assert sweep_unassigned() == 0  # nobody reads this question
    grant_role(challenge=exam.question.challenge, user=person("Rita"), kind="reader", actor=None)
    assert sweep_unassigned() == 1
    assert sweep_unassigned() == 0  # it is asked for already
    assert work_all() == ["assign_readings"]
    assert [row.reader.full_name for row in exam.readings.all()] == [person("Rita").full_name]
    assert sweep_unassigned() == 0  # the only reader has it
    grant_role(challenge=exam.question.challenge, user=person("Ralf"), kind="reader", actor=None)
    assert sweep_unassigned() == 1
    work_all()
    assert exam.readings.count() == 2
    assert sweep_unassigned() == 0  # it has what the question asks for
    assert not Work.objects.exclude(state=Work.State.DONE).exclude(stage="mail_digest").exists()
