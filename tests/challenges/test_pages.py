"""Pages of the frame as each role: challenge, question, charter, invitation, team, tokens."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from challenges.charter import publish_charter
from challenges.frame import load_question
from challenges.invitations import invite
from challenges.models import Challenge, CharterSignature, Invitation, Membership, Question, Team
from core.models import AccessToken, User
from tests.challenges.conftest import CATALOGUE, SARCOPENIA, person

pytestmark = pytest.mark.django_db


def browser(user: User | None = None, language: str = "en") -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE=language)
    if user is not None:
        client.force_login(user)
    return client


def page(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, f"{path}: {answer.status_code}"
    return answer.content.decode()


def test_a_challenge_for_everybody_and_a_draft_for_nobody_else(
    challenge: Challenge, bichat: Any, stefan: User, olivia: User
) -> None:
    shown = page(browser(), "/c/jfr-2019/")
    assert "JFR 2019" in shown and "Sarcopenia" in shown and "CEST" in shown
    assert "Register a team" in shown and "Console" not in shown
    Challenge.objects.update(state="draft")
    for client in (browser(), browser(stefan)):
        page(client, "/c/jfr-2019/", 404)
        page(client, "/c/jfr-2019/sarcopenia/", 404)
    page(browser(olivia), "/c/jfr-2019/")


def test_a_challenge_page_asks_the_database_the_same_whatever_its_size(
    challenge: Challenge, django_assert_max_num_queries: Any
) -> None:
    for number in range(4):
        text = SARCOPENIA.replace("slug: sarcopenia", f"slug: sarcopenia-{number}")
        load_question(challenge=challenge, text=text)
    with django_assert_max_num_queries(10):
        page(browser(), "/c/jfr-2019/")


def test_a_question_in_words(question: Question, stefan: User, maya: User, milvue: Team) -> None:
    shown = page(browser(stefan), "/c/jfr-2019/sarcopenia/")
    assert "from 1.25 to 7 mm" in shown  # an inclusion criterion
    assert "surfaces.csv" in shown and "case_id" in shown
    assert "higher is better" in shown and "lower is better" in shown and "(mm²)²" in shown
    assert "the lowest sum of ranks wins: Dice coefficient + Mean squared error" in shown
    assert "Dice coefficient; the earlier submission" in shown
    assert "3 submissions per day" in shown and "3000" in shown
    assert "/submit/" not in shown and "/data/" not in shown
    member = page(browser(maya), "/c/jfr-2019/sarcopenia/")
    assert "/c/jfr-2019/sarcopenia/submit/" in member and "/c/jfr-2019/sarcopenia/data/" in member


@pytest.mark.parametrize("file", sorted(CATALOGUE.glob("*.yaml")), ids=lambda file: file.stem)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_catalogue_question_has_its_page(challenge: Challenge, file: Any, language: str) -> None:
    question_row = load_question(challenge=challenge, text=file.read_text())
    shown = page(browser(language=language), f"/c/jfr-2019/{question_row.slug}/")
    assert f'lang="{language}"' in shown
    assert question_row.title[language].split()[0].replace("'", "&#x27;") in shown


def test_a_charter_is_signed_with_a_name_and_asked_again_when_it_changes(
    challenge: Challenge, olivia: User, stefan: User
) -> None:
    path = "/c/jfr-2019/charter/team/"
    assert "No charter yet" in page(browser(stefan), path)
    page(browser(stefan), "/c/jfr-2019/charter/nobody/", 404)
    first = publish_charter(challenge=challenge, audience="team", text={"en": "Share nothing."}, actor=olivia)
    assert "Sign in to sign" in page(browser(), path)
    assert browser().post(path, {"name": "X"}).status_code == 302
    client = browser(stefan)
    assert client.post(path, {"name": "", "version": first.pk}).status_code == 422
    answer = client.post(f"{path}?next=/c/jfr-2019/team/", {"name": "Stefan Stranger", "version": first.pk})
    assert (answer.status_code, answer["Location"]) == (302, "/c/jfr-2019/team/")
    assert "Signed by Stefan Stranger" in page(client, path)
    elsewhere = client.post(f"{path}?next=https://evil.example/", {"name": "Stefan", "version": first.pk})
    assert elsewhere["Location"] == "/"  # to the tasks, not to another site
    publish_charter(challenge=challenge, audience="team", text={"en": "Share nothing at all."}, actor=olivia)
    assert "You signed version 1. Version 2 is in force now" in page(client, path)
    stale = client.post(path, {"name": "Stefan", "version": first.pk})
    assert stale.status_code == 422 and "no longer in force" in stale.content.decode()
    assert CharterSignature.objects.count() == 1


def test_an_invitation_is_accepted_by_its_address_alone(
    challenge: Challenge, bichat: Any, olivia: User, stefan: User
) -> None:
    _row, secret = invite(challenge=challenge, email="carla@example.org", what="centre", actor=olivia, centre=bichat)
    path = f"/invitations/{secret}/"
    outside = page(browser(), path)
    assert "Bichat" in outside and "carla@example.org" not in outside and "/accounts/login/" in outside
    assert "c…@example.org" in page(browser(stefan), path)
    browser(stefan).post(path)
    assert Invitation.objects.get().accepted_at is None
    carla = browser(person("carla"))
    assert "Accept the invitation" in page(carla, path)
    assert carla.post(path).status_code == 302
    assert Invitation.objects.get().accepted_by.email == "carla@example.org"
    page(carla, path, 410)
    page(browser(), "/invitations/nothing/", 410)


def test_a_team_from_registration_to_its_last_member(challenge: Challenge, stefan: User, olivia: User) -> None:
    path = "/c/jfr-2019/team/"
    assert browser().get(path).status_code == 302
    client = browser(stefan)
    new = page(client, path)
    assert "Register the team" in new and "At least 1: radiologist" in new
    client.post(path, {"name": "Axone", "profession": "radiologist", "institution": "CHU"})
    shown = page(client, path)
    assert "Awaiting approval" in shown and "engineer, student or data scientist" in shown
    client.post(f"{path}enter/sarcopenia/")
    assert "Entered" in page(client, path)
    assert client.post(f"{path}enter/nothing/").status_code == 404
    bad = client.post(f"{path}invite/", {"email": "no address", "profession": "engineer"})
    assert bad.status_code == 422
    client.post(f"{path}invite/", {"email": "nils@example.org", "profession": "engineer"})
    assert "nils@example.org" in page(client, path)
    client.post(f"{path}leave/")
    assert Team.objects.get().state == "withdrawn" and not Membership.objects.exists()
    client.post(path, {"name": "Axone 2", "profession": "radiologist"})
    assert Team.objects.filter(state="applied").count() == 1


def test_the_lead_goes_and_the_next_one_leads(milvue: Team, maya: User) -> None:
    nils = person("nils")
    Membership.objects.create(team=milvue, user=nils, profession="engineer")
    browser(maya).post("/c/jfr-2019/team/leave/")
    assert Membership.objects.get(team=milvue).leads
    milvue.refresh_from_db()
    assert milvue.state == "approved"


def test_a_name_that_is_taken_is_said_in_the_form(challenge: Challenge, milvue: Team, stefan: User) -> None:
    answer = browser(stefan).post("/c/jfr-2019/team/", {"name": "Milvue", "profession": "engineer"})
    assert answer.status_code == 422 and "already takes part" in answer.content.decode()


def test_a_token_is_shown_once_and_revoked_by_its_owner(stefan: User, maya: User) -> None:
    client = browser(stefan)
    assert browser().get("/account/tokens/").status_code == 302
    answer = client.post("/account/tokens/", {"name": "laptop", "days": 30, "scopes": ["read"]})
    token = AccessToken.objects.get()
    secret = next(
        word for word in answer.content.decode().replace("<", " ").replace(">", " ").split() if "con_" in word
    )
    assert answer["Cache-Control"] == "no-store, private" or "no-store" in answer["Cache-Control"]
    assert "con_" not in page(client, "/account/tokens/")
    assert Client().get("/api/v1/tokens/", HTTP_AUTHORIZATION=f"Bearer {secret}").status_code == 200
    assert browser(maya).post(f"/account/tokens/{token.pk}/revoke/").status_code == 404
    client.post(f"/account/tokens/{token.pk}/revoke/")
    assert not AccessToken.objects.exists()
    assert client.post("/account/tokens/", {"name": "x", "days": 9999}).status_code == 422
