"""Nobody but organisers reads a hidden part before it is published, whatever they ask the API."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from challenges.models import Question
from core.errors import NotAllowedError
from core.readiness import NotReadyError
from leaderboard.board import board
from leaderboard.models import Ranking
from leaderboard.publish import publish_ranking
from scoring.models import CaseScore, Score, Submission, Truth
from tests.factories.contests import Contest, contest
from tests.factories.exams import work_all
from tests.factories.people import juror_of, member_of, person, team_in
from tests.factories.questions import close_phase
from tests.factories.submissions import sent

pytestmark = pytest.mark.django_db
ROLES = ["visitor", "stranger", "own team", "other team", "juror"]


@pytest.fixture
def half_public() -> Contest:
    """Two teams; half of the cases are public. Dice of one voxel off differ from case to case, so parts differ."""
    scene = contest({"leaderboard": {"public_share": 0.5, "digits": 6}})
    for name, wear in (("Owls", 1), ("Cats", 2)):
        sent(scene.question, team_in(scene.question, name), scene.entry(wear=wear, off=wear))
    work_all()
    return scene


def as_role(role: str, question_row: Question) -> APIClient:
    client = APIClient()
    who = {
        "stranger": lambda: person("Sam"),
        "own team": lambda: member_of(question_row.challenge.teams.get(name="Owls")),
        "other team": lambda: member_of(question_row.challenge.teams.get(name="Cats")),
        "juror": lambda: juror_of(question_row, "Jo"),
        "organiser": lambda: person("Olga"),
    }
    if role != "visitor":
        client.force_authenticate(who[role]())
    return client


def routes(scene: Contest) -> list[str]:
    address = f"{scene.question.challenge.slug}/{scene.question.slug}"
    result = [
        f"/api/v1/boards/{address}/",
        *(f"/api/v1/boards/{address}/?part={part}" for part in ("all", "public", "private")),
        f"/api/v1/boards/{address}/?phase={scene.phase.name}&part=private",
        "/api/v1/rankings/",
        "/api/v1/rankings/?part=private",
        "/api/v1/submissions/",
        f"/api/v1/submissions/remaining/?question={address}",
        f"/api/v1/truths/?question={address}",
        "/api/v1/announcements/",
        f"/api/v1/jury/?question={address}",
    ]
    result += [f"/api/v1/rankings/{row.pk}/" for row in Ranking.objects.all()]
    for row in Submission.objects.all():
        result += [f"/api/v1/submissions/{row.pk}/", f"/api/v1/submissions/{row.pk}/evaluations/"]
    return result


def hidden_numbers() -> set[str]:
    """Every hidden number as it would be written at each precision; public ones and whole numbers are no secret."""
    hidden, shown = set(), set()
    for row in Score.objects.exclude(value=None):
        for digits in (4, 6, 17):
            (shown if row.part == "public" else hidden).add(repr(round(row.value or 0.0, digits)))
    for case in CaseScore.objects.all():
        hidden.add(repr(case.value))
    return {number for number in hidden - shown if len(number) > 5}


@pytest.mark.parametrize("role", ROLES)
def test_no_answer_to_anybody_holds_a_hidden_number(half_public: Contest, role: str) -> None:
    client, secrets = as_role(role, half_public.question), hidden_numbers()
    assert len(secrets) > 6
    for route in routes(half_public):
        answer = client.get(route)
        assert answer.status_code in (200, 401, 403, 404), route
        text = answer.content.decode()
        assert not [number for number in secrets if number in text], (route, role)
        assert "private" not in text or answer.status_code != 200, (route, role)


@pytest.mark.parametrize("role", ROLES)
def test_hidden_parts_and_others_work_do_not_exist(half_public: Contest, role: str) -> None:
    client = as_role(role, half_public.question)
    address = f"{half_public.question.challenge.slug}/{half_public.question.slug}"
    assert client.get(f"/api/v1/boards/{address}/?part=private").status_code == 404
    assert client.get(f"/api/v1/boards/{address}/?part=all").status_code == 404
    assert client.get(f"/api/v1/boards/{address}/?part=public").status_code == 200
    for ranking in Ranking.objects.exclude(part="public"):
        assert client.get(f"/api/v1/rankings/{ranking.pk}/").status_code == 404
        assert client.post(f"/api/v1/rankings/{ranking.pk}/publish/").status_code in (401, 403, 404)
    own = {"own team": "Owls", "other team": "Cats"}.get(role)
    for submission in Submission.objects.all():
        answer = client.get(f"/api/v1/submissions/{submission.pk}/")
        expected = 200 if submission.team.name == own else 401 if role == "visitor" else 404
        assert answer.status_code == expected
    assert not Ranking.objects.exclude(part="public").filter(published_at__isnull=False).exists()


def test_a_team_reads_its_public_scores_and_no_others(half_public: Contest) -> None:
    client = as_role("own team", half_public.question)
    document = client.get("/api/v1/submissions/").json()["results"]
    assert [row["team"] for row in document] == ["Owls"]
    assert set(document[0]["scores"]) == {"public"}
    value = Score.objects.get(evaluation__submission__team__name="Owls", part="public", name="dice").value
    assert document[0]["scores"]["public"]["dice"] == round(value or 0, 6)


def test_publication_shows_the_part_to_everybody_and_only_organisers_publish(half_public: Contest) -> None:
    ranking = Ranking.objects.get(part="private")
    with pytest.raises(NotAllowedError):
        publish_ranking(ranking=ranking, actor=person("Sam"))
    close_phase(half_public.phase)
    publish_ranking(
        ranking=Ranking.objects.get(pk=ranking.pk), actor=person("Olga"), at=timezone.now() + timedelta(hours=1)
    )
    address = f"{half_public.question.challenge.slug}/{half_public.question.slug}"
    visitor = as_role("visitor", half_public.question)
    assert visitor.get(f"/api/v1/boards/{address}/").json()["part"] == "public"
    answer = as_role("organiser", half_public.question).post(f"/api/v1/rankings/{ranking.pk}/publish/")
    assert answer.status_code == 200
    shown = visitor.get(f"/api/v1/boards/{address}/").json()
    assert shown["part"] == "private" and shown["out"] is True
    assert [line["team"] for line in shown["lines"]] == ["Owls", "Cats"]
    assert shown["sha256"] == ranking.sha256 and shown["ranked_set"] == ["Cats", "Owls"]
    assert [column["name"] for column in shown["columns"]] == ["dice", "surface_mse"]
    assert (
        "private"
        in as_role("own team", half_public.question).get("/api/v1/submissions/").json()["results"][0]["scores"]
    )


def test_while_a_phase_is_open_only_the_public_part_can_show(half_public: Contest) -> None:
    organiser = as_role("organiser", half_public.question)
    for part in ("private", "all"):
        ranking = Ranking.objects.get(part=part)
        answer = organiser.post(f"/api/v1/rankings/{ranking.pk}/publish/")
        assert answer.status_code == 409 and answer.json()["reason"] == "phase_open", part
        with pytest.raises(NotReadyError):
            publish_ranking(ranking=ranking, actor=person("Olga"))
        publish_ranking(ranking=ranking, actor=person("Olga"), at=half_public.phase.closes)
    Ranking.objects.update(published_at=timezone.now() - timedelta(hours=1))  # whatever was published, and by whom
    assert set(Ranking.objects.visible_to(person("Sam")).values_list("part", flat=True)) == {"public"}
    document = as_role("own team", half_public.question).get("/api/v1/submissions/").json()["results"]
    assert set(document[0]["scores"]) == {"public"}
    close_phase(half_public.phase)
    assert set(Ranking.objects.visible_to(person("Sam")).values_list("part", flat=True)) == {"public", "private", "all"}


def test_an_organiser_sees_what_is_not_out_and_that_it_is_not(half_public: Contest) -> None:
    shown: Any = board(person("Olga"), half_public.question)
    assert shown["part"] == "private" and shown["out"] is False
    detail = as_role("organiser", half_public.question).get(
        f"/api/v1/rankings/{Ranking.objects.get(part='private').pk}/"
    )
    assert json.loads(detail.content)["snapshot"]["hashes"]["question"]
    runs = as_role("organiser", half_public.question).get(
        f"/api/v1/submissions/{Submission.objects.all()[0].pk}/evaluations/"
    )
    assert runs.status_code == 200 and [run["number"] for run in runs.json()] == [1]
    truths = as_role("organiser", half_public.question).get(
        f"/api/v1/truths/?question={half_public.question.challenge.slug}/{half_public.question.slug}"
    )
    assert truths.json()[0]["sha256"] == Truth.objects.get(batch=half_public.batch).sha256


def test_before_anything_is_out_a_board_is_there_and_empty() -> None:
    scene = contest()
    team_in(scene.question, "Owls")
    answer = as_role("visitor", scene.question).get(
        f"/api/v1/boards/{scene.question.challenge.slug}/{scene.question.slug}/"
    )
    assert answer.status_code == 200 and answer.json()["lines"] == [] and answer.json()["number"] is None


def test_the_file_can_say_the_minute_of_revelation() -> None:
    later = timezone.now() + timedelta(hours=26)  # the phase closes tomorrow
    scene = contest({"leaderboard": {"public_share": 0.5, "reveal_at": later.isoformat()}})
    sent(scene.question, team_in(scene.question, "Owls"), scene.entry(wear=1))
    work_all()
    assert Ranking.objects.get(part="private").published_at == later
    assert Ranking.objects.get(part="all").published_at is None
    visible = Ranking.objects.visible_to(person("Sam"))
    assert set(visible.values_list("part", flat=True)) == {"public"}
