"""A reader who reads no more: open readings go to others at once, grades given stay, nothing is seen any longer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from challenges.models import Role
from challenges.revoke import revoke_role
from challenges.roles import grant_role
from core.models import AuditRecord
from core.work import enqueue
from grading.grade import grade_reading
from grading.models import Reading
from tests.factories.exams import work_all
from tests.pages.edition import Edition, accepted_exam, small_edition
from uploads.models import Exam

pytestmark = pytest.mark.django_db
As = Callable[[str], Client]


@pytest.fixture
def edition(db: None, settings: Any, tmp_path: Path) -> Edition:
    """As everywhere here, with one reading an exam."""
    settings.KEYS_DIR, settings.STAGING_DIR = tmp_path / "keys", tmp_path / "staging"
    return small_edition(grading={"readers": 1})


def read_by(exam: Exam, state: str = "waiting") -> set[str]:
    return {row.reader.full_name for row in exam.readings.filter(state=state)}


def given_out(edition: Edition, *sides: int) -> list[Exam]:
    exams = [accepted_exam(edition, side=side) for side in sides]
    for exam in exams:
        enqueue("assign_readings", exam, challenge_id=edition.challenge.pk)
    work_all(("assign_readings",))
    return exams


def revoked(edition: Edition, name: str) -> None:
    role = Role.objects.get(challenge=edition.challenge, user=edition.people[name], kind="reader")
    revoke_role(role=role, actor=edition.olivia, reason="left the hospital")


def test_open_readings_go_to_another_reader_and_grades_stay(edition: Edition, as_: As) -> None:
    exams = given_out(edition, 3, 4, 5, 6)
    own = list(Reading.objects.filter(reader=edition.rita).order_by("order"))
    assert len(own) == 2 and {exam for exam in exams if read_by(exam) == {"Remi"}}
    graded, waiting = own
    grade_reading(reading=graded, grade="A", actor=edition.rita)
    revoked(edition, "rita")
    waiting.refresh_from_db()
    assert waiting.state == "cancelled" and AuditRecord.objects.filter(verb="reading cancelled").count() == 1
    work_all(("assign_readings",))
    assert read_by(waiting.exam) == {"Remi"}
    graded.exam.refresh_from_db()
    assert (read_by(graded.exam, "graded"), graded.exam.state) == ({"Rita"}, "kept")
    assert not read_by(graded.exam)


def test_a_revoked_reader_sees_and_grades_nothing(edition: Edition, as_: As) -> None:
    given_out(edition, 3, 4)
    own = Reading.objects.get(reader=edition.rita)
    client = as_("rita")
    address = reverse("grading:reading", args=[own.pk])
    assert client.get(address).status_code == 200
    revoked(edition, "rita")
    assert client.get(address).status_code == 404
    assert client.get(reverse("grading:volume", args=[own.pk])).status_code == 404
    assert client.post(reverse("grading:grade", args=[own.pk]), {"grade": "A"}).status_code == 404
    assert client.post(f"/api/v1/readings/{own.pk}/grade/", {"grade": "A"}).status_code == 404
    assert client.get(reverse("grading:queue")).context["queues"] == []


def test_with_nobody_left_the_exam_waits_and_comes_back_to_who_reads_again(edition: Edition) -> None:
    (exam,) = given_out(edition, 4)
    for name in ("rita", "remi"):
        revoked(edition, name)
    work_all(("assign_readings",))
    assert not read_by(exam) and read_by(exam, "cancelled")
    was = exam.readings.get().reader
    grant_role(challenge=edition.challenge, user=was, kind="reader", actor=None)
    enqueue("assign_readings", exam, challenge_id=edition.challenge.pk)
    work_all(("assign_readings",))
    assert read_by(exam) == {was.full_name}


def test_a_reader_of_one_question_keeps_the_readings_of_another_role(edition: Edition) -> None:
    """Revoking the role for the whole challenge leaves the one for this question, and its queue."""
    given_out(edition, 3, 4)
    grant_role(challenge=edition.challenge, user=edition.rita, kind="reader", actor=None, question=edition.question)
    whole = Role.objects.get(user=edition.rita, question=None)
    revoke_role(role=whole, actor=edition.olivia, reason="one question only")
    assert Reading.objects.get(reader=edition.rita).state == "waiting"
