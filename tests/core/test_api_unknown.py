"""What is no address of the API is said as JSON in the reader's language, never as a page."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories.people import person

pytestmark = pytest.mark.django_db
UNKNOWN = ("/api/", "/api/v1/", "/api/v1/nothing/", "/api/v1/nothing", "/api/v2/challenges/", "/api/v1/exams/x/y/z/")


@pytest.mark.parametrize("path", UNKNOWN)
@pytest.mark.parametrize("method", ["get", "head", "post", "put", "patch", "delete", "options"])
def test_an_unknown_path_is_not_found_whoever_asks_and_however(path: str, method: str) -> None:
    client = Client(enforce_csrf_checks=True)
    for name in ("", "sam"):
        if name:
            client.force_login(person(name))
        answer = getattr(client, method)(path, headers={"accept": "text/html"})
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/json")
        assert method == "head" or set(answer.json()) == {"reason", "detail", "errors"}


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Nothing exists at this address."), ("fr", None), ("de", "Nothing exists")]
)
def test_it_is_said_in_the_readers_language(language: str, words: str | None) -> None:
    answer = Client().get("/api/v1/nothing/", headers={"accept-language": language})
    assert answer["Content-Language"] == ("fr" if language == "fr" else "en")
    response_text = answer.json()["detail"]
    assert response_text and (words is None or words in response_text)


def test_a_known_address_without_its_last_slash_is_still_found() -> None:
    assert Client().get("/api/v1/challenges", follow=True).status_code == 200


def test_known_addresses_say_their_own_errors() -> None:
    client = Client()
    client.force_login(person("sam"))
    wrong_method = client.put("/api/v1/challenges/")
    assert wrong_method.status_code == 405 and "PUT" in wrong_method.json()["detail"]
    assert client.get("/api/v1/challenges/", headers={"accept": "text/html"}).status_code == 406
    unseen = client.get("/api/v1/challenges/none/").json()
    assert unseen["reason"] == "not_found" and unseen["errors"] == []


def test_a_page_that_is_not_there_is_a_page() -> None:
    answer = Client().get("/nothing/")
    assert answer.status_code == 404 and answer["Content-Type"].startswith("text/html")
