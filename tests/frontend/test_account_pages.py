"""The pages of django-allauth wear the site's look and obey its content policy."""

import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_routes(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.frontend.urls"


def assert_in_our_look(html: str) -> None:
    assert 'class="skip-link"' in html
    assert html.count("<h1") == 1
    assert not re.search(r"\sstyle\s*=|\son[a-z]+\s*=", html)
    for script in re.findall(r"<script\b[^>]*>", html):
        assert "src=" in script or "application/json" in script, script
    for button in re.findall(r"<button\b[^>]*type=\"submit\"[^>]*>", html):
        assert 'class="btn ' in button, button


@pytest.mark.parametrize(
    "path", ["login/", "signup/", "password/reset/", "password/reset/done/", "confirm-email/", "inactive/"]
)
def test_pages_before_signing_in(client: Client, path: str) -> None:
    answer = client.get(f"/account/{path}")
    assert answer.status_code == 200
    assert_in_our_look(answer.content.decode())


def test_fields_are_labelled_and_errors_are_tied_to_them(client: Client) -> None:
    html = client.post("/account/login/", {"login": "not an address", "password": ""}).content.decode()
    assert '<label for="id_login">' in html
    assert 'id="id_login_error"' in html
    assert re.search(r'id="id_login"[^>]*aria-invalid="true"|aria-invalid="true"[^>]*id="id_login"', html)


@pytest.mark.parametrize(
    "path", ["email/", "password/change/", "logout/", "2fa/", "2fa/totp/activate/", "2fa/webauthn/add/"]
)
def test_pages_of_ones_own_account(client: Client, path: str) -> None:
    person = get_user_model().objects.create_user(email="rita@example.org", password="a long enough password")
    person.emailaddress_set.create(email=person.email, primary=True, verified=True)
    signed_in = client.post("/account/login/", {"login": person.email, "password": "a long enough password"})
    assert signed_in.status_code == 302
    answer = client.get(f"/account/{path}", follow=True)
    assert answer.status_code == 200
    assert_in_our_look(answer.content.decode())
