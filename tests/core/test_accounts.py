"""Sign-in: lock-outs that a rival cannot cause, tokens with scopes, sessions that end, a second factor."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from rest_framework.test import APIClient

from challenges.roles import grant_role
from challenges.tokens import issue_token
from config.environment import Environment
from core.accounts import Accounts
from core.models import AccessToken, AuditRecord, SignedSession, User
from core.models.access_token import needed_scope
from core.session_limits import BEGUN, SEEN
from core.signed_sessions import living_sessions
from tests.factories.questions import challenge

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def paul() -> User:
    cache.clear()
    user = User.objects.create_user("paul@example.org", PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def sign_in(password: str, address: str) -> int:
    client = Client(REMOTE_ADDR=address)
    return client.post("/accounts/login/", {"login": "paul@example.org", "password": password}).status_code


def test_wrong_passwords_from_elsewhere_do_not_lock_the_owner_out(paul: User) -> None:
    for _attempt in range(7):
        assert sign_in("wrong", "203.0.113.9") == 200
    assert sign_in(PASSWORD, "203.0.113.9") == 200, "the rival's address is locked out"
    assert sign_in(PASSWORD, "198.51.100.7") == 302
    verbs = list(
        AuditRecord.objects.filter(subject_kind="user", subject_id=str(paul.pk)).values_list("verb", flat=True)
    )
    assert verbs.count("sign-in refused") >= 5 and verbs[-1] == "signed in"


def test_a_new_password_ends_every_token(paul: User) -> None:
    _token, secret = issue_token(user=paul, name="laptop", days=10)
    script = APIClient()
    script.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert script.get("/api/v1/tokens/").status_code == 200
    Accounts().set_password(paul, "another horse battery")
    assert script.get("/api/v1/tokens/").status_code == 401
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/api/v1/submissions/", "read"),
        ("HEAD", "/api/v1/uploads/x", "read"),
        ("POST", "/api/v1/uploads/", "upload"),
        ("PATCH", "/api/v1/uploads/x", "upload"),
        ("POST", "/dicomweb/studies", "upload"),
        ("POST", "/api/v1/submissions/", "submit"),
        ("POST", "/api/v1/rankings/1/publish/", "organise"),
        ("POST", "/api/v1/submissions-of-others/", "organise"),
    ],
)
def test_each_request_needs_one_scope(paul: User, method: str, path: str, scope: str) -> None:
    assert needed_scope(method, path) == scope


def test_a_token_does_only_what_it_was_made_for(paul: User) -> None:
    _token, secret = issue_token(user=paul, name="reader", days=10, scopes=["read"])
    script = APIClient()
    script.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert script.get("/api/v1/tokens/").status_code == 200
    answer = script.post("/api/v1/teams/", {}, format="json")
    assert answer.status_code == 403 and answer.json()["reason"] == "scope"


@pytest.mark.parametrize(("mark", "ago"), [(BEGUN, timedelta(hours=13)), (SEEN, timedelta(minutes=121))])
def test_a_session_ends_after_its_hours_and_when_idle(paul: User, mark: str, ago: timedelta) -> None:
    client = Client()
    client.force_login(paul)
    assert client.get("/account/tokens/").status_code == 200
    session = client.session
    session[mark] = time.time() - ago.total_seconds()
    session.save()
    assert client.get("/account/tokens/").status_code == 302


def test_organisers_need_a_second_factor_and_sign_in_again_before_roles(paul: User, settings: Any) -> None:
    cup = challenge(organiser=paul)
    client = Client()
    client.force_login(paul)
    settings.SECOND_FACTOR = True
    answer = client.get("/account/tokens/")
    assert answer.status_code == 302 and answer["Location"].startswith("/accounts/2fa/")
    assert client.get("/api/v1/roles/").json()["reason"] == "second_factor"
    assert client.get("/accounts/2fa/").status_code == 200
    Authenticator.objects.create(user=paul, type=Authenticator.Type.TOTP, data={"secret": "x"})
    assert client.get("/account/tokens/").status_code == 200
    draft = {"challenge": cup.slug, "kind": "juror", "email": paul.email}
    refused = client.post("/api/v1/roles/", draft, content_type="application/json")
    assert refused.status_code == 403 and refused.json()["reason"] == "sign_in_again"
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session.save()
    assert client.post("/api/v1/roles/", draft, content_type="application/json").status_code == 201


def test_a_reader_needs_none_and_a_protection_officer_does(paul: User, settings: Any) -> None:
    settings.SECOND_FACTOR = True
    client = Client()
    client.force_login(paul)
    assert client.get("/account/tokens/").status_code == 200
    cup = challenge()
    grant_role(challenge=cup, user=paul, kind="dpo", actor=cup.created_by)
    assert client.get("/account/tokens/").status_code == 302


@pytest.mark.parametrize("hosts", ["*", "example.org,*", ".", ".*"])
def test_a_wildcard_of_hosts_stops_the_start(hosts: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="CONCOURS_HOSTS"):
        Environment({"CONCOURS_HOSTS": hosts}).hosts("CONCOURS_HOSTS", "")


def test_a_key_of_one_byte_over_and_over_stops_the_start() -> None:
    with pytest.raises(ImproperlyConfigured, match="too plain"):
        Environment({"CONCOURS_AUDIT_KEY": "A" * 43 + "="}).key("CONCOURS_AUDIT_KEY")


def _signed_in(browser: str, address: str = "198.51.100.7") -> Client:
    client = Client(REMOTE_ADDR=address, HTTP_USER_AGENT=browser)
    assert client.post("/accounts/login/", {"login": "paul@example.org", "password": PASSWORD}).status_code == 302
    return client


def test_one_sees_where_one_is_signed_in_and_ends_it_from_elsewhere(paul: User) -> None:
    own, stolen = _signed_in("Firefox"), _signed_in("Chrome", "203.0.113.9")
    page = own.get("/account/sessions/").content.decode()
    assert "Firefox" in page and "Chrome" in page and "203.0.113.9" in page
    row = SignedSession.objects.get(browser="Chrome")
    assert own.post(f"/account/sessions/{row.pk}/end/").status_code == 302
    assert stolen.get("/account/sessions/").status_code == 302, "it is signed out"
    assert own.get("/account/sessions/").status_code == 200
    assert AuditRecord.objects.filter(verb="session ended", subject_id=str(row.pk)).exists()


def test_scripts_list_and_end_ones_sessions_and_nobody_elses(paul: User) -> None:
    own = _signed_in("Firefox")
    script, other = APIClient(), APIClient()
    script.credentials(HTTP_AUTHORIZATION=f"Bearer {issue_token(user=paul, name='laptop', days=10)[1]}")
    other.force_authenticate(User.objects.create_user("petra@example.org", PASSWORD))
    (row,) = script.get("/api/v1/sessions/").json()["results"]
    assert row["browser"] == "Firefox" and "session_key" not in row
    assert other.get("/api/v1/sessions/").json()["results"] == []
    assert other.delete(f"/api/v1/sessions/{row['id']}/").status_code == 404
    assert script.post("/api/v1/sessions/end-others/").status_code == 204
    assert own.get("/account/sessions/").status_code == 302


def test_a_session_that_is_over_is_not_listed(paul: User) -> None:
    own = _signed_in("Firefox")
    own.post("/accounts/logout/")
    assert list(living_sessions(paul)) == []
    _signed_in("Chrome")
    assert [row.browser for row in SignedSession.objects.filter(user=paul)] == ["Chrome"]
