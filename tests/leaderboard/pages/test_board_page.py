"""The board as each role: nothing before it is out, places and reasons after, through others' eyes for organisers."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from challenges.models import Phase
from challenges.teams import exclude_entry
from core.models import User
from leaderboard.announce import announce
from leaderboard.models import Ranking
from leaderboard.publish import publish_ranking
from tests.factories.contests import Contest, contest
from tests.factories.exams import work_all
from tests.factories.people import member_of, person, team_in
from tests.factories.questions import close_phase
from tests.factories.submissions import sent

pytestmark = pytest.mark.django_db
PATH = "/c/cup/sarcopenia/board/"


def browser(user: User | None = None, language: str = "en") -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE=language)
    if user is not None:
        client.force_login(user)
    return client


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


@pytest.fixture
def cup() -> Contest:
    scene = contest(sides=(2, 3, 4, 5), test=2)
    for name, wear, off in (("Owkin", 0, 1.0), ("=Milvue", 1, 2.0)):
        sent(scene.question, team_in(scene.question, name), scene.entry(wear, off))
    sent(scene.question, team_in(scene.question, "Ours", baseline=True), scene.entry(2, 30.0))
    team_in(scene.question, "Leviathan")
    out = team_in(scene.question, "Tripode")
    sent(scene.question, out, scene.entry(0, 0.0))
    exclude_entry(entry=out.entries.get(), actor=scene.question.challenge.created_by, reason="Pre-trained weights.")
    work_all()
    return scene


def publish(cup: Contest) -> Ranking:
    close_phase(cup.phase)
    ranking = Ranking.objects.get()
    publish_ranking(ranking=ranking, actor=cup.question.challenge.created_by)
    return ranking


def test_nothing_before_it_is_published(cup: Contest) -> None:
    member, olga = member_of(cup.question.entries.get(team__name="Owkin").team), cup.question.challenge.created_by
    for client in (browser(), browser(person("Sam")), browser(member)):
        text = client.get(PATH).content.decode()
        assert "No ranking is published yet" in text and "Tripode" not in text
        assert client.get(f"{PATH}?phase=final&part=all").status_code == 404
        assert "Owkin" not in client.get("/c/cup/sarcopenia/board.csv").content.decode()
    assert "Not published" in browser(olga).get(PATH).content.decode()
    assert "No ranking is published yet" in browser(olga).get(f"{PATH}?as=visitor").content.decode()
    Ranking.objects.update(published_at=timezone.now() + timedelta(hours=1))
    assert "No ranking is published yet" in browser().get(PATH).content.decode()


def test_places_scores_and_who_has_none(cup: Contest) -> None:
    publish(cup)
    answer = browser().get(PATH)
    text = answer.content.decode()
    assert [line["team"] for line in answer.context["board"]["lines"]][:2] == ["Owkin", "=Milvue"]
    assert text.count('class="place"') == 2
    assert "N.S." in text and "Baseline" in text and "Pre-trained weights." in text
    assert "(mm²)²" in text and "Sum of ranks" in text and "higher is better" in text
    assert "<svg" in answer.context["table"] and "95" in answer.context["table"]
    assert "style=" not in answer.context["table"]  # the content policy allows no inline style
    assert [step.team for step in answer.context["podium"]] == ["Owkin", "=Milvue"]


def test_the_own_line_is_marked_for_its_team_alone(cup: Contest) -> None:
    publish(cup)
    team = cup.question.entries.get(team__name="Owkin").team
    assert "is-mine" not in browser().get(PATH).content.decode()
    assert browser(member_of(team)).get(PATH).content.decode().count("is-mine") == 1
    assert "is-mine" not in browser(person("Sam")).get(PATH).content.decode()
    olga = browser(cup.question.challenge.created_by)
    assert "is-mine" in olga.get(f"{PATH}?as=owkin").content.decode()
    assert olga.get(f"{PATH}?as=nobody").status_code == 404
    assert "is-mine" not in browser(person("Sam")).get(f"{PATH}?as=owkin").content.decode()


def test_a_second_visit_renders_nothing_anew(cup: Contest, django_assert_max_num_queries: Any) -> None:
    publish(cup)
    first = browser().get(PATH).content
    with django_assert_max_num_queries(9):
        assert browser().get(PATH).content.count(b"<svg") == first.count(b"<svg")
    french = browser(language="fr").get(PATH).content.decode()
    assert 'lang="fr"' in french


def test_the_table_as_csv_runs_no_formula(cup: Contest) -> None:
    publish(cup)
    answer = browser().get("/c/cup/sarcopenia/board.csv?phase=final&part=all")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [row["place"] for row in rows][:2] == ["1", "2"] and rows[1]["team"] == "'=Milvue"
    assert {row["status"] for row in rows} == {"ranked", "N.S.", "baseline", "excluded"}
    assert browser().get("/c/cup/sarcopenia/board.csv?phase=none").status_code == 404


def test_winners_and_best_centre_when_their_minute_has_come(cup: Contest) -> None:
    ranking = publish(cup)
    now, olga = timezone.now(), cup.question.challenge.created_by
    Phase.objects.filter(pk=cup.phase.pk).update(closes=now - timedelta(minutes=1))
    announcement = announce(
        question=cup.question,
        ranking=Ranking.objects.get(pk=ranking.pk),
        announced_at=now + timedelta(hours=1),
        actor=olga,
    )
    assert "Best inclusion centre:" not in browser().get(PATH).content.decode()
    assert "To be announced" in browser(olga).get(PATH).content.decode()
    type(announcement).objects.update(announced_at=now)
    text = browser().get(PATH).content.decode()
    assert "Winners" in text and "Best inclusion centre:" in text and "Hôpital Nord" in text


def test_a_draft_has_no_board(cup: Contest) -> None:
    publish(cup)
    cup.question.challenge.__class__.objects.update(state="draft")
    assert browser().get(PATH).status_code == 404
    assert browser().get("/c/cup/sarcopenia/board.csv").status_code == 404
