"""The jury's pages: blind cases in a juror's own order, images, marks, and nothing for anybody else."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from django.test import Client

from challenges.models import Question
from core.models import User
from core.storage import put_bytes
from scoring.models import JuryCase, JuryMark, JurySession
from tests.factories.people import juror_of, person, signed, team_in
from tests.factories.questions import question

pytestmark = pytest.mark.django_db
CRITERIA = ("liver", "tumour", "enhancement", "necrosis", "consistency")


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def question_row() -> Question:
    question_result = question("mtm-hcc")
    for index in range(3):
        images = np.full((3, 4, 5), 50 * index, np.uint8)
        images[1] += 7
        file = io.BytesIO()
        np.save(file, images)
        blob = put_bytes("submissions", f"jury-{question_result.pk}", file.getvalue())
        JuryCase.objects.create(question=question_result, index=index, cluster=index, images_key=blob.key)
    return question_result


@pytest.fixture
def june(question_row: Question) -> User:
    return juror_of(question_row, "June Juror")


def queue(of: Question) -> str:
    return f"/c/{of.challenge.slug}/mtm-hcc/jury/"


def test_the_jury_is_there_for_its_members_alone(question_row: Question, june: User) -> None:
    browser(june).post(f"{queue(question_row)}begin/")
    case = f"/jury/{JuryCase.objects.first().pk}/"  # type: ignore[union-attr]
    outsiders = [
        person("Sam"),
        question_row.challenge.created_by,
        team_in(question_row, "Milvue").memberships.get().user,
    ]
    later = juror_of(question_row, "Jim Juror")  # in the jury, but has not begun
    for user in outsiders:
        assert browser(user).get(queue(question_row)).status_code == 404
        assert browser(user).post(f"{queue(question_row)}begin/").status_code == 404
    for user in [*outsiders, later]:
        for path in (case, f"{case}volume?image=0"):
            assert browser(user).get(path).status_code == 404
    assert Client().get(case).status_code == 302
    assert JurySession.objects.count() == 1


def test_a_juror_marks_every_case_and_finishes(question_row: Question, june: User) -> None:
    client = browser(june)
    assert "Start" in client.get(queue(question_row)).content.decode()
    client.post(f"{queue(question_row)}begin/")
    answer = client.get(queue(question_row))
    address = f"/jury/{answer.context['next'].case.pk}/"
    seen = set()
    for _case in range(3):
        text = client.get(address).content.decode()
        assert len(re.findall(r"data-viewer\s", text)) == 3 and "Late arterial T1" in text
        seen.add(address)
        address = client.post(address, dict.fromkeys(CRITERIA, "3"))["Location"]
    assert len(seen) == 3 and address == queue(question_row)
    assert JuryMark.objects.count() == 15
    assert "Finish" in client.get(queue(question_row)).content.decode()
    client.post(f"{queue(question_row)}finish/")
    text = client.get(next(iter(seen))).content.decode()
    assert "data-jury" not in text and "Your marks" in text


def test_an_image_as_the_viewer_reads_it(question_row: Question, june: User) -> None:
    client = browser(june)
    client.post(f"{queue(question_row)}begin/")
    case = JuryCase.objects.get(index=2)
    answer = client.get(f"/jury/{case.pk}/volume?image=1")
    assert answer["X-Shape"] == "1,4,5" and "no-store" in answer["Cache-Control"]
    assert np.array_equal(np.frombuffer(answer.content, "<i2"), np.full(20, 107))
    for wrong in ("3", "-1", "x", "99999999999"):
        assert client.get(f"/jury/{case.pk}/volume?image={wrong}").status_code == 404


def test_nothing_on_a_case_says_whose_it_is(question_row: Question, june: User) -> None:
    team_in(question_row, "Milvue")
    client = browser(june)
    client.post(f"{queue(question_row)}begin/")
    case = JuryCase.objects.first()
    assert case is not None
    answer = client.get(f"/jury/{case.pk}/")
    assert "Milvue" not in answer.content.decode() and str(case.submission_id) not in ("", answer.content.decode())
    assert case.images_key not in answer.content.decode()


def test_the_jurors_charter_is_asked_for(question_row: Question, june: User) -> None:
    signed(person("Someone"), question_row.challenge, "juror")
    assert "/charter/juror/?next=" in browser(june).get(queue(question_row)).content.decode()
