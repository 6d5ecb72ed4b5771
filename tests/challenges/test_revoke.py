"""What was given is taken back: roles, places in centres, invitations; each over HTTP, with a reason, on record."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.db import connection

from challenges.models import Centre, CentreMembership, Challenge, Invitation, Membership, Role, Team
from challenges.revoke import LastOrganiserError, revoke_role
from challenges.roles import grant_role
from core.models import AuditRecord, User
from tests.challenges.conftest import api, person

pytestmark = pytest.mark.django_db
Commits = Callable[..., Any]


def role_given(challenge: Challenge, user: User, kind: str) -> Role:
    return grant_role(challenge=challenge, user=user, kind=kind, actor=None)


def path(role: Role) -> str:
    return f"/api/v1/roles/{role.pk}/revoke/"


@pytest.mark.parametrize("kind", ["organiser", "reader", "juror", "dpo"])
def test_a_role_is_revoked_by_organisers_with_a_reason(
    kind: str, olivia: User, challenge: Challenge, stefan: User, maya: User
) -> None:
    role = role_given(challenge, stefan, kind)
    assert api().post(path(role), {"reason": "x"}, format="json").status_code == 401
    assert api(maya).post(path(role), {"reason": "x"}, format="json").status_code == 404
    if kind != "organiser":
        assert api(stefan).post(path(role), {"reason": "x"}, format="json").status_code == 403
    silent = api(olivia).post(path(role), {"reason": "  "}, format="json")
    assert silent.status_code == 400 and Role.objects.filter(pk=role.pk).exists()
    assert api(olivia).post(path(role), {"reason": "left the hospital"}, format="json").status_code == 204
    assert not Role.objects.filter(pk=role.pk).exists()
    record = AuditRecord.objects.get(verb="role revoked")
    assert (record.actor, record.reason, record.challenge_id) == (olivia, "left the hospital", challenge.pk)
    assert record.detail == {"kind": kind, "person": stefan.pk}
    assert api(olivia).post(path(role), {"reason": "again"}, format="json").status_code == 404


def test_a_revoked_organiser_organises_nothing_from_the_next_request_on(
    olivia: User, challenge: Challenge, stefan: User
) -> None:
    role = role_given(challenge, stefan, "organiser")
    close = "/api/v1/challenges/jfr-2019/close/"
    assert api(stefan).get("/api/v1/audit/").json()["results"]
    api(olivia).post(path(role), {"reason": "changed post"}, format="json")
    assert api(stefan).post(close, {}, format="json").status_code == 403
    assert api(stefan).get("/api/v1/audit/").json()["results"] == []


def test_the_last_organiser_who_can_sign_in_stays(olivia: User, challenge: Challenge, stefan: User) -> None:
    own = challenge.roles.get(user=olivia)
    second = role_given(challenge, stefan, "organiser")
    User.objects.filter(pk=stefan.pk).update(is_active=False)
    refused = api(olivia).post(path(own), {"reason": "I retire"}, format="json")
    assert (refused.status_code, refused.json()["reason"]) == (409, "last_organiser")
    assert "Invite another organiser before" in refused.json()["detail"]
    User.objects.filter(pk=stefan.pk).update(is_active=True)
    assert api(olivia).post(path(own), {"reason": "I retire"}, format="json").status_code == 204
    refused = api(stefan).post(path(second), {"reason": "me too"}, format="json")
    assert refused.status_code == 409 and challenge.roles.filter(kind="organiser").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_organisers_who_revoke_one_another_at_once_leave_one(
    olivia: User, challenge: Challenge, stefan: User
) -> None:
    roles = [challenge.roles.get(user=olivia), role_given(challenge, stefan, "organiser")]
    together, refused = threading.Barrier(2), []

    def revoke(role: Role) -> None:
        together.wait()
        try:
            revoke_role(role=role, actor=None, reason="a quarrel")
        except LastOrganiserError as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=revoke, args=(role,)) for role in roles]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1 and challenge.roles.filter(kind="organiser").count() == 1


def test_a_place_in_a_centre_is_revoked(olivia: User, challenge: Challenge, bichat: Centre, maya: User) -> None:
    carla, paula = person("carla"), person("paula")
    for user in (carla, paula):
        CentreMembership.objects.create(centre=bichat, user=user)
    where = f"/api/v1/centres/{bichat.pk}/"
    assert {entry["email"] for entry in api(olivia).get(where).json()["people"]} == {carla.email, paula.email}
    address = {"email": "Carla@example.org", "reason": "left for another hospital"}
    assert api(maya).post(f"{where}revoke/", address, format="json").status_code == 404
    assert api(paula).post(f"{where}revoke/", address, format="json").status_code == 403
    assert api(olivia).post(f"{where}revoke/", {**address, "reason": ""}, format="json").status_code == 400
    assert api(olivia).post(f"{where}revoke/", address, format="json").status_code == 204
    assert api(olivia).post(f"{where}revoke/", address, format="json").status_code == 400
    assert [row.user for row in bichat.memberships.all()] == [paula]
    assert api(carla).get(where).status_code == 404
    record = AuditRecord.objects.get(verb="centre membership revoked")
    assert (record.reason, record.subject_id, record.detail) == (
        address["reason"],
        str(bichat.pk),
        {"person": carla.pk},
    )


# --- invitations ------------------------------------------------------------------------------------------------------


def invited(olivia: User, **more: str) -> dict[str, Any]:
    draft = {"challenge": "jfr-2019", "email": "carla@example.org", "what": "reader", **more}
    json: dict[str, Any] = api(olivia).post("/api/v1/invitations/", draft, format="json").json()
    return json


def accepts(user: User, secret: str) -> int:
    answer = api(user).post("/api/v1/invitations/accept/", {"secret": secret}, format="json")
    return int(answer.status_code)


def test_a_cancelled_invitation_opens_nothing(olivia: User, challenge: Challenge, stefan: User) -> None:
    invited_result, carla = invited(olivia), person("carla")
    where = f"/api/v1/invitations/{invited_result['id']}/"
    assert api().delete(where).status_code == 401
    assert api(stefan).delete(where).status_code == 404
    assert api(olivia).delete(where).status_code == 204
    assert accepts(carla, invited_result["secret"]) == 400 and not carla.roles.exists()
    assert api(carla).get(f"/invitations/{invited_result['secret']}/").status_code == 410
    assert api(olivia).delete(where).status_code == 404
    assert AuditRecord.objects.get(verb="invitation cancelled").subject_id == str(invited_result["id"])


def test_an_invitation_sent_again_has_a_new_link_and_the_old_one_is_dead(
    olivia: User, challenge: Challenge, stefan: User, django_capture_on_commit_callbacks: Commits
) -> None:
    invited_result, carla = invited(olivia), person("carla")
    Invitation.objects.update(expires_at="2020-01-01T00:00:00Z")
    where = f"/api/v1/invitations/{invited_result['id']}/resend/"
    assert api(stefan).post(where, {}, format="json").status_code == 404
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        again = api(olivia).post(where, {}, format="json")
    assert again.status_code == 200 and again.json()["secret"] != invited_result["secret"]
    assert [message.to for message in mail.outbox] == [["carla@example.org"]]
    assert again.json()["link"] in mail.outbox[0].body and invited_result["secret"] not in mail.outbox[0].body
    assert "Reader" in mail.outbox[0].body and "Relecteur" in mail.outbox[0].body
    assert accepts(carla, invited_result["secret"]) == 400
    assert accepts(carla, again.json()["secret"]) == 200 and carla.roles.get().kind == "reader"
    assert AuditRecord.objects.filter(verb="invitation sent again").count() == 1


def test_what_is_accepted_is_neither_cancelled_nor_sent_again(olivia: User, challenge: Challenge) -> None:
    invited_result, carla = invited(olivia), person("carla")
    accepts(carla, invited_result["secret"])
    where = f"/api/v1/invitations/{invited_result['id']}/"
    for answer in (api(olivia).delete(where), api(olivia).post(f"{where}resend/", {}, format="json")):
        assert (answer.status_code, answer.json()["reason"]) == (400, "invitation")
    assert Invitation.objects.get().accepted_by == carla and carla.roles.exists()


def test_the_lead_of_a_team_cancels_and_resends_its_invitations_alone(
    olivia: User, milvue: Team, maya: User, oskar: User
) -> None:
    invited_result = invited(olivia, what="team", team="milvue", profession="engineer")
    of_others = invited(olivia)
    nils = person("nils")
    Membership.objects.create(team=milvue, user=nils, profession="engineer")
    where = f"/api/v1/invitations/{invited_result['id']}/"
    assert [result["id"] for result in api(maya).get("/api/v1/invitations/").json()["results"]] == [
        invited_result["id"]
    ]
    assert api(oskar).delete(where).status_code == 404
    assert api(nils).delete(where).status_code == 404
    assert api(maya).delete(f"/api/v1/invitations/{of_others['id']}/").status_code == 404
    assert api(maya).post(f"{where}resend/", {}, format="json").status_code == 200
    assert api(maya).delete(where).status_code == 204


def test_the_page_of_a_team_offers_the_lead_what_the_api_does(
    olivia: User, milvue: Team, maya: User, oskar: User
) -> None:
    invited_result = invited(olivia, what="team", team="milvue", profession="engineer")
    nils = person("nils")
    Membership.objects.create(team=milvue, user=nils, profession="engineer")
    page = f"/c/jfr-2019/team/invitations/{invited_result['id']}/"
    assert f"{page}cancel/" in api(maya).get("/c/jfr-2019/team/").content.decode()
    assert f"{page}cancel/" not in api(nils).get("/c/jfr-2019/team/").content.decode()
    assert api(nils).post(f"{page}cancel/").status_code == 403
    assert api(oskar).post(f"{page}cancel/").status_code == 404
    before = Invitation.objects.get().secret_hash
    assert api(maya).post(f"{page}resend/").status_code == 302
    assert Invitation.objects.get().secret_hash != before
    assert api(maya).post(f"{page}cancel/").status_code == 302
    assert not Invitation.objects.exists()
