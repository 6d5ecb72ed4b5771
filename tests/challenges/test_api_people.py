"""Centres, teams, invitations, roles and access tokens over HTTP, as each role."""

from __future__ import annotations

from typing import Any

import pytest

from challenges.models import Centre, CentreMembership, Challenge, Membership, Role, Team
from core.models import AccessToken, User
from tests.challenges.conftest import api, person

pytestmark = pytest.mark.django_db


def test_centres_are_known_to_their_people_and_organisers(
    olivia: User, challenge: Challenge, maya: User, milvue: Team
) -> None:
    draft = {"challenge": "jfr-2019", "name": "Bichat", "city": "Paris"}
    assert api(maya).post("/api/v1/centres/", draft, format="json").status_code == 403
    assert api(olivia).post("/api/v1/centres/", draft, format="json").json()["slug"] == "bichat"
    assert api(olivia).post("/api/v1/centres/", draft, format="json").status_code == 400
    carla = person("carla")
    CentreMembership.objects.create(centre=Centre.objects.get(), user=carla)
    seen = api(carla).get("/api/v1/centres/").json()["results"]
    assert [(entry["slug"], entry["members"]) for entry in seen] == [("bichat", ["Carla"])]
    assert api(maya).get("/api/v1/centres/").json()["results"] == []


def test_a_team_applies_is_approved_and_enters(olivia: User, challenge: Challenge, stefan: User, oskar: User) -> None:
    draft = {"challenge": "jfr-2019", "name": "Axone", "profession": "radiologist"}
    response = api(stefan).post("/api/v1/teams/", draft, format="json")
    assert response.status_code == 201 and response.json()["state"] == "applied"
    assert any("engineer" in words for words in response.json()["unmet_rules"])
    path = f"/api/v1/teams/{response.json()['id']}/"
    assert api(stefan).post(f"{path}approve/", {"waiver": "me"}, format="json").status_code == 403
    assert api(oskar).get(path).status_code == 404
    unmet = api(olivia).post(f"{path}approve/", {}, format="json")
    assert (unmet.status_code, unmet.json()["reason"]) == (400, "team_rule")
    assert api(olivia).post(f"{path}approve/", {"waiver": "small"}, format="json").json()["state"] == "approved"
    assert api(stefan).post(f"{path}enter/", {"question": "none"}, format="json").status_code == 400
    entered = api(stefan).post(f"{path}enter/", {"question": "jfr-2019/sarcopenia"}, format="json")
    assert entered.json()["entered"] == ["sarcopenia"]
    assert api(oskar).post(f"{path}enter/", {"question": "sarcopenia"}, format="json").status_code == 404
    assert api(olivia).post(f"{path}reject/", {"reason": "late"}, format="json").status_code == 409
    out = api(olivia).post(f"{path}exclude/", {"question": "sarcopenia", "reason": "pre-trained"}, format="json")
    assert out.status_code == 200


def test_a_baseline_is_the_organisers_to_say(olivia: User, challenge: Challenge, stefan: User) -> None:
    draft = {"challenge": "jfr-2019", "name": "Baseline", "profession": "engineer", "is_baseline": True}
    assert api(stefan).post("/api/v1/teams/", draft, format="json").status_code == 403
    assert api(olivia).post("/api/v1/teams/", draft, format="json").json()["is_baseline"] is True


def test_an_invitation_works_once_and_for_its_address(
    olivia: User, challenge: Challenge, bichat: Any, stefan: User
) -> None:
    draft = {"challenge": "jfr-2019", "email": "carla@example.org", "what": "centre", "centre": "bichat"}
    assert api(stefan).post("/api/v1/invitations/", draft, format="json").status_code == 403
    assert api(olivia).post("/api/v1/invitations/", {**draft, "centre": "x"}, format="json").status_code == 400
    json = api(olivia).post("/api/v1/invitations/", draft, format="json").json()
    assert json["link"].endswith(f"/invitations/{json['secret']}/")
    accept = "/api/v1/invitations/accept/"
    assert api(stefan).post(accept, {"secret": json["secret"]}, format="json").status_code == 400
    carla = person("carla")
    assert api(carla).post(accept, {"secret": json["link"]}, format="json").status_code == 200
    assert CentreMembership.objects.filter(user=carla, centre=bichat).exists()
    assert api(carla).post(accept, {"secret": json["secret"]}, format="json").status_code == 200
    assert CentreMembership.objects.filter(centre=bichat).count() == 1
    assert api(person("dora")).post(accept, {"secret": json["secret"]}, format="json").status_code == 400
    listed = api(olivia).get("/api/v1/invitations/").json()["results"]
    assert listed[0]["accepted_at"] and "secret" not in listed[0]
    assert api(stefan).get("/api/v1/invitations/").json()["results"] == []


def test_the_lead_invites_to_the_own_team_only(milvue: Team, maya: User, oskar: User) -> None:
    draft = {
        "challenge": "jfr-2019",
        "email": "nils@example.org",
        "what": "team",
        "team": "milvue",
        "profession": "engineer",
    }
    assert api(oskar).post("/api/v1/invitations/", draft, format="json").status_code == 403
    response = api(maya).post("/api/v1/invitations/", draft, format="json")
    nils = person("nils")
    api(nils).post("/api/v1/invitations/accept/", {"secret": response.json()["secret"]}, format="json")
    assert Membership.objects.get(team=milvue, user=nils).profession == "engineer"
    as_organiser = {**draft, "what": "organiser"}
    assert api(maya).post("/api/v1/invitations/", as_organiser, format="json").status_code == 403


def test_roles_are_given_by_organisers(olivia: User, challenge: Challenge, stefan: User) -> None:
    draft = {"challenge": "jfr-2019", "email": "Stefan@example.org", "kind": "juror", "question": "sarcopenia"}
    assert api(stefan).post("/api/v1/roles/", draft, format="json").status_code == 403
    assert api(olivia).post("/api/v1/roles/", draft, format="json").json()["question"] == "sarcopenia"
    assert api(olivia).post("/api/v1/roles/", draft, format="json").status_code == 201
    assert Role.objects.filter(user=stefan).count() == 1
    unknown = api(olivia).post("/api/v1/roles/", {**draft, "email": "who@example.org"}, format="json")
    assert "invitation" in unknown.json()["detail"]
    assert [result["kind"] for result in api(stefan).get("/api/v1/roles/").json()["results"]] == ["juror"]


def test_a_token_is_told_once_and_ends_when_revoked(stefan: User, maya: User) -> None:
    client = api(stefan)
    json = client.post("/api/v1/tokens/", {"name": "laptop", "days": 10}, format="json").json()
    assert "secret" not in client.get("/api/v1/tokens/").json()["results"][0]
    script = api()
    script.credentials(HTTP_AUTHORIZATION=f"Bearer {json['secret']}")
    assert script.get("/api/v1/tokens/").status_code == 200
    assert script.post("/api/v1/tokens/", {"name": "more"}, format="json").status_code == 403
    assert api(maya).delete(f"/api/v1/tokens/{json['id']}/").status_code == 404
    assert client.delete(f"/api/v1/tokens/{json['id']}/").status_code == 204
    assert script.get("/api/v1/tokens/").status_code == 401
    assert AccessToken.objects.count() == 0
