"""ROC curves, case strips and the plane: organisers at any time, everybody else once no answer can be read against them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from challenges.models import Phase
from leaderboard.models import Ranking
from leaderboard.publish import publish_ranking
from tests.factories.contests import Contest, contest
from tests.factories.exams import work_all
from tests.factories.people import juror_of, member_of, person, team_in
from tests.factories.questions import close_phase
from tests.factories.submissions import sent
from tests.leaderboard.nodules import nodules

pytestmark = pytest.mark.django_db
ROLES = ["visitor", "stranger", "own team", "other team", "juror"]
BOARD = "/c/cup/sarcopenia/board/"
MARKS = ("plot-cases", "plot-curve", "Details of the scores", "each case", "Lower quartile")
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


@pytest.fixture
def half_public() -> Contest:
    scene = contest({"leaderboard": {"public_share": 0.5}})
    for name, wear in (("Owls", 1), ("Cats", 2)):
        sent(scene.question, team_in(scene.question, name), scene.entry(wear=wear, off=wear))
    work_all()
    return scene


def browser(role: str, created: Any) -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    who = {
        "stranger": lambda: person("Sam"),
        "own team": lambda: member_of(created.question.challenge.teams.get(name="Owls")),
        "other team": lambda: member_of(created.question.challenge.teams.get(name="Cats")),
        "juror": lambda: juror_of(created.question, "Jo"),
        "organiser": lambda: person("Olga"),
    }
    if role != "visitor":
        client.force_login(who[role]())
    return client


def publish(part: str) -> None:
    publish_ranking(ranking=Ranking.objects.filter(part=part).latest("number"), actor=person("Olga"))


def seen(client: Client, board: str = BOARD) -> set[str]:
    """The parts whose cases this person is shown, on pages and in the API, each of which must say the same."""
    removesuffix = board.removeprefix("/c/").removesuffix("board/")
    result = set()
    for ranking in Ranking.objects.all():
        query = f"?phase={ranking.phase.name}&part={ranking.part}"
        page, data = client.get(board + query), client.get(f"/api/v1/boards/{removesuffix}{query}")
        detail = client.get(f"/api/v1/rankings/{ranking.pk}/")
        assert page.status_code == data.status_code == detail.status_code
        if page.status_code == 404:
            continue
        assert page.status_code == 200
        drawn = [mark in page.content.decode() for mark in ("Details of the scores", "Show as a table")]
        answer = [data.json()["shows_cases"], detail.json()["plots"] is not None]
        assert len({*drawn, *answer}) == 1, (drawn, answer)
        if drawn[0]:
            result.add(ranking.part)
        else:
            assert not [mark for mark in MARKS if mark in page.content.decode()]
    return result


@pytest.mark.parametrize("role", ROLES)
def test_a_running_public_board_shows_no_case_to_anybody(half_public: Contest, role: str) -> None:
    client = browser(role, half_public)
    assert client.get(f"{BOARD}?part=public").status_code == 200
    assert seen(client) == set()
    Ranking.objects.update(published_at=timezone.now())  # by mistake, while answers still come in
    assert seen(client) == set()


@pytest.mark.parametrize("role", ROLES)
def test_a_closed_phase_shows_none_before_its_results_are_out(half_public: Contest, role: str) -> None:
    close_phase(half_public.phase)
    client = browser(role, half_public)
    assert seen(client) == set()
    publish("all")  # which decides nothing where there is a private part
    assert seen(client) == set()
    Ranking.objects.filter(part="private").update(published_at=timezone.now() + HOUR)
    assert seen(client) == set()


@pytest.mark.parametrize("role", ROLES)
def test_once_results_are_final_everybody_sees_the_parts_that_are_out(half_public: Contest, role: str) -> None:
    close_phase(half_public.phase)
    publish("private")
    client = browser(role, half_public)
    assert seen(client) == {"public", "private"}
    text = client.get(f"{BOARD}?part=private").content.decode()
    assert "Only organisers" not in text and "style=" not in text


@pytest.mark.parametrize("role", ROLES)
def test_a_phase_still_to_come_or_prolonged_keeps_them_shut(half_public: Contest, role: str) -> None:
    close_phase(half_public.phase)
    publish("private")
    client = browser(role, half_public)
    seen(client)  # what was shown once is not kept for later
    Phase.objects.filter(pk=half_public.phase.pk).update(closes=timezone.now() + HOUR)
    assert seen(client) == set()


def test_organisers_see_everything_at_once_and_are_told_that_others_do_not(half_public: Contest) -> None:
    olga = browser("organiser", half_public)
    assert seen(olga) == {"all", "public", "private"}
    text = olga.get(f"{BOARD}?part=public").content.decode()
    assert "Only organisers can see this" in text
    for other in ("visitor", "owls"):
        text = olga.get(f"{BOARD}?part=public&as={other}").content.decode()
        assert not [mark for mark in MARKS if mark in text]
    close_phase(half_public.phase)
    publish("private")
    assert "Only organisers can see this" not in olga.get(f"{BOARD}?part=private").content.decode()


def test_curves_of_a_board_by_auc_follow_the_same_rule() -> None:
    scene = nodules()
    cases = sorted(scene.abnormal)
    scene.send("Owls", dict(zip(cases, (0.1, 0.4, 0.3, 0.9), strict=True)))
    scene.send("Cats", dict(zip(cases, (0.6, 0.4, 0.2, 0.1), strict=True)))
    work_all()
    Ranking.objects.update(published_at=timezone.now())
    board = "/c/cup/nodules/board/"
    assert seen(browser("organiser", scene), board) == {"all"}
    for role in ROLES:
        assert seen(browser(role, scene), board) == set()
    close_phase(scene.phase)
    for role in ROLES:
        client = browser(role, scene)
        assert seen(client, board) == {"all"}
        assert client.get(board).content.decode().count('class="plot-curve"') == 2
