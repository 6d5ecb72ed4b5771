"""`manage.py rank` and the rules of question files."""

import json
import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from concours import inclusion as criteria
from concours import metrics
from concours.evaluation.ranking_rule import RankingRule
from concours.questions.schema import KnownNames, load_spec

CATALOGUE = Path(__file__).parents[3] / "concours" / "questions" / "catalogue"
KINDS = ["masks", "table"]


def rule_of(text):
    return RankingRule.from_spec(load_spec(text, KnownNames(KINDS, metrics.names(), criteria.names())))


def run(tmp_path, text, question=CATALOGUE / "sarcopenia.yaml"):
    scores = tmp_path / "scores.csv"
    scores.write_bytes(text if isinstance(text, bytes) else text.encode())
    out = StringIO()
    call_command("rank", str(question), str(scores), stdout=out)
    return json.loads(out.getvalue())["placings"]


@pytest.mark.parametrize("path", sorted(CATALOGUE.rglob("*.yaml")), ids=lambda path: path.stem)
def test_every_question_of_the_catalogue_has_a_sound_rule(path):
    spec = load_spec(path.read_text(), KnownNames(_kind(path), metrics.names(), criteria.names()))
    rule = RankingRule.from_spec(spec)
    assert rule.inputs
    if spec.final is not None:
        assert set(RankingRule.from_spec(spec, spec.final.ranking).by) == set(spec.final.ranking.by)


def _kind(path):
    return [
        line.split(":")[1].split("#")[0].strip() for line in path.read_text().splitlines() if line.startswith("kind:")
    ]


def test_the_sarcopenia_rule_of_the_file():
    rule = rule_of((CATALOGUE / "sarcopenia.yaml").read_text())
    assert rule.rule == "rank_sum"
    assert [(name, rule.direction(name)) for name in rule.by] == [("dice", "higher"), ("surface_mse", "lower")]
    assert rule.tie_break == ("dice", "submitted_at")


def test_the_2021_rule_of_the_file_gives_the_formula(tmp_path):
    table = "team,fid,diversity,jury\na,50,0.6,13\nb,100,0.8,8\nc,,,\n"
    placings = run(tmp_path, table, CATALOGUE / "mtm-hcc.yaml")
    assert [(p["place"], p["team"]) for p in placings] == [(1, "a"), (2, "b"), (None, "c")]
    assert placings[0]["total"] == pytest.approx(0.6)
    assert placings[1]["scores"]["fid_score"] == 0


def test_missing_absent_and_baseline(tmp_path):
    table = (
        "team,submitted_at,baseline,dice,surface_mse,note\n"
        "Axone,,,0.9,,late\n"
        "GAMC,,,0.8,5,\n"
        "nnU-Net,,1,0.99,1,\n"
        "LEVIATAN,,,,,\n"
    )
    result = {p["team"]: p for p in run(tmp_path, table)}
    assert list(result) == ["Axone", "GAMC", "LEVIATAN", "nnU-Net"]
    assert result["Axone"]["ranks"] == {"dice": 1, "surface_mse": 2}
    assert (result["Axone"]["place"], result["Axone"]["total"]) == (1, 3)
    assert (result["LEVIATAN"]["place"], result["LEVIATAN"]["status"]) == (None, "N.S.")
    assert (result["nnU-Net"]["place"], result["nnU-Net"]["status"]) == (None, "baseline")


def test_equal_totals_and_dice_go_to_the_earlier_moment_across_zones(tmp_path):
    table = (
        "team,submitted_at,dice,surface_mse\n"
        "later,2019-10-13T09:00:00+00:00,0.9,5\n"
        "earlier,2019-10-13T10:30:00+02:00,0.9,5\n"
    )
    assert [p["team"] for p in run(tmp_path, table)] == ["earlier", "later"]


@pytest.mark.parametrize(
    "table",
    [
        "team;dice;surface_mse\na;0,9;5\n",
        "sep=;\nteam;dice;surface_mse\r\na;0,9;5\r\n",
        "team\tdice\tsurface_mse\na\t0.9\t5\n",
        'team,dice,surface_mse\na,"0,9",5\n',
        "﻿team,dice,surface_mse\na,0.9,5\n",
        "team,dice,surface_mse\na,0.9,5\n".encode("utf-16"),
    ],
)
def test_tables_in_the_dialects_people_send(tmp_path, table):
    (placing,) = run(tmp_path, table)
    assert placing["scores"] == {"dice": 0.9, "surface_mse": 5}


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("name,dice,surface_mse\na,1,1\n", "column team"),
        ("team,dice\na,1\n", "surface_mse"),
        ("team,dice,surface_mse\na,high,1\n", "line 2, column dice"),
        ("team,dice,surface_mse\na,1_0,1\n", "not a number"),
        ("team,dice,surface_mse\na,1,1\na,0,1\n", "superseded"),
        ("team,submitted_at,dice,surface_mse\na,yesterday,1,1\n", "submitted_at"),
        ("team,baseline,dice,surface_mse\na,perhaps,1,1\n", "baseline"),
        ("team,dice,surface_mse\n,1,1\n", "team is missing"),
    ],
)
def test_a_wrong_table_is_refused_with_its_place(tmp_path, table, says):
    with pytest.raises(CommandError, match=says) as caught:
        run(tmp_path, table)
    assert caught.value.returncode == 2


def test_an_absent_file_is_a_wrong_call(tmp_path):
    with pytest.raises(CommandError) as caught:
        call_command("rank", str(CATALOGUE / "sarcopenia.yaml"), str(tmp_path / "none.csv"))
    assert caught.value.returncode == 2


@pytest.mark.parametrize(
    "ties", [("min", [1, 1, 3]), ("dense", [1, 1, 2]), ("average", [1.5, 1.5, 3]), ("max", [2, 2, 3])]
)
def test_ties_as_the_question_says(tmp_path, ties):
    question = tmp_path / "question.yaml"
    text = (CATALOGUE / "nodules.yaml").read_text()
    score = rule_of(text).by[0]
    section = f"ranking: {{rule: best_score, by: [{score}], ties: {ties[0]}}}\n"
    changed, count = re.subn(r"(?m)^ranking:.*\n(?:[ #].*\n)*", section, text)
    assert count == 1
    question.write_text(changed)
    table = f"team,{score}\na,0.9\nb,0.9\nc,0.8\n"
    assert [p["place"] for p in run(tmp_path, table, question)] == ties[1]
