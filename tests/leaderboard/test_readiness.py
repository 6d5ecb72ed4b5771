"""Before a ranking is published or its winners announced: what would be wrong, by name."""

from __future__ import annotations

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from core.readiness import NotReadyError, Obstacle
from leaderboard.announce import announce
from leaderboard.models import Ranking
from leaderboard.readiness import announce_obstacles, publish_obstacles
from scoring.models import Submission
from tests.factories.contests import Contest, contest
from tests.factories.exams import work_all
from tests.factories.people import person, team_in
from tests.factories.questions import close_phase
from tests.factories.submissions import sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def played() -> Contest:
    scene = contest(sides=(2, 3, 4, 5), test=2)
    for name, wear in (("Owls", 1), ("Cats", 2)):
        sent(scene.question, team_in(scene.question, name), scene.entry(wear=wear))
    work_all()
    return scene


def codes(obstacles: list[Obstacle]) -> dict[str, bool]:
    return {obstacle.reason: obstacle.blocks for obstacle in obstacles}


def test_each_step_says_what_stands_in_its_way(played: Contest) -> None:
    ranking = Ranking.objects.get()
    assert codes(publish_obstacles(ranking)) == {"phase_open": True}
    assert codes(announce_obstacles(played.question, ranking)) == {"phase_open": True}
    close_phase(played.phase)
    ranking = Ranking.objects.get()
    assert publish_obstacles(ranking) == [] and announce_obstacles(played.question, ranking) == []
    late = Submission.objects.filter(team__name="Cats").get()
    Submission.objects.filter(pk=late.pk).update(state="valid")
    assert codes(publish_obstacles(ranking)) == {"being_rescored": True}
    client = APIClient()
    client.force_login(person("Olga"))
    json = client.get(f"/api/v1/rankings/{ranking.pk}/readiness/?step=announce").json()
    assert json["ready"] is False and json["obstacles"][0]["code"] == "being_rescored"
    page = client.get("/c/cup/sarcopenia/ending/").content.decode()
    assert "mixes old and new scores" in page and "/ending/announce/" not in page


def test_teams_whose_submissions_are_not_scored_are_named(played: Contest) -> None:
    scored = Submission.objects.get(team__name="Cats")
    late = sent(played.question, scored.team, played.entry(wear=3))
    close_phase(played.phase)
    ranking = Ranking.objects.latest("number")
    (entry,) = announce_obstacles(played.question, ranking)
    assert (entry.reason, entry.blocks, entry.where) == ("unscored", True, "Cats")
    assert codes(publish_obstacles(ranking)) == {"unscored": False}
    with pytest.raises(NotReadyError, match="not scored yet"):
        announce(question=played.question, ranking=ranking, announced_at=timezone.now(), actor=person("Olga"))
    Submission.objects.filter(pk=late.pk).update(state="failed", reason="platform")
    Submission.objects.filter(pk=scored.pk).update(state="cancelled")
    assert codes(announce_obstacles(played.question, ranking)) == {"failed": False}


def test_ties_are_named_and_do_not_block() -> None:
    scene = contest(sides=(2, 3, 4, 5), test=2)
    for name in ("Owls", "Cats"):
        sent(scene.question, team_in(scene.question, name), scene.entry(wear=1))
    work_all()
    close_phase(scene.phase)
    ranking = Ranking.objects.latest("number")
    ranking.placings.update(place=1)
    (tie,) = announce_obstacles(scene.question, ranking)
    assert (tie.reason, tie.blocks) == ("tie", False) and set(tie.where.split(", ")) == {"Cats", "Owls"}


def test_an_older_ranking_and_one_that_ranks_nobody() -> None:
    scene = contest(sides=(2, 3, 4, 5), test=2)
    team_in(scene.question, "Owls")
    sent(scene.question, team_in(scene.question, "Cats"), scene.entry(wear=1))
    work_all()
    sent(scene.question, team_in(scene.question, "Bears"), scene.entry(wear=2))
    work_all()
    close_phase(scene.phase)
    older = Ranking.objects.earliest("number")
    assert codes(announce_obstacles(scene.question, older)) == {"outdated": False}
    older.placings.update(place=None, status="N.S.")
    assert codes(announce_obstacles(scene.question, older)) == {"outdated": False, "nobody_ranked": True}
