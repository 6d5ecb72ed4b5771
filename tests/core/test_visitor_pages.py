"""A page that is kept for visitors: made once, in their language, with a token of their own, and never for a signed-in person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.models import User
from tests.factories.questions import question

pytestmark = pytest.mark.django_db
PAGE = "/c/cup/"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


@pytest.fixture(autouse=True)
def visitor_cache(settings: Any) -> Iterator[None]:
    settings.VISITOR_PAGES_SECONDS = 60
    cache.clear()
    question()
    yield
    cache.clear()


def queries_of(client: Client, page: str = PAGE, **headers: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(page, headers=headers).status_code == 200
    return len(captured)


def test_the_second_visitor_costs_no_query() -> None:
    assert queries_of(Client()) > 0
    assert queries_of(Client()) == 0


def test_each_visitor_gets_a_token_that_the_forms_accept() -> None:
    Client().get(PAGE)
    visitor, other = (Client(enforce_csrf_checks=True) for _ in range(2))
    tokens = [TOKEN.search(client.get(PAGE).content.decode()).group(1) for client in (visitor, other)]  # type: ignore[union-attr]
    assert tokens[0] != tokens[1]
    form = {"language": "fr", "next": PAGE, "csrfmiddlewaretoken": tokens[0]}
    assert visitor.post("/i18n/setlang/", form).status_code == 302
    assert other.post("/i18n/setlang/", form).status_code == 403


def test_each_language_has_its_own_page() -> None:
    english = Client().get(PAGE, headers={"Accept-Language": "en"}).content.decode()
    french = Client().get(PAGE, headers={"Accept-Language": "fr"}).content.decode()
    assert '<html lang="en"' in english and '<html lang="fr"' in french


def test_a_signed_in_person_neither_fills_nor_reads_it() -> None:
    olga = Client()
    olga.force_login(User.objects.get(email__startswith="olga"))
    assert "Olga" in olga.get(PAGE).content.decode()
    assert queries_of(Client()) > 0, "the organiser's page must not be kept"
    assert "Olga" in olga.get(PAGE).content.decode()
    assert "Olga" not in Client().get(PAGE).content.decode()


def test_other_words_in_the_address_and_pages_that_do_not_exist_are_not_kept() -> None:
    assert queries_of(Client(), f"{PAGE}?x=1") > 0
    assert queries_of(Client(), f"{PAGE}?x=1") > 0
    for _ in range(2):
        assert Client().get("/c/nowhere/").status_code == 404


def test_nothing_is_kept_where_the_setting_says_so(settings: Any) -> None:
    settings.VISITOR_PAGES_SECONDS = 0
    assert queries_of(Client()) > 0
    assert queries_of(Client()) > 0
