"""The data page as each role: what is out with hashes, what is to come, and the charter at the door."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from batches.models import Batch, Download
from challenges.charter import publish_charter
from core.models import User
from tests.factories.contests import Contest, contest
from tests.factories.people import member_of, person, team_in

pytestmark = pytest.mark.django_db
PATH = "/c/cup/sarcopenia/data/"


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def cup() -> Contest:
    return contest(sides=(2, 3, 4, 5), test=2)


def test_what_is_out_and_what_is_to_come(cup: Contest) -> None:
    team = team_in(cup.question, "Milvue")
    later = timezone.now() + timedelta(days=2)
    Batch.objects.filter(name="batch-2").update(released_at=later)
    answer = browser(member_of(team)).get(PATH)
    text = answer.content.decode()
    assert [batch.name for batch in answer.context["batches"]] == ["batch-1", "evaluation"]
    assert cup.batch.archive_sha256 in text and f"/batches/{cup.batch.pk}/download" in text
    assert [(batch.name, batch.state) for batch in answer.context["coming"]] == [("batch-2", "upcoming")]
    assert re.search(r"<time[^>]*>[^<]+ CES?T</time>", text)
    assert "test" not in re.findall(r"<h3[^>]*>([^<]*)", text)  # the name of the set is not told
    Download.objects.create(batch=cup.batch, team=team, user=member_of(team))
    assert "Downloaded" in browser(member_of(team)).get(PATH).content.decode()


def test_who_has_no_part_gets_nothing(cup: Contest) -> None:
    team_in(cup.question, "Milvue")
    assert Client().get(PATH).status_code == 302
    assert browser(person("Sam")).get(PATH).status_code == 404
    aside = team_in(cup.question, "Aside")
    aside.entries.all().delete()
    assert browser(member_of(aside)).get(PATH).status_code == 404
    assert browser(cup.question.challenge.created_by).get(PATH).status_code == 200


def test_an_unsigned_charter_shows_the_way_to_it_and_no_download(cup: Contest) -> None:
    team = team_in(cup.question, "Milvue")
    publish_charter(challenge=cup.question.challenge, audience="team", text={"en": "New."}, actor=None)
    text = browser(member_of(team)).get(PATH).content.decode()
    assert "/c/cup/charter/team/?next=" in text and "/download" not in text


def test_questions_asked_do_not_grow_with_batches(cup: Contest, django_assert_max_num_queries: object) -> None:
    client = browser(member_of(team_in(cup.question, "Milvue")))
    with django_assert_max_num_queries(18):  # type: ignore[operator]
        client.get(PATH)
