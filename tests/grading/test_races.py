"""Readers, organisers and workers act on one exam at once, on both databases: no grade is lost, none comes too late."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from batches.split import draft_split, freeze_split
from challenges.revoke import revoke_role
from challenges.roles import grant_role
from core.errors import MoveNotAllowedError
from core.performing import perform
from core.work import enqueue
from grading.grade import cannot_judge, grade_reading
from grading.models import Adjudication, Reading
from tests.factories.exams import kept_exam, square, work_all
from tests.factories.people import person, signed
from tests.factories.questions import question
from tests.interleaved import meanwhile, overlapping
from uploads.models import Exam
from uploads.withdraw import withdraw_exam

BOTH = pytest.mark.parametrize(
    "any_database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)


@pytest.fixture(autouse=True)
def own_folders(settings: Any, tmp_path: Path) -> None:
    settings.KEYS_DIR, settings.STAGING_DIR = tmp_path / "keys", tmp_path / "staging"


def exam_read_by(*names: str, state: str = "accepted") -> Exam:
    question_row = question(changes={"grading": {"readers": len(names)}})
    for name in names:
        grant_role(
            challenge=question_row.challenge,
            user=signed(person(name), question_row.challenge, "reader"),
            kind="reader",
            actor=None,
        )
    pixels = square(4).astype("uint16") * 900
    exam = kept_exam(question_row, {"image": [pixels]}, {"mask": square(3)}, state=state)
    if state == "accepted":
        perform(enqueue("assign_readings", exam).pk)
    return exam


def graded(exam: Exam, name: str, grade: str) -> None:
    reading = Reading.objects.select_related("exam__question__challenge").get(exam=exam, reader=person(name))
    grade_reading(reading=reading, grade=grade, actor=reading.reader)


@BOTH
@pytest.mark.parametrize("names", [("Rita", "Remi"), ("Remi", "Rita")])
def test_the_last_two_grades_at_once_settle_the_exam(
    any_database: str, names: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    exam = exam_read_by("Rita", "Remi")
    doers = [lambda name=name: graded(exam, name, "A") for name in names]
    assert overlapping(monkeypatch, "grading.grade.settle_exam", *doers) == []
    exam.refresh_from_db()
    assert exam.state == "kept" and Adjudication.objects.get().method == "agreement"


@BOTH
def test_a_grade_that_comes_while_the_sets_are_frozen_is_refused(
    any_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam = exam_read_by("Rita")
    graded(exam, "Rita", "A")
    split = draft_split(question=exam.question, actor=None)
    monkeypatch.setattr("batches.split.freeze_obstacles", lambda split: [])  # phantoms without a mask
    errors = overlapping(
        monkeypatch,
        "batches.split.plan_batches",
        lambda: freeze_split(split=split, actor=None),
        lambda: graded(exam, "Rita", "D"),
    )
    assert [type(error) for error in errors] == [MoveNotAllowedError]
    exam.refresh_from_db()
    assert exam.state == "kept"


@BOTH
def test_sets_that_are_frozen_while_a_grade_is_written_are_out_of_date(
    any_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam = exam_read_by("Rita")
    graded(exam, "Rita", "A")
    split = draft_split(question=exam.question, actor=None)
    errors = overlapping(
        monkeypatch,
        "grading.grade.settle_exam",
        lambda: graded(exam, "Rita", "D"),
        lambda: freeze_split(split=split, actor=None),
    )
    assert [getattr(error, "reason", "") for error in errors] == ["split_out_of_date"]


@BOTH
@pytest.mark.parametrize("order", [1, -1])
def test_a_withdrawn_exam_keeps_no_reading_that_waits(
    any_database: str, order: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam = exam_read_by("Rita")
    Reading.objects.all().delete()
    row = enqueue("assign_readings", exam)
    hook = {1: "grading.assign.candidates", -1: "uploads.withdraw.call_hook"}[order]
    doers = [
        lambda: perform(row.pk),
        lambda: withdraw_exam(exam=Exam.objects.get(pk=exam.pk), actor=None, reason="the patient objected"),
    ][::order]
    assert overlapping(monkeypatch, hook, *doers) == []
    exam.refresh_from_db()
    assert exam.state == "withdrawn" and not Reading.objects.filter(state="waiting").exists()


@BOTH
def test_cannot_judge_and_the_worker_do_not_wait_for_one_another(
    any_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam = exam_read_by("Rita", "Remi")
    row = enqueue("assign_readings", exam)
    reading = Reading.objects.select_related("exam__question__challenge").get(reader=person("Rita"))
    errors = overlapping(
        monkeypatch,
        "grading.assign.candidates",
        lambda: perform(row.pk),
        lambda: cannot_judge(reading=reading, actor=reading.reader, comment="blurred"),
    )
    assert errors == []
    reading.refresh_from_db()
    assert reading.state == "cannot_judge"


@pytest.mark.django_db
def test_a_grade_given_while_the_role_is_revoked_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    exam = exam_read_by("Rita")
    role = exam.question.challenge.roles.get(user=person("Rita"))
    meanwhile(monkeypatch, "grading.assign.move", lambda: graded(exam, "Rita", "A"))
    revoke_role(role=role, actor=person("Olga"), reason="left the hospital")
    assert Reading.objects.get().state == "graded"
    work_all(("assign_readings",))
    exam.refresh_from_db()
    assert exam.state == "kept"
