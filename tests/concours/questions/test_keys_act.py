"""Every declared key acts: each has a reader outside the package that parses it, named here."""

from __future__ import annotations

import ast
import dataclasses
from functools import cache
from pathlib import Path

import pytest

from challenges.models import Membership
from concours.questions.schema import PROFESSIONS, nouns

# By dataclass: where each of its fields acts. A comma separates fields of one reader.
READERS: dict[str, dict[str, str]] = {
    "Words": {"en, fr": "challenges/frame.py"},
    "ImageSpec": {
        "name": "grading/pictures.py",
        "modality, dimensions, required, title": "uploads/sending_words.py",
    },
    "ColumnSpec": {"name, type, min, max, allowed, required": "concours/evaluation/manifest.py",
                   "unit": "challenges/question_words/submission.py"},
    "DeriveSpec": {"rule": "concours/questions/schema/frame.py", "of": "batches/cases.py",
                   "over, inclusive": "concours/questions/derive.py"},
    "FieldSpec": {
        "name, min, max, allowed, required, measure": "concours/evaluation/truth_values.py",
        "type, of, derive, measured_from": "batches/cases.py",
        "title, unit": "uploads/sending_words.py",
        "values": "concours/evaluation/manifest.py",
        "labels": "challenges/question_words/submission.py",
        "columns": "concours/deid/values/gate.py", "rows_min, rows_max": "concours/study/asked.py",
    },
    "DeliverSpec": {"format, training, evaluation": "batches/build.py", "face": "batches/plan.py"},
    "DataSpec": {"images, fields": "batches/cases.py", "deliver": "batches/build.py", "patient": "uploads/receive.py",
                 "licence, citation": "concours/kit/description.py"},
    "CriterionSpec": {"name, params": "concours/study/asked.py"},
    "DeidentificationSpec": {"keep": "anonymization/deidentify.py", "text_steps": "anonymization/texts.py"},
    "GradingSpec": {"readers, scale, kept": "grading/settle.py"},
    "SplitSpec": {"seed, stratify, sets, shares": "batches/split.py", "evaluation": "batches/plan.py",
                  "truth": "batches/build.py"},
    "BatchSpec": {"name, set, released_at": "batches/plan.py"},
    "PhaseSpec": {"name, opens, closes, accepts, batch, decides, title": "challenges/frame.py"},
    "TableSpec": {"name, formats": "concours/evaluation/kinds/table.py", "columns": "concours/evaluation/manifest.py",
                  "rows": "concours/evaluation/sides.py"},
    "MasksSpec": {"field, files, formats": "concours/evaluation/kinds/masks.py"},
    "RunsSpec": {"name": "concours/evaluation/kinds/runs.py", "field": "concours/evaluation/truth_masks.py",
                 "column, order, base, shape_column, shape_use, ignore": "concours/evaluation/kinds/runs.py"},
    "GeneratedSpec": {"cases, minimum, images, files, formats, shape": "concours/evaluation/kinds/generated.py",
                      "embedding": "concours/evaluation/generated.py"},
    "SubmissionSpec": {"id_column": "scoring/seal.py", "table": "concours/evaluation/manifest.py",
                       "masks, runs": "concours/evaluation/truth_masks.py", "generated": "scoring/score.py"},
    "MetricSpec": {
        "name": "scoring/results.py",
        "metric, over, params": "concours/evaluation/evaluate.py",
        "fields": "concours/evaluation/truth_masks.py", "where": "concours/evaluation/truth_values.py",
        "columns, label, opposite": "concours/evaluation/sides.py",
        "aggregate": "concours/evaluation/evaluate.py",
        "goal": "challenges/question_words/scores.py",
        "direction": "concours/evaluation/ranking_rule.py",
        "title": "leaderboard/columns.py",
    },
    "DerivedSpec": {"name, how, of, by": "concours/evaluation/ranking_rule.py", "title": "leaderboard/columns.py"},
    "RankingSpec": {"rule, by, weights, derived, ties, tie_break": "concours/evaluation/ranking_rule.py"},
    "FinalSpec": {"finalists, ranking, steps_up": "leaderboard/compute.py", "tolerance": "challenges/question_words/ranking.py"},
    "JuryCriterionSpec": {"name, min, max": "scoring/jury.py", "title": "scoring/views/jury.py"},
    "JurySpec": {"score": "leaderboard/compute.py", "jurors, criteria, seed": "scoring/jury.py",
                 "cases, select": "scoring/jury_cases.py", "blind": "scoring/views/jury.py"},
    "LeaderboardSpec": {"public_share, seed": "scoring/seal.py", "digits, reveal_at": "leaderboard/rank.py",
                        "step": "scoring/ladder.py"},
    "LimitsSpec": {"per_day, per_phase": "scoring/quota.py",
                   "bytes, unpacked_bytes, entries, rows": "concours/evaluation/manifest.py"},
    "NeedSpec": {"any_of, count": "challenges/team_rules.py"},
    "PrizeSpec": {"place, amount, currency": "leaderboard/edition_results.py"},
    "RulesSpec": {"team_min, team_max, needs, waivable, one_word_name, institution_email": "challenges/team_rules.py",
                  "declarations": "challenges/question_words/teams.py",
                  "email_domains, conflicts": "challenges/team_rules.py",
                  "changes_until": "challenges/joining.py",
                  "prizes": "leaderboard/edition_results.py"},
    "TargetSpec": {"exams, margin": "concours/questions/schema/nouns.py"},
    "QuestionSpec": {
        "slug, title, summary, kind, phases": "challenges/frame.py",
        "source": "pages/views/setup.py",
        "batches": "batches/plan.py", "data, split": "batches/build.py",
        "inclusion": "concours/study/asked.py",
        "deidentification": "anonymization/deidentify.py",
        "grading": "grading/settle.py",
        "submission, metrics": "concours/evaluation/truth_masks.py",
        "ranking": "concours/evaluation/ranking_rule.py",
        "final, jury, sha256": "leaderboard/compute.py", "leaderboard": "leaderboard/rank.py",
        "limits": "scoring/quota.py",
        "rules": "challenges/team_rules.py",
        "target": "uploads/included.py",
        "seed, text": "scoring/score.py",
    },
}  # fmt: skip
BEING_MADE: dict[str, set[str]] = {}


def specs() -> list[type]:
    return [
        one
        for name, one in vars(nouns).items()
        if dataclasses.is_dataclass(one) and isinstance(one, type) and name not in ("KnownNames", "FieldNeeds")
    ]


def readers_of(spec: type) -> dict[str, str]:
    return {name: file for names, file in READERS[spec.__name__].items() for name in names.split(", ")}


@cache
def attributes_read(file: str) -> frozenset[str]:
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    return frozenset(node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute))


@pytest.mark.parametrize("spec", specs(), ids=lambda spec: spec.__name__)
def test_every_key_has_a_reader(spec: type) -> None:
    declared = {field.name for field in dataclasses.fields(spec)} - BEING_MADE.get(spec.__name__, set())
    readers = readers_of(spec)
    assert set(readers) == declared
    assert not [name for name, file in readers.items() if name not in attributes_read(file) and name != "rule"]


def test_every_profession_of_a_rule_can_be_chosen() -> None:
    assert tuple(Membership.Profession.values) == PROFESSIONS
