"""EvalAI configurations: what is carried over, what is said to be left behind, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from concours.questions.importers import read_question_file
from concours.questions.importers.evalai import import_evalai
from concours.questions.schema import KnownNames, SpecError, load_spec

CONFIGURATION = """\
title: Lesion Detection
short_description: Find lesions
description: templates/description.html
evaluation_script: evaluation_script.zip
start_date: 2024-01-01 00:00:00
end_date: 2024-12-31 23:59:59
published: True
leaderboard:
  - id: 1
    schema:
      {
        "labels": ["Sensitivity", "FalseAlarms"],
        "default_order_by": "Sensitivity",
        "metadata": {
          "Sensitivity": {"sort_ascending": False, "description": "of lesions"},
          "FalseAlarms": {"sort_ascending": True, "description": "an exam"},
        },
      }
challenge_phases:
  - id: 2
    name: Test Phase
    codename: test
    leaderboard_public: False
    start_date: 2024-06-01T09:30:00+02:00
    end_date: 2024-06-15T18:00:00+02:00
    test_annotation_file: annotations/test.json
    max_submissions_per_day: 2
    max_submissions: 10
  - id: 1
    name: Dev Phase
    codename: dev
    leaderboard_public: True
    max_submissions_per_day: 5
    end_date: 2024-05-31 23:59:59
dataset_splits:
  - {id: 1, name: Dev, codename: dev}
challenge_phase_splits:
  - {challenge_phase_id: 1, leaderboard_id: 1, dataset_split_id: 1, leaderboard_decimal_precision: 2}
"""
EXTERNAL = KnownNames(kinds=("external",), metrics=(), criteria=())


def test_phases_directions_limits_and_digits_are_carried_over() -> None:
    spec = load_spec(import_evalai(CONFIGURATION).text, EXTERNAL)
    assert list(spec.phases) == ["dev", "test"]
    assert spec.phases["dev"].opens.isoformat() == "2024-01-01T00:00:00+00:00"
    assert spec.phases["test"].opens.isoformat() == "2024-06-01T09:30:00+02:00"
    assert spec.phases["test"].decides
    assert {name: entry.direction for name, entry in spec.metrics.items()} == {
        "sensitivity": "higher",
        "falsealarms": "lower",
    }
    assert spec.ranking.by == ("sensitivity",)
    assert spec.leaderboard.digits == 2
    assert (spec.limits.per_day, spec.limits.per_phase) == (2, 10)


def test_a_limit_that_the_deciding_phase_does_not_name_is_left_behind_and_never_guessed() -> None:
    silent = CONFIGURATION.replace("    max_submissions_per_day: 2\n    max_submissions: 10\n", "")
    imported = import_evalai(silent)
    assert "limits: {}" in imported.text
    answer = [note.message for note in imported.notes if note.where == "challenge_phases[1].max_submissions_per_day"]
    assert len(answer) == 1 and "not carried over" in answer[0] and "Test Phase" in answer[0]


def test_what_was_left_behind_is_reported() -> None:
    notes = {note.where: note.message for note in import_evalai(CONFIGURATION).notes}
    assert "programs are not run" in notes["evaluation_script"]
    assert "sealed" in notes["challenge_phases[0].test_annotation_file"]
    assert "UTC" in notes["challenge_phases[1].end_date"]
    assert "description" in notes
    assert "title" not in notes


def test_the_order_of_the_splits_serves_where_metadata_is_silent() -> None:
    silent = CONFIGURATION.replace('"Sensitivity": {"sort_ascending": False, "description": "of lesions"},', "")
    with pytest.raises(SpecError, match="label Sensitivity does not state"):
        import_evalai(silent)
    replace = silent.replace("_precision: 2}", "_precision: 2, is_leaderboard_order_descending: True}")
    spec = load_spec(import_evalai(replace).text, EXTERNAL)
    assert spec.metrics["sensitivity"].direction == "higher"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"sort_ascending": True, ', "", "label FalseAlarms does not state"),
        ('"default_order_by": "Sensitivity"', '"default_order_by": "F1"', "one of the labels"),
        ("_precision: 2}", "_precision: 2, is_leaderboard_order_descending: False}", "one way in metadata"),
        ("end_date: 2024-05-31 23:59:59", "end_date: 31/05/2024", "is not a date"),
        ("2024-06-15T18:00:00+02:00", "2024-05-15T18:00:00+02:00", "closes before"),
    ],
)
def test_errors_are_never_guessed_away(old: str, new: str, words: str) -> None:
    assert old in CONFIGURATION
    with pytest.raises(SpecError, match=words):
        import_evalai(CONFIGURATION.replace(old, new))


def test_all_errors_come_at_once() -> None:
    broken = CONFIGURATION.replace("end_date: 2024-05-31 23:59:59", "end_date: May").replace(
        '"sort_ascending": True, ', ""
    )
    with pytest.raises(SpecError) as caught:
        import_evalai(broken)
    assert len(caught.value.mistakes) == 2
    assert all(mistake.line > 1 for mistake in caught.value.mistakes)


def test_a_folder_is_recognised_and_leaderboards_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "challenge_config.yaml").write_text(CONFIGURATION.replace("leaderboard:\n", "leaderboards:\n"))
    assert read_question_file(tmp_path).source == "evalai"
