"""The help within the site: each page opens for anybody, in French where it is written in French."""

from __future__ import annotations

import pytest
from django.test import Client

from pages.views.help import DOCS, PAGES


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_help_opens_without_an_account(name: str, language: str) -> None:
    response = Client(headers={"accept-language": language}).get(f"/help/{name}/")
    text = response.content.decode()
    assert response.status_code == 200
    assert "<h2" in text and "```" not in text and '.md"' not in text


@pytest.mark.django_db
def test_a_french_centre_reads_french() -> None:
    text = Client(headers={"accept-language": "fr"}).get("/help/centre/").content.decode()
    assert "Une seule signature suffit" in text and (DOCS / "fr" / "centre.md").is_file()


@pytest.mark.django_db
def test_what_is_no_page_of_the_help_is_not_found() -> None:
    assert Client().get("/help/decisions/").status_code == 404


@pytest.mark.django_db
def test_every_page_links_to_the_help() -> None:
    assert 'href="/help/"' in Client().get("/").content.decode()
