"""Values are corrected and completed on the page of their exam: who may, what is refused in words, what waits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from anonymization.correct import confirm_correction
from anonymization.models import Correction, ExamText, QualityCheck
from batches.readiness import release_obstacles
from challenges.models import CentreMembership, Question
from core.models import User
from pages.troubles import faulty_truths
from scoring.models import Truth
from tests.factories.corrections import SETS, corrected, patients, second_organiser
from tests.factories.exams import centre, frozen_batches, kept_exam, work_all
from tests.factories.people import person
from tests.factories.questions import question
from tests.factories.uploads import sent
from uploads.models import Annotation, Exam

pytestmark = pytest.mark.django_db
INTAKE = ("receive", "deidentify", "check_quality", "assign_readings")


@pytest.fixture(autouse=True)
def own_folders(settings: Any, tmp_path: Path) -> None:
    settings.KEYS_DIR, settings.STAGING_DIR = tmp_path / "keys", tmp_path / "staging"
    settings.WORK_HEARTBEAT_SECONDS = 3600


def carla(of: Question) -> User:
    """Of the centre that sends."""
    user = person("Carla Centre")
    CentreMembership.objects.get_or_create(centre=centre(of), user=user)
    return user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def value_of(exam: Exam, field: str) -> Any:
    return Annotation.objects.get(exam=exam, field=field, is_chosen=True).value


def test_an_exam_that_was_refused_for_its_values_is_completed_on_its_page() -> None:
    of = question("prognosis", SETS)
    user = carla(of)
    sent(of, b"patient_id,age,sex,death\nP1,60,F,1\nP2,61,M,\nP3,x,M,\n", name="clinical.csv")
    work_all(INTAKE)
    entry, two, three = Exam.objects.order_by("number")
    assert [exam.state for exam in (entry, two, three)] == ["kept", "refused", "refused"]
    client = signed_in(user)
    page = client.get(f"/exams/{two.pk}/").content.decode()
    assert "Nothing has to be uploaded again" in page and reverse("anonymization:values", args=[two.pk]) in page
    form = client.get(f"/exams/{two.pk}/values/", headers={"HX-Request": "true"}).content.decode()
    assert "Complete them here" in form and "<html" not in form
    answer = client.post(f"/exams/{two.pk}/values/", {"field": "death", "value": "1", "reason": "was forgotten"})
    assert answer.status_code == 302
    two.refresh_from_db()
    assert two.state == "deidentified" and value_of(two, "death") is True
    work_all(INTAKE)
    two.refresh_from_db()
    assert (two.state, two.reason) == ("kept", "")
    assert "was forgotten" in client.get(f"/exams/{two.pk}/").content.decode()

    corrected(three, "age", "62", by=user)  # one value after the other: the second is still missing
    work_all(INTAKE)
    three.refresh_from_db()
    assert three.state == "refused"
    corrected(three, "death", 0, by=user)
    work_all(INTAKE)
    three.refresh_from_db()
    assert three.state == "kept" and value_of(three, "age") == 62


def test_the_centre_corrects_before_the_freeze_and_it_holds_at_once() -> None:
    of = question("prognosis", SETS)
    user, exam = carla(of), patients(of, 1)[0]
    client = APIClient()
    client.force_login(user)
    response_text = {row["name"]: row for row in client.get(f"/api/v1/exams/{exam.pk}/values/").json()}
    assert (
        response_text["age"]["shown"] == "60 years"
        and response_text["albumin"]["shown"] == ""
        and response_text["death"]["required"]
    )
    body = {"field": "age", "value": 66, "reason": "typing error"}
    answer = client.post(f"/api/v1/exams/{exam.pk}/correct/", body, format="json")
    assert answer.status_code == 201 and answer.json()["state"] == "corrected" and answer.json()["scope"] == "open"
    assert value_of(exam, "age") == 66
    assert list(Annotation.objects.filter(exam=exam, field="age").values_list("version", "value")) == [(2, 66), (1, 60)]
    assert QualityCheck.objects.get(exam=exam).facts["fields"]["age"]["value"] == 66
    for value, words in ((660, "between 0 and 120"), ("old", "is not a number"), (66, "already has")):
        refused = client.post(f"/api/v1/exams/{exam.pk}/correct/", {**body, "value": value}, format="json")
        assert refused.status_code == 400 and words in str(refused.json()), refused.json()
    unclear = client.post(f"/api/v1/exams/{exam.pk}/correct/", {"field": "age", "reason": "x"}, format="json")
    assert unclear.status_code == 400
    assert Correction.objects.count() == 1


@pytest.mark.parametrize(("who", "status"), [("carla", 201), ("olga", 201), ("nadia", 404), ("sam", 404), (None, 401)])
def test_who_may_correct(who: str | None, status: int) -> None:
    of = question("prognosis", SETS)
    exam = patients(of, 1)[0]
    carla(of)
    CentreMembership.objects.create(centre=centre(of, "Hôpital Sud"), user=person("nadia"))
    client = APIClient()
    if who:
        client.force_login({"carla": person("Carla Centre"), "olga": person("Olga")}.get(who) or person(who))
    body = {"field": "age", "value": 70, "reason": "typing error"}
    assert client.post(f"/api/v1/exams/{exam.pk}/correct/", body, format="json").status_code == status
    assert len(client.get("/api/v1/corrections/").json().get("results", [])) == (status == 201)


def test_words_that_may_identify_wait_for_an_organiser() -> None:
    sets = {"split": {"stratify": ["centre"], "sets": {"training": 2, "validation": 2, "test": 2}}}
    of = question("reports", sets)
    user, olga = carla(of), person("Olga")
    exam = kept_exam(of, {}, {"report": "Stéatose hépatique.", "follow_up": True})
    waits = corrected(exam, "report", "Contrôle par Zorglub. Maladie de Parkinson.", by=user)
    assert waits.state == "proposed" and value_of(exam, "report") == "Stéatose hépatique."
    page = signed_in(olga).get(f"/c/cup/{of.slug}/corrections/").content.decode()
    assert 'value="Zorglub"' in page and 'value="Parkinson"' in page
    assert signed_in(user).get(f"/c/cup/{of.slug}/corrections/").status_code in (403, 404)
    answer = signed_in(olga).post(f"/corrections/{waits.pk}/confirm/", {"keep": ["Parkinson"]})
    assert answer.status_code == 302
    waits.refresh_from_db()
    assert waits.state == "corrected" and waits.texts == []
    assert value_of(exam, "report") == "Contrôle par […]. Maladie de Parkinson."
    assert "Zorglub" not in str(list(ExamText.objects.values_list("pieces", flat=True)))


def test_a_truth_that_a_correction_leaves_with_one_class_is_told_before_teams_submit() -> None:
    of = question("prognosis", SETS)
    patients(of)
    batch = frozen_batches(of)["evaluation"]
    odile = second_organiser(of.challenge)
    assert Truth.objects.get(batch=batch).faults == [] and release_obstacles(batch) == []
    exams = [item.exam for item in batch.items.select_related("exam").order_by("position")]
    for exam in exams:
        assert Annotation.objects.get(exam=exam, field="death").sealed_at is not None
        assert QualityCheck.objects.filter(exam=exam, facts__fields__death__value=True).count() == 0
        confirm_correction(correction=corrected(exam, "death", 1, by=person("Olga")), actor=odile)
    work_all()
    newest = Truth.objects.filter(batch=batch).latest("version")
    assert newest.version == 2, "both corrections stand in one version"
    assert len(newest.corrections) == 2 and [fault["reason"] for fault in newest.faults] == ["one_class"]
    assert [release_obstacle.reason for release_obstacle in release_obstacles(batch)] == ["truth_faulty"]
    listed = faulty_truths(of.challenge.pk)
    assert len(listed) == 1 and "evaluation" in listed[0].subject.title and listed[0].lines
    page = signed_in(person("Olga")).get("/c/cup/console/").content.decode()
    assert "No submission can be scored on:" in page
