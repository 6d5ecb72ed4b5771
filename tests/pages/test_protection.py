"""The data protection officer's page: this challenge's own numbers, for officers and organisers alone, in both languages."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from batches.models import Batch, BatchItem, DeletionRequest, Download
from challenges.centre_keys import hand_out_key
from challenges.frame import create_challenge
from challenges.roles import grant_role
from pages.protection import protection_tables
from tests.pages.edition import Edition, accepted_exam
from uploads.models import Exam
from uploads.withdraw import withdraw_exam

pytestmark = pytest.mark.django_db
PAGE, REGISTER = "/c/jfr-2019/protection/", "/c/jfr-2019/protection/register.csv"
API = "/api/v1/challenges/jfr-2019/protection/"


@pytest.fixture
def officer(edition: Edition) -> Client:
    """Remi is the officer; a batch was downloaded by Tom, and an exam of it was withdrawn and attested by him."""
    team = edition.challenge.teams.get()
    exam, other = accepted_exam(edition), accepted_exam(edition, "Nice", side=5)
    batch = Batch.objects.create(
        question=edition.question, name="training", set_name="training", released_at=exam.received_at, seed="00" * 32
    )
    item = BatchItem.objects.create(batch=batch, exam=exam, public_id="case-1", position=0)
    Download.objects.create(batch=batch, team=team, user=edition.tom, address="192.0.2.7")
    Download.objects.create(batch=batch, team=team, user=edition.tom, address="192.0.2.8")
    withdraw_exam(exam=exam, actor=edition.claire, reason="patient_objects")
    DeletionRequest.objects.filter(item=item).update(attested_at=exam.received_at)
    hand_out_key(centre=edition.centres["Nice"], actor=edition.bruno)
    assert Exam.objects.get(pk=other.pk).state == "accepted"
    grant_role(challenge=edition.challenge, user=edition.remi, kind="dpo", actor=edition.olivia)
    client = Client()
    client.force_login(edition.remi)
    return client


def test_it_shows_what_happened_in_this_challenge(edition: Edition, officer: Client) -> None:
    tables = {table.name: table for table in protection_tables(edition.challenge)}
    assert {name: len(table.rows) for name, table in tables.items()} == {
        "flow": 5,
        "retention": 5,
        "charters": 4,
        "withdrawals": 1,
        "deletions": 1,
        "batches": 1,
        "downloads": 2,
        "keys": 1,
        "record": 9,
        "documents": 6,
    }
    assert {row[0]: row[3] for row in tables["charters"].rows} == {"Centres": 2, "Teams": 1, "Readers": 2, "Jurors": 0}
    withdrawn = tables["withdrawals"].rows[0]
    assert withdrawn[1] == "Bichat" and str(withdrawn[4]).startswith("The patient objects") and withdrawn[7:] == (1, 1)
    assert tables["deletions"].rows[0][:3] == ("training", "case-1", "Tom")
    assert tables["batches"].rows[0][1:5] == ("training", 1, 2, 1)
    assert {row[5] for row in tables["downloads"].rows} == {"192.0.2.7", "192.0.2.8"}
    assert tables["keys"].rows[0][:2] == ("Nice", "Bruno")
    page = officer.get(PAGE, headers={"Accept-Language": "en"}).content.decode()
    for words in ("Data flow", "Retention", "patient objects", "case-1", "192.0.2.7", "Impact assessment", "Register"):
        assert words in page
    french = officer.get(PAGE, headers={"Accept-Language": "fr"}).content.decode()
    assert "Protection des données" in french and "Analyse d’impact" in french and "Impact assessment" not in french


def test_the_register_and_the_api_say_the_same(edition: Edition, officer: Client) -> None:
    answer = {table["name"]: table for table in officer.get(API).json()}
    lines = b"".join(officer.get(REGISTER)).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(lines)))
    assert [table["title"] for table in answer.values()] == [row[0] for row in rows if len(row) == 1]
    assert sum(len(table["rows"]) + 3 for table in answer.values()) == len(rows)
    assert "192.0.2.8" in lines and "patient" not in {cell for row in answer["downloads"]["rows"] for cell in row}


def test_drafts_too_and_nobody_else(edition: Edition, officer: Client, as_: Callable[[str], Client]) -> None:
    draft = create_challenge(slug="draft", title={"en": "Draft"}, actor=edition.olivia)
    grant_role(challenge=draft, user=edition.remi, kind="dpo", actor=edition.olivia)
    assert officer.get("/c/draft/protection/").status_code == 200
    answers: dict[str, Any] = {"olivia": 200, "claire": 404, "tom": 404, "rita": 404, "stefan": 404}
    for name, status in answers.items():
        assert [as_(name).get(path).status_code for path in (PAGE, REGISTER, API)] == [status] * 3, name
    assert [as_("").get(path).status_code for path in (PAGE, REGISTER, API)] == [302, 302, 401]
    assert PAGE in officer.get("/").content.decode()
