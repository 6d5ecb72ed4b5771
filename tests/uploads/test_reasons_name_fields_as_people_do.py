"""Every sentence about a value names its field by its title, in the reader's language, never by its key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from challenges.field_titles import HOLES, field_titles
from challenges.frame import spec_of
from challenges.models import CentreMembership
from concours.deid.values import contradictions, gate
from concours.formats.fault import forms_of
from concours.imaging import assemble
from concours.inclusion import clinical, mask, values
from core.models import Notice
from demo.phantoms import lung
from tests.concours.formats.builders import zipped
from tests.factories.exams import work_all
from tests.factories.questions import question
from tests.factories.uploads import sent
from uploads.models import Exam
from uploads.reasons import render_reason

pytestmark = pytest.mark.django_db
INTAKE = ("receive", "deidentify", "check_quality", "assign_readings")
TITLES = {"en": "Age in years", "fr": "Âge du patient"}
CHANGES: dict[str, Any] = {
    "data": {
        "fields": {
            "age": {"required": True, "title": TITLES},
            "sex": {"title": {"en": "Legal sex", "fr": "Sexe légal"}},
        }
    }
}
SENTENCES = {
    text
    for module in (clinical, contradictions, gate, mask, values)
    for name, text in vars(module).items()
    if name.isupper() and isinstance(text, str) and "%(field)s" in text
}


@pytest.fixture(autouse=True)
def own_folders(settings: Any, tmp_path: Path) -> None:
    settings.KEYS_DIR, settings.STAGING_DIR = tmp_path / "keys", tmp_path / "staging"
    settings.WORK_HEARTBEAT_SECONDS = 3600


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_sentence_about_a_field_shows_its_key(language: str) -> None:
    titles = field_titles(spec_of(question("lung-tumour", CHANGES)), language)
    assert len(SENTENCES) >= 20
    filled: dict[str, Any] = dict.fromkeys(
        (
            "value",
            "low",
            "high",
            "allowed",
            "table",
            "column",
            "row",
            "count",
            "least",
            "most",
            "voxels",
            "stated",
            *("name", "here", "there", "first", "second"),
        ),
        3,
    )
    with translation.override(language):
        for template in SENTENCES:
            message, _where = render_reason(template, {**filled, "field": "age"}, "age", named=True, titles=titles)
            assert TITLES[language] in message and "“age”" not in message and "« age »" not in message, template
            assert forms_of(template) is None or "3" in message
        listed, _where = render_reason(gate.NO_NUMBER, {"field": "age, 3: size"}, "age", named=True, titles=titles)
        assert f"{TITLES[language]}, 3: size" in listed


@pytest.mark.parametrize("language", ["en", "fr"])
def test_an_image_is_called_by_its_title(language: str) -> None:
    of = question(
        "lung-tumour", {"data": {"images": {"image": {"title": {"en": "Chest CT", "fr": "Scanner thoracique"}}}}}
    )
    (fault,) = assemble([], "image").faults
    assert set(fault.values) <= set(HOLES)
    titles = field_titles(spec_of(of), language)
    message, _where = render_reason(fault.template, fault.values, fault.where, named=True, titles=titles)
    assert message.startswith({"en": "Chest CT", "fr": "Scanner thoracique"}[language])


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_centres_pages_and_the_notice_name_it_so_and_the_api_keeps_the_key(client: Client, language: str) -> None:
    of = question("lung-tumour", CHANGES)
    upload = sent(of, zipped(dict(lung.make(1, "nord").files)), values=json.dumps({"age": 300, "sex": "F"}))
    upload.owner.language = language
    upload.owner.save()
    work_all(INTAKE)
    exam = Exam.objects.get()
    assert exam.state == "refused"
    notice = Notice.objects.get(user=upload.owner)
    assert TITLES[language] in notice.values["reasons"]
    CentreMembership.objects.create(centre=exam.centre, user=upload.owner)
    client.force_login(upload.owner)
    client.cookies["django_language"] = language
    page = client.get(reverse("uploads:exam", args=[exam.pk]), headers={"accept-language": language}).content.decode()
    assert TITLES[language] in page and "(age)" not in page and "“age”" not in page and "« age »" not in page
    shown = client.get(f"/api/v1/exams/{exam.pk}/", headers={"accept-language": language}).json()
    (step,) = [step for step in shown["progress"] if step["state"] == "refused"]
    assert step["where"] == "age" and TITLES[language] in step["message"]
