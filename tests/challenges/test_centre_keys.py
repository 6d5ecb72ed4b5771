"""A centre's key goes to the people of that centre alone, on record, and is never the challenge's."""

from __future__ import annotations

import base64
import time
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from challenges.centre_keys import HandedKey
from challenges.keys import challenge_key, key_of_centre
from challenges.models import CentreMembership
from concours.deid import CentreKey
from core.models import AuditRecord, User
from tests.factories.exams import centre, kept_exam
from tests.factories.people import person
from tests.factories.questions import question
from uploads.models import Exam, Patient

pytestmark = pytest.mark.django_db


@pytest.fixture
def home(settings: Any, tmp_path: Path) -> Any:
    settings.KEYS_DIR = tmp_path / "keys"
    matches = centre(question())
    CentreMembership.objects.create(centre=matches, user=person("Carla Centre"))
    return matches


def client(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def test_its_people_get_it_and_each_time_is_on_record(home: Any) -> None:
    carla = person("Carla Centre")
    answer = client(carla).post(f"/api/v1/centres/{home.pk}/key/")
    assert answer.status_code == 200 and answer["Cache-Control"] == "no-store"
    matches = answer.json()
    secret = base64.b64decode(matches["key"])
    assert matches["centre"] == home.slug and matches["derivation"] == 1
    assert secret == key_of_centre(home).secret != challenge_key(home.challenge)
    record = AuditRecord.objects.get(verb="centre key handed out")
    assert (record.actor, record.subject_id, record.challenge_id) == (carla, str(home.pk), home.challenge_id)
    assert matches["key"] not in repr(record.__dict__) + repr(HandedKey(**matches))


@pytest.mark.parametrize(("who", "status"), [("Olga", 403), ("Sven Staff", 403), ("Bruno Nice", 404), ("Sam", 404)])
def test_nobody_else_does(home: Any, who: str, status: int) -> None:
    user = person(who)
    User.objects.filter(pk=person("Sven Staff").pk).update(is_superuser=True, is_staff=True)
    other = centre(home.challenge.questions.get(), "Nice")
    CentreMembership.objects.create(centre=other, user=person("Bruno Nice"))
    if who == "Olga":
        assert home.challenge.roles.filter(user=user, kind="organiser").exists()
    answer = client(User.objects.get(pk=user.pk)).post(f"/api/v1/centres/{home.pk}/key/")
    assert answer.status_code == status and b'"key"' not in answer.content
    assert not AuditRecord.objects.filter(verb="centre key handed out").exists()


def test_a_session_enters_its_password_again(home: Any, settings: Any) -> None:
    settings.SECOND_FACTOR = True
    browser = client(person("Carla Centre"))
    refused = browser.post(f"/api/v1/centres/{home.pk}/key/")
    assert refused.status_code == 403 and refused.json()["reason"] == "sign_in_again"
    session = browser.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session.save()
    assert browser.post(f"/api/v1/centres/{home.pk}/key/").status_code == 200


@pytest.mark.parametrize(("scopes", "status"), [(["upload"], 200), (["read", "submit", "organise"], 403)])
def test_a_token_needs_the_scope_upload(home: Any, scopes: list[str], status: int) -> None:
    from challenges.tokens import issue_token

    _row, secret = issue_token(user=person("Carla Centre"), name="script", days=1, scopes=scopes)
    answer = Client().post(f"/api/v1/centres/{home.pk}/key/", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == status


def test_an_exam_is_found_by_its_pseudonym_by_its_own_centre_alone(home: Any) -> None:
    of = home.challenge.questions.get()
    exam = kept_exam(of, {}, {}, at=home)
    key = CentreKey(key_of_centre(home).secret)
    exam.patient = Patient.objects.create(challenge=home.challenge, pseudonym=key.pseudonym("IPP 1957"))
    Exam.objects.filter(pk=exam.pk).update(patient=exam.patient)
    own, organiser = client(person("Carla Centre")), client(person("Olga"))
    address = "/api/v1/exams/"

    def matches(browser: Client, number: str) -> list[str]:
        answer = browser.get(address, {"pseudonym": key.pseudonym(number)}).json()
        return [row["id"] for row in answer["results"]]

    assert matches(own, "IPP 1957") == [str(exam.pk)] and matches(own, "IPP 1958") == []
    assert [row["id"] for row in organiser.get(address).json()["results"]] == [str(exam.pk)]
    assert matches(organiser, "IPP 1957") == []
