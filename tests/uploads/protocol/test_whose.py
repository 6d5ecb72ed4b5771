"""Whose upload it is: another's does not exist, and a session must prove that the page was ours."""

from __future__ import annotations

import httpx
import pytest

from tests.uploads.protocol.conftest import BODY, TUS, Site, create, metadata, offset, patch


@pytest.fixture
def location(clara: httpx.Client) -> str:
    return create(clara, 10)


@pytest.mark.parametrize("person", ["sam", "olga"])
def test_anothers_upload_does_not_exist(site: Site, clara: httpx.Client, location: str, person: str) -> None:
    with site.client(person) as other:
        assert other.head(location, headers=TUS).status_code == 404
        assert patch(other, location, 0, b"01234").status_code == 404
        assert other.delete(location, headers=TUS).status_code == 404
        assert other.get(location).status_code == 404
    assert offset(clara, location) == 0


def test_nobody_is_asked_to_sign_in(site: Site, location: str) -> None:
    with site.client("") as nobody:
        assert nobody.head(location, headers=TUS).status_code == 401
        assert patch(nobody, location, 0, b"01234").status_code == 401
        assert nobody.delete(location, headers=TUS).status_code == 401
        created = nobody.post("/api/v1/uploads/", headers={**TUS, "Upload-Length": "9", "Upload-Metadata": metadata()})
        assert created.status_code == 401


def test_somebody_without_a_centre_may_not_begin(site: Site) -> None:
    with site.client("sam") as sam:
        created = sam.post("/api/v1/uploads/", headers={**TUS, "Upload-Length": "9", "Upload-Metadata": metadata()})
    assert created.status_code in (400, 403)  # 400 where the question itself is not theirs to see


def test_a_wrong_token_is_nobody(site: Site, location: str) -> None:
    with site.client("", Authorization="Bearer con_nonsense") as liar:
        assert patch(liar, location, 0, b"01234").status_code == 401
    with site.client("", Authorization="Bearer") as liar:
        assert patch(liar, location, 0, b"01234").status_code == 401


def test_a_session_needs_its_csrf_proof(site: Site) -> None:
    """Signed in through the site's own form, as a browser would."""
    with site.client("") as browser:
        page = browser.get("/accounts/login/")
        token = page.cookies["csrftoken"]
        form = {
            "login": "clara@example.org",
            "password": "a long enough one",
            "csrfmiddlewaretoken": token,
            "next": "/healthz",
        }
        site.rows(
            'INSERT OR IGNORE INTO account_emailaddress (email, verified, "primary", user_id)'
            " SELECT email, 1, 1, id FROM core_user WHERE email = 'clara@example.org'"
        )
        answer = browser.post("/accounts/login/", data=form, headers={"Referer": site.address})
        assert answer.status_code == 302, answer.text
        proof = {"X-CSRFToken": browser.cookies["csrftoken"]}
        begin = {**TUS, "Upload-Length": "10", "Upload-Metadata": metadata()}
        assert browser.post("/api/v1/uploads/", headers=begin).status_code == 401
        created = browser.post("/api/v1/uploads/", headers={**begin, **proof})
        assert created.status_code == 201
        location = created.headers["Location"]
        assert offset(browser, location) == 0  # reading needs no proof
        carry_on = {**BODY, "Upload-Offset": "0"}
        assert browser.patch(location, content=b"01234", headers=carry_on).status_code == 401
        foreign = {**carry_on, **proof, "Origin": "https://evil.example.org"}
        assert browser.patch(location, content=b"01234", headers=foreign).status_code == 401
        assert browser.delete(location, headers=TUS).status_code == 401
        assert browser.patch(location, content=b"01234", headers={**carry_on, **proof}).status_code == 204
        assert offset(browser, location) == 5
