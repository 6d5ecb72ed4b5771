"""The tables of an edition: right numbers, the same on the page and in files, nobody's before the announcement."""

from __future__ import annotations

import io
import json

import pandas as pd
import pytest
from django.test import Client

from challenges.models import Challenge, Membership
from challenges.question_words import number
from core.models import User
from leaderboard.edition_parts import EditionTable
from leaderboard.edition_results import shares
from leaderboard.edition_tables import edition_tables
from tests.factories.people import person, team_in
from tests.factories.questions import question
from tests.leaderboard.test_announcement import closed_contest, decided

pytestmark = pytest.mark.django_db


@pytest.fixture
def challenge() -> Challenge:
    scene = closed_contest()
    decided(scene, -1)
    return scene.question.challenge


def table(challenge: Challenge, name: str, user: User | None = None) -> EditionTable:
    return next(each for each in edition_tables(challenge, user or person("Olga")) if each.name == name)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_teams_have_their_result_ns_or_nothing(challenge: Challenge) -> None:
    rows = {row[0]: row[1] for row in table(challenge, "results").rows}
    assert list(rows)[:2] == ["Owls", "Cats"]
    assert rows["Absent"] == "N.S."
    assert float(str(rows["Owls"])) < float(str(rows["Cats"]))  # the sum of ranks, lowest first


def test_the_totals_are_those_of_the_exams(challenge: Challenge) -> None:
    received = challenge.questions.get().exams.count()
    centres = table(challenge, "centres").rows
    assert centres[-1][-1] == received == sum(int(str(row[-1])) for row in centres[:-1])
    remaining = table(challenge, "received-and-kept").rows[-1]
    assert remaining[1] == received and remaining[2] == challenge.questions.get().exams.filter(state="kept").count()


def test_the_winner_is_named(challenge: Challenge) -> None:
    (row,) = table(challenge, "winners").rows
    assert row[1] == "Owls"


def test_a_prize_is_shared_equally_among_the_members_of_the_team() -> None:
    question_row = question("lung-tumour", {"rules": {"prizes": [{"place": 1, "amount": 1500}]}})
    team = team_in(question_row, "Owls")
    for name in ("Rita", "Paul"):
        Membership.objects.create(team=team, user=person(name), profession="student")
    members = team.memberships.count()
    assert shares(question_row, [team]) == f"Owls: {number(round(1500 / members, 2))} EUR × {members}"


def test_every_file_says_what_the_page_says(challenge: Challenge) -> None:
    visitor = Client()
    page = visitor.get(f"/c/{challenge.slug}/results/").content.decode()
    document = json.loads(visitor.get(f"/c/{challenge.slug}/results/json/").content)
    assert visitor.get(f"/api/v1/results/{challenge.slug}/").json() == document
    book = pd.read_excel(io.BytesIO(visitor.get(f"/c/{challenge.slug}/results/xlsx/").content), sheet_name=None)
    text = visitor.get(f"/c/{challenge.slug}/results/csv/").content.decode("utf-8-sig")
    assert len(book) == len(document) == 8
    for name, shown in document.items():
        assert f'id="{name}"' in page
        assert shown["title"] in text
        for row in shown["rows"]:
            assert str(row[0]) in page.replace("&#x27;", "'") and str(row[0]) in text
    (results,) = [sheet for title, sheet in book.items() if title.endswith("results")]
    assert [str(cell) for cell in results.iloc[:, 0]] == [row[0] for row in document["results"]["rows"]]


def test_before_the_announcement_organisers_alone_see_a_preview() -> None:
    challenge = closed_contest().question.challenge
    assert "Owls" not in Client().get(f"/c/{challenge.slug}/results/").content.decode()
    assert Client().get(f"/c/{challenge.slug}/results/csv/").status_code == 404
    assert Client().get(f"/api/v1/results/{challenge.slug}/").json() == {}
    preview = client_of(person("Olga")).get(f"/c/{challenge.slug}/results/").content.decode()
    assert "Owls" in preview and "Only organisers can see this preview" in preview
