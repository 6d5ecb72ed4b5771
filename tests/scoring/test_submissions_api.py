"""Submissions over HTTP, as every role: what is not one's own does not exist."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from core.clock import database_now
from core.models import AuditRecord, User
from scoring.models import Evaluation, Submission, Truth
from scoring.validate import fail_submission
from tests.factories.contests import Contest, contest
from tests.factories.exams import work_all
from tests.factories.people import member_of, person, team_in
from tests.factories.questions import question
from tests.factories.submissions import sent, stored_upload

pytestmark = pytest.mark.django_db


def client_of(user: User | None) -> APIClient:
    client = APIClient()
    if user is not None:
        client.force_authenticate(user)
    return client


def created(user: User | None, upload: Any, **more: Any) -> Any:
    return client_of(user).post("/api/v1/submissions/", {"upload": str(upload.pk), **more}, format="json")


def test_an_upload_becomes_a_submission_once_for_its_owner_alone() -> None:
    question_row = question()
    team = team_in(question_row, "Owls")
    upload = stored_upload(question_row, team, b"x")
    for other, status in ((None, 401), (person("Sam"), 404), (person("Olga"), 404)):
        assert created(other, upload).status_code == status
    assert not Submission.objects.exists()
    first = created(member_of(team), upload, description="a U-Net", declared={"parameters": 7}, idempotency_key="k")
    assert first.status_code == 201 and first.json()["state"] == "received"
    again = created(member_of(team), upload)
    assert again.json()["id"] == first.json()["id"] and Submission.objects.count() == 1
    assert again.json()["description"] == "a U-Net" and again.json()["declared"] == {"parameters": 7}


def test_a_refusal_is_told_by_the_step_and_again_by_the_upload() -> None:
    question_row = question(changes={"limits": {"per_phase": 1}})
    team = team_in(question_row, "Owls")
    sent(question_row, team, b"x")
    upload = stored_upload(question_row, team, b"y")
    answer = created(member_of(team), upload)
    assert (
        answer.status_code == 429
        and answer.json()["reason"] == "quota"
        and "1 submission of" in answer.json()["detail"]
    )
    again = created(member_of(team), upload)
    assert (again.status_code, again.json()) == (429, answer.json())
    shown = client_of(member_of(team)).get(f"/api/v1/uploads/{upload.pk}").json()
    assert shown["state"] == "refused" and shown["errors"][0]["message"] == answer.json()["detail"]


@pytest.mark.parametrize("body", [{}, [], {"upload": "x"}, {"upload": str(uuid.uuid4())}])
def test_nonsense_is_answered(body: Any) -> None:
    answer = client_of(person("Sam")).post("/api/v1/submissions/", body, format="json")
    assert answer.status_code in (400, 404)


@pytest.fixture
def scored() -> Contest:
    scene = contest({"limits": {"per_day": 5, "per_phase": 9}})
    for name in ("Owls", "Cats"):
        sent(scene.question, team_in(scene.question, name), scene.entry(wear=1))
    work_all()
    return scene


def own(scene: Contest, name: str) -> tuple[Submission, User]:
    submission = Submission.objects.get(team__name=name)
    return submission, member_of(submission.team)


def test_nobody_acts_on_anothers_submission(scored: Contest) -> None:
    owls, owl = own(scored, "Owls")
    _cats, cat = own(scored, "Cats")
    for verb in ("cancel", "choose", "retry"):
        path = f"/api/v1/submissions/{owls.pk}/{verb}/"
        assert client_of(None).post(path).status_code == 401
        assert client_of(cat).post(path).status_code == 404
        assert client_of(person("Sam")).post(path).status_code == 404
    assert client_of(person("Olga")).post(f"/api/v1/submissions/{owls.pk}/cancel/").status_code == 403
    assert client_of(owl).post(f"/api/v1/submissions/{owls.pk}/retry/").status_code == 403
    assert client_of(owl).get(f"/api/v1/submissions/{owls.pk}/evaluations/").status_code == 403
    assert client_of(owl).post(f"/api/v1/submissions/{owls.pk}/cancel/").status_code == 409
    assert client_of(owl).post(f"/api/v1/submissions/{owls.pk}/choose/").json()["is_final"] is True


def test_what_is_not_scored_yet_can_be_taken_back(scored: Contest) -> None:
    _owls, owl = own(scored, "Owls")
    team = Submission.objects.get(team__name="Owls").team
    waiting = sent(scored.question, team, scored.entry())
    assert client_of(owl).post(f"/api/v1/submissions/{waiting.pk}/cancel/").json()["state"] == "cancelled"
    assert "validate_submission" not in work_all()
    address = f"{scored.question.challenge.slug}/{scored.question.slug}"
    left = client_of(owl).get(f"/api/v1/submissions/remaining/?question={address}").json()
    final = next(entry for entry in left if entry["phase"] == "final")
    assert final["left"] == 4 and final["used_today"] == 1 and final["resets_at"].endswith(("+01:00", "+02:00"))
    assert client_of(person("Olga")).get(f"/api/v1/submissions/remaining/?question={address}").status_code == 404


def test_the_manifest_of_a_submission_is_for_those_who_have_the_cases(scored: Contest) -> None:
    _owls, owl = own(scored, "Owls")
    path = f"/api/v1/submissions/manifest/?question={scored.question.challenge.slug}/{scored.question.slug}"
    answer = client_of(owl).get(path)
    truth = Truth.objects.get(batch__question=scored.question)
    assert answer.status_code == 200 and answer.json() == truth.public_manifest
    assert set(answer.json()["ids"]) == set(truth.batch.items.values_list("public_id", flat=True))
    assert client_of(owl).get(f"{path}&phase=none").status_code == 404
    assert client_of(person("Sam")).get(path).status_code == 404
    truth.batch.question.batches.update(released_at=database_now() + timedelta(days=1))
    assert client_of(owl).get(path).status_code == 404


def test_a_failed_one_says_little_to_the_team_and_is_tried_again_by_an_organiser(scored: Contest) -> None:
    team = Submission.objects.get(team__name="Owls").team
    submission = sent(scored.question, team, scored.entry())
    fail_submission(str(submission.pk), "ValueError at scoring/engine.py:12")
    shown = client_of(member_of(team)).get(f"/api/v1/submissions/{submission.pk}/").json()
    assert shown["state"] == "failed" and "engine.py" not in shown["reason"] and shown["reason"]
    answer = client_of(person("Olga")).post(f"/api/v1/submissions/{submission.pk}/retry/")
    assert answer.status_code == 200 and answer.json()["state"] == "received"
    work_all()
    submission.refresh_from_db()
    assert submission.state == "scored"


def test_an_organiser_has_a_phase_scored_again_with_a_reason(scored: Contest) -> None:
    address = f"{scored.question.challenge.slug}/{scored.question.slug}"
    body = {"question": address, "phase": "final", "reason": "the truth was corrected"}
    assert (
        client_of(own(scored, "Owls")[1]).post("/api/v1/submissions/rescore/", body, format="json").status_code == 403
    )
    organiser = client_of(person("Olga"))
    assert organiser.post("/api/v1/submissions/rescore/", {**body, "reason": " "}, format="json").status_code == 400
    assert organiser.post("/api/v1/submissions/rescore/", body, format="json").json() == {"submissions": 2}
    work_all()
    assert Evaluation.objects.count() == 4
    assert AuditRecord.objects.filter(verb="phase rescored", reason="the truth was corrected").exists()


def test_every_change_of_a_submission_is_on_record(scored: Contest) -> None:
    owls, owl = own(scored, "Owls")
    trail = AuditRecord.objects.filter(subject_kind="submission", subject_id=str(owls.pk)).order_by("id")
    assert list(trail.values_list("verb", flat=True)) == [
        "submission received",
        "submission valid",
        "submission scored",
    ]
    assert trail[0].actor == owl


def test_a_long_list_asks_no_more_queries_than_a_short_one() -> None:
    scene = contest()
    counts = []
    for names in (("Owls",), ("Bats", "Cats", "Dogs", "Eels")):
        for name in names:
            sent(scene.question, team_in(scene.question, name), scene.entry())
        work_all()
        client = client_of(scene.question.challenge.created_by)
        with CaptureQueriesContext(connection) as captured:
            answer = client.get("/api/v1/submissions/")
        counts.append(len(captured))
        assert {result["state"] for result in answer.json()["results"]} == {"scored"}
    assert counts[1] == counts[0]
