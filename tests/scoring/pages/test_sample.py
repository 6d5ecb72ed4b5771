"""The sample submission that the site offers is one that it accepts and scores; real ids only where they may be known."""

from __future__ import annotations

import pytest
from django.test import Client

from scoring.models import Score, Submission
from tests.factories.contests import contest
from tests.factories.exams import work_all
from tests.factories.people import member_of, person, team_in
from tests.factories.submissions import sent

PATH, API = "/c/cup/sarcopenia/sample/", "/api/v1/submissions/sample/?question=cup/sarcopenia"


@pytest.mark.django_db
@pytest.mark.parametrize("path", [PATH, API])
def test_ids_of_the_batch_are_told_to_its_teams_alone(path: str) -> None:
    cup = contest(sides=(2, 3, 4, 5), test=2)
    team = team_in(cup.question, "Milvue")
    case = next(iter(cup.masks)).encode()
    client = Client()
    assert case not in client.get(path).content
    client.force_login(person("Sam"))
    assert case not in client.get(path).content
    client.force_login(member_of(team))
    answer = client.get(path)
    assert case in answer.content and answer["Content-Disposition"] == 'attachment; filename="sarcopenia-sample.zip"'


@pytest.mark.django_db
def test_the_sample_that_a_team_downloads_is_scored() -> None:
    cup = contest(sides=(2, 3, 4, 5), test=2)
    team = team_in(cup.question, "Milvue")
    client = Client()
    client.force_login(member_of(team))
    answer = client.get(PATH)
    sent(cup.question, team, answer.content, name="sarcopenia-sample.zip")
    work_all()
    submission = Submission.objects.get()
    assert submission.state == "scored", submission.faults
    assert Score.objects.filter(part="all").exists()
