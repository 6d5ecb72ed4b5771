"""While teams can still send answers a board shows places and rounded scores, and with a step only what is a step better."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from leaderboard.board import board
from leaderboard.models import Ranking
from scoring.ladder import shown_in_public
from scoring.models import Submission
from tests.factories.contests import Contest, contest
from tests.factories.exams import work_all
from tests.factories.people import member_of, person, team_in
from tests.factories.questions import close_phase
from tests.factories.submissions import sent

pytestmark = pytest.mark.django_db
HIDDEN = {"intervals": {}, "ranks": {}, "places": None, "first_probability": None, "tie_groups": {}}


def public_contest(**leaderboard: Any) -> Contest:
    return contest({"leaderboard": {"public_share": 0.5, "digits": 4, **leaderboard}})


def test_intervals_chances_and_ranks_wait_until_no_phase_is_open() -> None:
    scene = public_contest()
    for name, wear in (("Owls", 1), ("Cats", 2)):
        sent(scene.question, team_in(scene.question, name), scene.entry(wear=wear, off=wear))
    work_all()
    address = scene.question
    olga, owl = person("Olga"), member_of(address.challenge.teams.get(name="Owls"))
    ranking = Ranking.objects.get(part="public")
    assert ranking.snapshot["seeds"]["bootstrap"] != ranking.snapshot["seeds"]["question"]
    client = APIClient()
    client.force_authenticate(owl)
    path = f"/c/{address.challenge.slug}/{address.slug}"
    shown = client.get(f"/api/v1/boards/{path[3:]}/").json()
    assert len(shown["lines"]) >= 2
    for line in shown["lines"]:
        assert {name: line[name] for name in HIDDEN} == HIDDEN
    assert shown["agreement"] is None and shown["not_resampled"] == {} and not shown["shows_uncertainty"]
    csv_rows = client.get(f"{path}/board.csv").content.decode().splitlines()
    assert all(row.split(",")[-3:-1] == ["", ""] for row in csv_rows[1:])
    page = client.get(path + "/board/", follow=True).content.decode()
    assert '<svg class="plot' not in page and "95 %" not in page
    organiser = board(olga, address, part="public")
    assert organiser is not None and any(line["intervals"] for line in organiser["lines"])

    close_phase(scene.phase)
    after = board(owl, address, part="public")
    assert after is not None and any(line["intervals"] for line in after["lines"])


def test_a_step_shows_a_team_only_what_is_better_by_it() -> None:
    scene = public_contest(step=0.001)
    owls = team_in(scene.question, "Owls")
    for wear in (2, 2, 0):  # the second is no better; the third is perfect
        sent(scene.question, owls, scene.entry(wear=wear, off=wear))
        work_all()
    first, second, third = Submission.objects.filter(team=owls).order_by("received_at")
    assert shown_in_public(scene.phase) == {first.pk, third.pk}
    client = APIClient()
    client.force_authenticate(member_of(owls))
    scores = {row["id"]: row["scores"] for row in client.get("/api/v1/submissions/").json()["results"]}
    assert scores[str(second.pk)] == {} and scores[str(first.pk)]["public"] != scores[str(third.pk)]["public"]
    close_phase(scene.phase)
    assert shown_in_public(scene.phase) is None
