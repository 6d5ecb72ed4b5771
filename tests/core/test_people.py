"""Accounts and access tokens: addresses without case, secrets shown once, tokens that end."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from core.authentication import user_of_token
from core.models import AccessToken, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def paul() -> User:
    return User.objects.create_user("Paul@Example.ORG", "a long enough one", full_name="Paul Part")


def test_an_address_is_one_person_whatever_its_case(paul: User) -> None:
    assert User.objects.get_by_natural_key("PAUL@example.org") == paul
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.bulk_create([User(email="PAUL@example.org")])


def test_a_token_is_kept_as_a_hash_and_names_its_person(paul: User) -> None:
    token, secret = AccessToken.issue(paul, "laptop")
    assert secret.startswith("con_")
    assert secret not in str(AccessToken.objects.values().get())
    assert user_of_token(secret) == paul
    token.refresh_from_db()
    assert token.last_used_at is not None


@pytest.mark.parametrize("change", ["wrong", "expired", "inactive"])
def test_a_token_that_does_not_count(paul: User, change: str) -> None:
    token, secret = AccessToken.issue(paul, "laptop")
    if change == "expired":
        AccessToken.objects.filter(pk=token.pk).update(expires_at=timezone.now())
    if change == "inactive":
        User.objects.filter(pk=paul.pk).update(is_active=False)
    sent = secret + "x" if change == "wrong" else secret
    assert user_of_token(sent) is None
    answer = Client().get("/api/v1/exams/", headers={"Authorization": f"Bearer {sent}"})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"


def test_a_token_opens_the_api_and_a_script_needs_no_csrf(paul: User) -> None:
    _token, secret = AccessToken.issue(paul, "laptop")
    client = Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {secret}"})
    assert client.get("/api/v1/exams/").status_code == 200
    answer = client.post("/api/v1/uploads/", headers={"Tus-Resumable": "1.0.0"})
    assert answer.status_code == 400  # it came as far as the headers of the upload


def test_a_session_without_csrf_proof_changes_nothing(paul: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(paul)
    assert client.get("/api/v1/exams/").status_code == 200
    assert client.post("/api/v1/uploads/", headers={"Tus-Resumable": "1.0.0"}).status_code == 403
