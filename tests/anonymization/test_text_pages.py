"""The pages and the API of free text: words decided on one page, texts read blind, words of one exam in its review."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from anonymization.models import ExamText, Review
from challenges.charter import publish_charter, sign_charter
from challenges.models import Question, Role
from challenges.roles import grant_role
from demo.phantoms import lung
from tests.concours.formats.builders import zipped
from tests.factories.exams import work_all
from tests.factories.people import person
from tests.factories.questions import question
from tests.factories.uploads import sent
from uploads.models import Annotation, Exam

pytestmark = pytest.mark.django_db
INTAKE = ("receive", "deidentify", "check_quality", "assign_readings", "apply_words")


@pytest.fixture(autouse=True)
def own_folders(settings: Any, tmp_path: Path) -> None:
    settings.KEYS_DIR, settings.STAGING_DIR = tmp_path / "keys", tmp_path / "staging"
    settings.WORK_HEARTBEAT_SECONDS = 3600


@pytest.fixture
def of() -> Question:
    """Two reports of Carla's; Rita reads, Sam has no part."""
    reports = question("reports")
    rows = (
        "patient_id,report,follow_up\nP1,Zorglub a une pneumopathie de Friedlander,1\nP2,Vu avec ZORGLUB le matin,0\n"
    )
    sent(reports, rows.encode(), name="reports.csv")
    work_all(INTAKE)
    rita = person("Rita")
    grant_role(challenge=reports.challenge, user=rita, kind=Role.Kind.READER, actor=person("Olga"))
    charter = publish_charter(
        challenge=reports.challenge, audience="reader", text={"en": "Read.", "fr": "Lire."}, actor=person("Olga")
    )
    sign_charter(charter=charter, user=rita, name="Rita")
    return reports


def browser(name: str) -> Client:
    client = Client()
    client.force_login(person(name))
    return client


def page(of: Question, name: str = "texts") -> str:
    return reverse(f"anonymization:{name}", args=[of.challenge.slug, of.slug])


def test_one_page_decides_every_word_for_all_texts(of: Question) -> None:
    olga = browser("Olga")
    shown = olga.get(page(of))
    assert [(row.word, row.texts) for row in shown.context["words"]] == [("Zorglub", 2), ("Friedlander", 1)]
    assert browser("Sam").get(page(of)).status_code == 404 and browser("Rita").get(page(of)).status_code == 404
    assert browser("Rita").post(page(of, "decide_words"), {"word.0": "Zorglub", "choice.0": "stays"}).status_code == 403
    olga.post(
        page(of, "decide_words"),
        {
            "word.0": "Zorglub",
            "choice.0": "goes",
            "replacement.0": "Untel",
            "word.1": "Friedlander",
            "choice.1": "stays",
        },
    )
    work_all(INTAKE)
    assert sorted(row.value for row in Annotation.objects.filter(field="report")) == [
        "Untel a une pneumopathie de Friedlander", "Vu avec Untel le matin",
    ]  # fmt: skip
    assert not olga.get(page(of)).context["words"]


def test_readers_mark_words_and_learn_nothing_of_the_centre(of: Question) -> None:
    olga, rita = browser("Olga"), browser("Rita")
    choices = {"word.0": "Zorglub", "choice.0": "goes", "word.1": "Friedlander", "choice.1": "stays"}
    olga.post(page(of, "decide_words"), choices)
    work_all(INTAKE)
    first, second = ExamText.objects.filter(step="annotators").order_by("pk")
    shown = rita.get(reverse("anonymization:text", args=[first.pk]))
    assert "Friedlander" in shown.content.decode() and "Nord" not in shown.content.decode()
    places = [run.place for run in shown.context["runs"] if run.text == "pneumopathie"]
    answer = rita.post(reverse("anonymization:mark_text", args=[first.pk]), {"place": places})
    assert answer.url == reverse("anonymization:text", args=[second.pk])  # type: ignore[attr-defined]
    assert Annotation.objects.get(exam=first.exam, field="report").value == "[…] a une […] de Friedlander"
    assert rita.get(reverse("anonymization:text", args=[first.pk])).status_code == 404
    assert browser("Sam").get(reverse("anonymization:text", args=[second.pk])).status_code == 404


def test_the_api_does_the_same(of: Question) -> None:
    olga, rita, name = browser("Olga"), browser("Rita"), f"{of.challenge.slug}/{of.slug}"
    words = olga.get("/api/v1/words/", {"question": name}).json()["results"]
    assert [(row["word"], row["texts"]) for row in words] == [("Zorglub", 2), ("Friedlander", 1)]
    assert "Zorglub a une pneumopathie" in words[0]["contexts"][0]
    assert rita.get("/api/v1/words/", {"question": name}).status_code == 403
    body = {"question": name, "remove": ["Zorglub"], "replace": {"Friedlander": "X"}}
    answer = olga.post("/api/v1/words/", body, content_type="application/json")
    assert answer.status_code == 201 and answer.json() == {"decided": 2}
    work_all(INTAKE)
    texts = rita.get("/api/v1/texts/").json()["results"]
    assert [text["text"] for text in texts] == ["[…] a une pneumopathie de X", "Vu avec […] le matin"]
    place = next(place for place, word in texts[0]["words"].items() if word == "pneumopathie")
    marked = rita.post(
        f"/api/v1/texts/{texts[0]['id']}/mark/", {"places": [int(place)]}, content_type="application/json"
    )
    assert marked.json() == {"step": "done"}
    assert len(rita.get("/api/v1/texts/").json()["results"]) == 1
    again = rita.post(f"/api/v1/texts/{texts[0]['id']}/mark/", {}, content_type="application/json")
    assert again.status_code == 404


def test_a_review_shows_the_words_to_who_decides_and_to_nobody_else() -> None:
    of = question("lung-tumour", {"grading": {"readers": 0}})
    values = {"stage": "II", "histology": "tumeur de Pancoast chez Zorglub"}
    sent(of, zipped(dict(lung.make(1, "nord").files)), values=json.dumps(values))
    work_all(INTAKE)
    review = Review.objects.get()
    olga = browser("Olga")
    shown = olga.get(reverse("anonymization:review", args=[review.pk])).content.decode()
    assert 'name="keep" value="Zorglub"' in shown and 'name="keep" value="Pancoast"' in shown
    assert olga.get(f"/api/v1/reviews/{review.pk}/").json()["words"] == ["Pancoast", "Zorglub"]
    carla = browser("Carla Centre")
    assert carla.get(reverse("anonymization:review", args=[review.pk])).status_code == 404
    assert "Zorglub" not in carla.get(reverse("uploads:exam", args=[review.exam_id])).content.decode()
    olga.post(reverse("anonymization:confirm", args=[review.pk]), {"keep": ["Pancoast"]})
    assert Annotation.objects.get(field="histology").value == "tumeur de Pancoast chez […]"
    assert "Zorglub" not in olga.get(reverse("anonymization:review", args=[review.pk])).content.decode()
    assert Exam.objects.get().state == "deidentified"
