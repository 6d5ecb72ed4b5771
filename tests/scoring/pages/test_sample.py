"""The sample submission of every catalogue question is what its validation takes; with real ids where they may be known."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from concours.evaluation.sample import EXAMPLE_IDS, sample_submission
from concours.known_names import known_names
from concours.questions.schema import load_spec
from tests.factories.contests import contest
from tests.factories.people import member_of, person, team_in

CATALOGUE = sorted((Path(__file__).parents[3] / "concours" / "questions" / "catalogue").glob("*.yaml"))


@pytest.mark.parametrize("file", CATALOGUE, ids=lambda file: file.stem)
def test_every_question_has_a_sample_and_the_same_twice(file: Path) -> None:
    spec = load_spec(file.read_text(), known_names=known_names())
    name, content = sample_submission(spec)
    assert content and (name, content) == sample_submission(spec)
    if name.endswith(".csv"):
        lines = content.decode().splitlines()
        assert lines[0].split(",")[0] == spec.submission.id_column and len(lines) == 1 + len(EXAMPLE_IDS)


@pytest.mark.django_db
def test_ids_of_the_batch_are_told_to_its_teams_alone() -> None:
    cup = contest(sides=(2, 3, 4, 5), test=2)
    team = team_in(cup.question, "Milvue")
    path = "/c/cup/sarcopenia/sample/"
    case = next(iter(cup.masks)).encode()
    client = Client()
    assert case not in client.get(path).content
    client.force_login(person("Sam"))
    assert case not in client.get(path).content
    client.force_login(member_of(team))
    answer = client.get(path)
    assert case in answer.content and answer["Content-Disposition"] == 'attachment; filename="sarcopenia-sample.zip"'
