"""Challenges, questions, phases and charters over HTTP, as each role."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from challenges.models import Challenge, Charter, Phase, Question, QuestionRevision
from core.models import AuditRecord, User
from tests.challenges.conftest import SARCOPENIA, api, person
from tests.factories.questions import CATALOGUE

pytestmark = pytest.mark.django_db
TITLE = {"en": "JFR 2021", "fr": "JFR 2021"}


def test_only_founders_begin_a_challenge(stefan: User, olivia: User, challenge: Challenge, settings: Any) -> None:
    draft = {"slug": "jfr-2021", "title": TITLE}
    assert api().post("/api/v1/challenges/", draft, format="json").status_code == 401
    assert api(stefan).post("/api/v1/challenges/", draft, format="json").status_code == 403
    assert api(olivia).post("/api/v1/challenges/", draft, format="json").status_code == 201
    staff = person("sam", is_staff=True)
    answer = api(staff).post("/api/v1/challenges/", {"slug": "sfr", "title": "SFR"}, format="json")
    assert answer.json()["title"] == {"en": "SFR", "fr": "SFR"}
    assert answer.json()["state"] == "draft"
    again = api(olivia).post("/api/v1/challenges/", draft, format="json")
    assert (again.status_code, again.json()["reason"]) == (400, "slug_taken")


def test_a_draft_is_seen_by_its_organisers_alone(olivia: User, challenge: Challenge, stefan: User) -> None:
    api(olivia).post("/api/v1/challenges/", {"slug": "jfr-2021", "title": TITLE}, format="json")
    path = "/api/v1/challenges/jfr-2021/"
    assert api(olivia).get(path).status_code == 200
    assert api(stefan).get(path).status_code == 404
    assert api().get(path).status_code == 404
    assert [result["slug"] for result in api().get("/api/v1/challenges/").json()["results"]] == ["jfr-2019"]
    empty = api(olivia).post(f"{path}open/", {}, format="json")
    assert empty.status_code == 400 and "no question" in empty.json()["detail"]


def test_open_and_close(olivia: User, challenge: Challenge, stefan: User) -> None:
    path = "/api/v1/challenges/jfr-2019/close/"
    assert api(stefan).post(path, {}, format="json").status_code == 403
    assert api(olivia).post(path, {"reason": "over"}, format="json").json()["state"] == "closed"
    assert api(olivia).post(path, {}, format="json").json()["state"] == "closed"
    reopened = api(olivia).post(path.replace("close", "open"), {}, format="json")
    assert (reopened.status_code, reopened.json()["state"]) == (200, "opened")


def test_every_mistake_of_a_question_file_with_its_line(olivia: User, challenge: Challenge) -> None:
    lines = SARCOPENIA.splitlines()
    lines[next(i for i, line in enumerate(lines) if line.startswith("kind:"))] = "kind: maskz"
    lines[next(i for i, line in enumerate(lines) if "rule: rank_sum" in line)] = "  rule: rank_summ"
    body = {"challenge": "jfr-2019", "text": "\n".join(lines)}
    answer = api(olivia).post("/api/v1/questions/", body, format="json")
    assert answer.status_code == 400
    errors = answer.json()["errors"]
    assert {lines.index("kind: maskz") + 1, lines.index("  rule: rank_summ") + 1} <= {error["line"] for error in errors}
    assert all(set(error) == {"reason", "line", "where", "message"} and error["message"] for error in errors)
    assert QuestionRevision.objects.count() == 1


def test_a_question_is_created_and_revised_by_its_file(olivia: User, challenge: Challenge, stefan: User) -> None:
    text = SARCOPENIA.replace("slug: sarcopenia", "slug: muscle")
    response = api(olivia).post("/api/v1/questions/", {"challenge": "jfr-2019", "text": text}, format="json")
    assert response.status_code == 201 and response.json()["name"] == "jfr-2019/muscle"
    path = "/api/v1/questions/jfr-2019/muscle/"
    assert api().get(path).json()["text"] == text
    assert {phase["name"] for phase in api().get(path).json()["phases"]} == {"inclusion", "final"}
    changed = text.replace("Sarcopénie", "Muscle")
    assert api(stefan).put(path, {"text": changed}, format="json").status_code == 403
    revised = api(olivia).put(path, {"text": changed}, format="json")
    assert revised.status_code == 200 and revised.json()["revision"] == 2
    assert api(olivia).put(path, {"text": changed}, format="json").json()["revision"] == 2
    other = api(olivia).put(path, {"text": SARCOPENIA}, format="json")
    assert other.status_code == 400 and "sarcopenia" in other.json()["detail"]
    listed = api().get("/api/v1/questions/?challenge=jfr-2019").json()
    assert [result["slug"] for result in listed["results"]] == ["sarcopenia", "muscle"]


def test_a_phase_is_rescheduled_with_a_reason(olivia: User, question: Question, stefan: User) -> None:
    phase = question.phases.get(name="final")
    path = f"/api/v1/phases/{phase.pk}/reschedule/"
    window = {"opens": "2019-10-13T09:00:00+02:00", "closes": "2019-10-13T11:00:00+02:00", "reason": "the network fell"}
    assert api(stefan).post(path, window, format="json").status_code == 403
    assert api(olivia).post(path, {**window, "reason": ""}, format="json").status_code == 400
    for name in ("opens", "closes"):  # a moment without an offset is refused, never guessed
        response = api(olivia).post(path, {**window, name: "2019-10-13T09:30:00"}, format="json")
        assert (
            response.status_code == 400
            and "no UTC offset" in {error["where"]: error["message"] for error in response.json()["errors"]}[name]
        )
    backwards = {**window, "closes": window["opens"]}
    assert "before it closes" in api(olivia).post(path, backwards, format="json").json()["detail"]
    answer = api(olivia).post(path, window, format="json")
    assert answer.status_code == 200 and answer.json()["is_open"] is False
    assert Phase.objects.get(pk=phase.pk).closes.isoformat() == "2019-10-13T09:00:00+00:00"
    assert AuditRecord.objects.get(verb="phase rescheduled").reason == "the network fell"
    moments = api().get("/api/v1/challenges/jfr-2019/timeline/").json()
    assert [moment["key"] for moment in moments][-1] == "phase:final:closes"


def test_a_new_version_of_a_charter_asks_again(olivia: User, challenge: Challenge, maya: User) -> None:
    draft = {"challenge": "jfr-2019", "audience": "team", "text": {"en": "One.", "fr": "Un."}}
    assert api(maya).post("/api/v1/charters/", draft, format="json").status_code == 403
    first = api(olivia).post("/api/v1/charters/", draft, format="json").json()
    sign = f"/api/v1/charters/{first['id']}/sign/"
    assert api(maya).post(sign, {"name": " "}, format="json").status_code == 400
    assert api(maya).post(sign, {"name": "Maya Milvue"}, format="json").json()["signed"] is True
    second = api(olivia).post("/api/v1/charters/", {**draft, "text": "Two."}, format="json").json()
    assert second["version"] == 2
    listed = api(maya).get("/api/v1/charters/?challenge=jfr-2019&audience=team").json()["results"]
    assert [(entry["version"], entry["in_force"], entry["signed"]) for entry in listed] == [
        (2, True, False),
        (1, False, True),
    ]
    assert api(olivia).post(sign, {"name": "Olivia"}, format="json").status_code == 400
    assert Charter.objects.count() == 2


def test_title_summary_and_contacts_are_edited_by_organisers(olivia: User, challenge: Challenge, stefan: User) -> None:
    path = "/api/v1/challenges/jfr-2019/"
    assert api().patch(path, {"contact": "x@example.org"}, format="json").status_code == 401
    assert api(stefan).patch(path, {"contact": "x@example.org"}, format="json").status_code == 403
    changes = {"title": {"en": "JFR 2019!", "fr": "JFR 2019 !"}, "contact": "new@example.org"}
    assert api(olivia).patch(path, {"slug": "other"}, format="json").status_code == 400  # an address is for ever
    answer = api(olivia).patch(path, {**changes, "summary": "Three questions"}, format="json").json()
    assert answer["title"] == changes["title"] and answer["contact"] == "new@example.org"
    assert answer["summary"] == {"en": "Three questions", "fr": "Three questions"} and answer["slug"] == "jfr-2019"
    record = AuditRecord.objects.get(verb="challenge edited")
    assert record.actor == olivia and record.detail["before"] == {
        "title": {"en": "JFR 2019", "fr": "JFR 2019"},
        "summary": {},
        "contact": "jfr@example.org",
    }
    assert api(olivia).patch(path, changes, format="json").status_code == 200
    assert AuditRecord.objects.filter(verb="challenge edited").count() == 1, "what stands already is no change"
    assert api(olivia).patch(path, {"contact": "nobody"}, format="json").status_code == 400
    assert api(olivia).patch(path, {"title": {"fr": "sans anglais"}}, format="json").status_code == 400
    assert api(olivia).put(path, changes, format="json").status_code == 405


def test_the_dates_of_a_past_edition_are_shown_moved_and_then_loaded(olivia: User, challenge: Challenge) -> None:
    text = (CATALOGUE / "nodules.yaml").read_text(encoding="utf-8")
    body = {"text": text, "first_opening": "2031-03-03"}
    path = "/api/v1/questions/"
    assert api().post(f"{path}move-dates/", body, format="json").status_code == 401
    moved = api(olivia).post(f"{path}move-dates/", body, format="json").json()
    days = {
        datetime.fromisoformat(entry["after"]).date() - datetime.fromisoformat(entry["before"]).date()
        for entry in moved["dates"]
    }
    assert len(days) == 1 and min(entry["after"] for entry in moved["dates"]).startswith("2031-03-03")
    assert not challenge.questions.filter(slug="nodules").exists(), "a preview loads nothing"
    response = api(olivia).post(path, {"challenge": "jfr-2019", **body}, format="json")
    assert response.status_code == 201
    question = challenge.questions.get(slug="nodules")
    assert question.current().source == moved["text"] != text
    assert min(question.phases.values_list("opens", flat=True)).astimezone(ZoneInfo("Europe/Paris")).date() == date(
        2031, 3, 3
    )
    wrong = api(olivia).post(
        f"{path}move-dates/", {"text": "concours: 1", "first_opening": "2031-03-03"}, format="json"
    )
    assert wrong.status_code == 400 and wrong.json()["errors"]
