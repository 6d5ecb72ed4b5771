"""A NUL character in what people send is a mistake of theirs: PostgreSQL cannot hold it, and no page may fall over it."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from challenges.models import Question
from challenges.roles import grant_role
from core.models import User
from tests.factories.people import person
from tests.factories.questions import question

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def question_row(postgres_database: str) -> Question:
    return question()


@pytest.fixture
def olga(question_row: Question) -> User:
    someone = person("Olga")
    grant_role(challenge=question_row.challenge, user=someone, kind="organiser", actor=None)
    return someone


def test_in_addresses_and_forms_of_pages(question_row: Question, olga: User) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(olga)
    challenge = f"/c/{question_row.challenge.slug}"
    pages = ("exams/?centre=%00", "exams.csv?centre=%00", "board/?phase=%00", "board.csv?part=%00", "board/?%00=1")
    addresses = [f"{challenge}/{question_row.slug}/{page}" for page in pages]
    addresses += [f"{challenge}/audit/?q=%00", f"{challenge}/work/?stage=%00"]
    assert {address: client.get(address).status_code for address in addresses} == dict.fromkeys(addresses, 400)
    words = {"what": "reader", "email": "a\0@b.example", "name": "a\0", "reason": "a\0", "en": "a\0", "text": "a\0"}
    forms = [f"{challenge}/{name}/" for name in ("people/invite", "people/centre", "console/close", "setup/charter")]
    assert {form: client.post(form, words).status_code for form in forms} == dict.fromkeys(forms, 400)


def test_in_bodies_of_the_api(question_row: Question, olga: User) -> None:
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(olga)
    slug = question_row.challenge.slug
    bodies: dict[str, dict[str, Any]] = {
        f"challenges/{slug}/close/": {"reason": "a\0"},
        "announcements/": {"question": f"{slug}/\0", "ranking": 1, "announced_at": "2026-01-01T00:00:00Z"},
        "submissions/": {"upload": "00000000-0000-0000-0000-000000000000", "declared": {"a\0": 1}},
        "splits/": {"question": "\0/\0"},
        "invitations/accept/": {"secret": "\0"},
    }
    response_text = {path: client.post(f"/api/v1/{path}", body, format="json") for path, body in bodies.items()}
    assert {path: answer.status_code for path, answer in response_text.items()} == dict.fromkeys(bodies, 400)
    assert all(answer.json()["errors"] for answer in response_text.values())


def test_in_what_an_upload_says_of_itself(question_row: Question, olga: User) -> None:
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(olga)
    for key in ("question", "filename", "values", "phase"):
        response_text = {"question": f"{question_row.challenge.slug}/{question_row.slug}", "kind": "exam", key: "a\0b"}
        pairs = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in response_text.items())
        headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "1", "Upload-Metadata": pairs}
        answer = client.post("/api/v1/uploads/", headers=headers)
        assert answer.status_code == 400 and "NUL" in answer.json()["detail"], key
