"""The first page of each role, the top bar, and the pages that say no."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client, override_settings
from django.urls import reverse

from anonymization.models import Review
from challenges.charter import publish_charter
from challenges.frame import create_challenge
from tests.pages.edition import Edition, accepted_exam, reading_of

pytestmark = pytest.mark.django_db
As = Callable[[str], Client]


def tasks(client: Client) -> dict[str, str]:
    """Title of each task on the home page: its note."""
    sections = client.get("/").context["sections"]
    return {task.title: task.note for section in sections for task in section.tasks}


def labels(client: Client) -> list[str]:
    return [link.label for link in client.get("/").context["navigation"]]


def test_a_visitor_sees_open_challenges_alone(edition: Edition, as_: As) -> None:
    create_challenge(slug="draft", title={"en": "A draft", "fr": "Un brouillon"}, actor=edition.olivia)
    page = as_("").get("/").content.decode()
    assert "JFR 2019" in page and "A draft" not in page and "New challenge" not in page
    assert "A draft" in as_("olivia").get("/").content.decode()


def test_an_organiser_sees_what_waits(edition: Edition, as_: As) -> None:
    assert tasks(as_("olivia")) == {"Teams": "1 team is awaiting approval."}
    exam = accepted_exam(edition, state="received")
    Review.objects.create(exam=exam, stage="check_quality", points=[])
    assert tasks(as_("olivia"))["Reviews"] == "1 exam needs review."


def test_a_centre_sees_its_exams_and_where_to_send_more(edition: Edition, as_: As) -> None:
    accepted_exam(edition, state="kept"), accepted_exam(edition, "Nice")
    assert tasks(as_("claire")) == {"Sarcopenia": "1 sent, 1 included, 0 refused."}
    assert reverse("uploads:upload", args=["jfr-2019", "sarcopenia"]) in as_("claire").get("/").content.decode()


def test_a_reader_sees_the_queue(edition: Edition, as_: As) -> None:
    assert tasks(as_("rita")) == {"Sarcopenia": "No exam is waiting for you."}
    reading_of(accepted_exam(edition), edition.rita)
    assert tasks(as_("rita")) == {"Sarcopenia": "1 exam is waiting for your grade."}


def test_whoever_has_not_signed_is_told_first(edition: Edition, as_: As) -> None:
    for audience in ("centre", "reader"):
        publish_charter(challenge=edition.challenge, audience=audience, text={"en": "Newer."}, actor=edition.olivia)
    for name in ("claire", "rita"):
        assert next(iter(tasks(as_(name)))) == "Sign the charter"


def test_a_team_is_told_where_it_stands(edition: Edition, as_: As) -> None:
    assert tasks(as_("tom")) == {"Milvue": "An organiser will review your registration."}


def test_a_stranger_is_told_how_to_take_part(as_: As) -> None:
    assert "Register a team" in as_("stefan").get("/").content.decode()


def test_the_top_bar_is_by_role(as_: As) -> None:
    assert labels(as_("")) == []
    assert labels(as_("olivia")) == ["Home", "Console"]
    assert labels(as_("claire")) == ["Home", "My exams"]
    assert labels(as_("rita")) == ["Home", "Readings"]
    assert labels(as_("tom")) == ["Home", "My team"]
    assert labels(as_("stefan")) == ["Home"]


def test_the_top_bar_knows_the_challenge_at_hand(edition: Edition, as_: As) -> None:
    create_challenge(slug="second", title={"en": "Second", "fr": "Second"}, actor=edition.olivia)
    client = as_("olivia")
    assert "Console" not in labels(client)
    bar = client.get(reverse("pages:people", args=["second"])).context["navigation"]
    assert [link.url for link in bar if link.label == "Console"] == [reverse("pages:console", args=["second"])]


def test_what_is_not_there_says_so(as_: As) -> None:
    answer = as_("claire").get("/nothing/")
    assert answer.status_code == 404 and "Not found" in answer.content.decode()


def test_a_refusal_says_what_is_so(as_: As) -> None:
    answer = as_("claire").get(reverse("pages:console", args=["jfr-2019"]))
    assert answer.status_code == 403
    assert "Only an organiser of this challenge can do this." in answer.content.decode()


@override_settings(DEBUG=False)
def test_a_missing_csrf_token_is_no_blank_page(edition: Edition) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(edition.claire)
    answer = client.post(reverse("pages:open", args=["jfr-2019"]))
    assert answer.status_code == 403 and "Reload it and try again." in answer.content.decode()


def test_fragments_have_no_frame(as_: As) -> None:
    answer = as_("olivia").get(reverse("pages:counts", args=["jfr-2019"]), headers={"HX-Request": "true"})
    assert "<html" not in answer.content.decode()


def test_private_pages_are_kept_by_no_cache(as_: As) -> None:
    assert "no-store" in as_("claire").get("/")["Cache-Control"]


def test_who_was_invited_early_reads_that_the_challenge_is_being_prepared(edition: Edition, as_: As) -> None:
    draft = create_challenge(slug="draft", title={"en": "A draft"}, actor=edition.olivia)
    draft.roles.create(user=edition.people["rita"], kind="reader")
    page = as_("rita").get("/").content.decode()
    assert "The challenge is being prepared" in page and "do not take part" not in page
    assert 'href="/c/draft/"' not in page  # it would be a 404


def test_an_officer_finds_the_page_of_data_protection(edition: Edition, as_: As) -> None:
    edition.challenge.roles.create(user=edition.people["stefan"], kind="dpo")
    assert "Data protection" in tasks(as_("stefan"))
