"""Codabench bundles, 1.5 and 2: what is carried over, what is said to be left behind, what is refused."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from concours.questions.importers import read_question_file
from concours.questions.importers.codabench import import_codabench
from concours.questions.schema import KnownNames, QuestionSpec, SpecError, load_spec
from tests.presence import cases_dir

SECOND = """\
version: 2
title: Liver Segmentation 2024
description: Segment the liver.
image: logo.png
terms: terms.md
pages:
  - {title: Overview, file: overview.md}
tasks:
  - {index: 0, name: Task, scoring_program: scoring.zip, reference_data: truth.zip}
phases:
  - index: 0
    name: Development
    start: 2024-01-10 03:00:00
    end: 2024-02-10 03:00:00+05:30
    max_submissions_per_day: 5
    max_submissions: 50
    execution_time_limit: 600
    tasks: [0]
  - index: 1
    name: Final
    start: 2024-02-10T03:00:00+05:30
    end: 2024-02-20 23:59:59Z
    max_submissions: 2
    tasks: [0]
leaderboards:
  - title: Results
    key: main
    columns:
      - {title: Dice, key: dice, index: 0, sorting: desc, precision: 3}
      - {title: HD95, key: hd95, index: 1, sorting: asc}
"""
FIRST = """\
title: Old one
description: A CodaLab competition
has_registration: True
end_date: 2015-06-30
html: {overview: overview.html}
phases:
  1: &P
    phasenumber: 1
    label: "Development"
    start_date: 2015-01-01 06:00:00
    max_submissions: 100
    reference_data: reference.zip
  2:
    phasenumber: 2
    label: Final
    start_date: 2015-06-01 18:30:00
    max_submissions: 3
leaderboard:
  leaderboards:
    RESULTS: &RESULTS {label: Results, rank: 1}
  columns:
    AVERAGE: {leaderboard: *RESULTS, label: Average, rank: 1, sort: asc, computed: {operation: Avg, fields: [A, B]}}
    A: {leaderboard: *RESULTS, label: Error A, rank: 2, sort: asc, numeric_format: 2}
    B: {leaderboard: *RESULTS, label: Error B, rank: 3, sort: asc}
"""
EXTERNAL = KnownNames(kinds=("external",), metrics=(), criteria=())


def spec_of(text: str) -> QuestionSpec:
    return load_spec(import_codabench(text).text, EXTERNAL)


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def test_version_2_keeps_hours_offsets_limits_and_directions() -> None:
    spec = spec_of(SECOND)
    assert spec.slug == "liver-segmentation-2024"
    development, final = spec.phases["development"], spec.phases["final"]
    assert development.opens.isoformat() == "2024-01-10T03:00:00+00:00"
    assert development.closes.isoformat() == "2024-02-10T03:00:00+05:30"
    assert (development.decides, final.decides) == (False, True)
    assert final.closes.isoformat() == "2024-02-20T23:59:59+00:00"
    assert {name: entry.direction for name, entry in spec.metrics.items()} == {"dice": "higher", "hd95": "lower"}
    assert spec.ranking.by == ("dice",)
    assert spec.limits.per_phase == 2
    assert spec.leaderboard.digits == 3


@pytest.mark.parametrize("limit_text", ["", "    max_submissions: 2\n"])
def test_a_limit_that_the_last_phase_does_not_name_is_left_behind_and_never_guessed(limit_text: str) -> None:
    imported = import_codabench(SECOND.replace("    max_submissions: 2\n", limit_text))
    assert ("per_phase: 2" in imported.text, "per_day" in imported.text) == (bool(limit_text), False)
    answer = {
        note.where: note.message for note in imported.notes if "Final" in note.message and "limit" in note.message
    }
    assert set(answer) == {"phases[0].max_submissions_per_day", "phases[0].max_submissions"}
    assert all("not carried over" in message for message in answer.values())


def test_what_was_assumed_or_left_behind_is_reported_with_its_line() -> None:
    answer = import_codabench(SECOND).notes
    notes = {(note.line, note.where): note.message for note in answer}
    naive = line_of(SECOND, "2024-01-10 03:00:00")
    assert "read as UTC" in notes[naive, "phases[0].start"]
    assert not any("UTC" in message for (line, _), message in notes.items() if line != naive)
    assert "programs and data" in notes[line_of(SECOND, "tasks:"), "tasks"]
    assert "charter" in notes[line_of(SECOND, "terms:"), "terms"]
    assert any(where == "phases[0].execution_time_limit" for _, where in notes)
    assert any("used as the deciding phase" in note.message for note in answer)


def test_version_1_5_with_anchors_open_ends_and_a_computed_average() -> None:
    imported = import_codabench(FIRST)
    spec = load_spec(imported.text, EXTERNAL)
    assert imported.source == "codabench 1.5"
    assert spec.phases["development"].closes == spec.phases["final"].opens
    assert spec.phases["final"].opens.isoformat() == "2015-06-01T18:30:00+00:00"
    assert spec.phases["final"].closes.isoformat() == "2015-06-30T00:00:00+00:00"
    assert spec.ranking.by == ("average",)
    assert spec.ranking.derived["average"].of == ("a", "b")
    assert {metric.direction for metric in spec.metrics.values()} == {"lower"}


@pytest.mark.parametrize("spelling", ["leaderboard", "leaderboards"])
def test_both_spellings_of_leaderboard_are_read(spelling: str) -> None:
    assert set(spec_of(SECOND.replace("leaderboards:", f"{spelling}:")).metrics) == {"dice", "hd95"}
    assert set(spec_of(FIRST.replace("leaderboard:\n", f"{spelling}:\n", 1)).metrics) == {"a", "b"}


def test_one_board_without_a_list_is_read() -> None:
    head, _, _ = SECOND.partition("leaderboards:")
    entry = head + "leaderboard:\n  columns:\n    - {key: dice, sorting: desc}\n"
    assert spec_of(entry).ranking.by == ("dice",)


def test_a_missing_direction_is_an_error_and_never_a_guess() -> None:
    broken = SECOND.replace(", sorting: asc", "").replace("end: 2024-02-20 23:59:59Z", "end: soon")
    with pytest.raises(SpecError) as caught:
        import_codabench(broken)
    result = {(mistake.line, mistake.message[:20]) for mistake in caught.value.mistakes}
    assert (line_of(broken, "hd95"), "column hd95 does not") in result
    assert (line_of(broken, "end: soon"), "soon is not a date; ") in result


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("title: Liver Segmentation 2024\n", "", "title is missing"),
        ("    start: 2024-01-10 03:00:00\n", "", "has no start"),
        ("    end: 2024-02-20 23:59:59Z\n", "", "has no end"),
        ("2024-02-20 23:59:59Z", "2024-02-01 00:00:00Z", "closes before it opens"),
        ("key: hd95", "key: dice", "its own key"),
        ("sorting: asc", "sorting: up", "sorts up"),
    ],
)
def test_every_other_error_says_what_to_do(old: str, new: str, words: str) -> None:
    assert old in SECOND
    with pytest.raises(SpecError, match=words):
        import_codabench(SECOND.replace(old, new))


def test_a_zip_with_programs_inside_is_read_and_they_stay_closed(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("score.py", "raise SystemExit")
    bundle = tmp_path / "bundle.zip"
    with zipfile.ZipFile(bundle, "w") as archive:
        archive.writestr("bundle/competition.yaml", SECOND)
        archive.writestr("bundle/scoring.zip", inner.getvalue())
    assert read_question_file(bundle).source == "codabench 2"


def test_a_zip_that_climbs_out_is_refused(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.zip"
    with zipfile.ZipFile(bundle, "w") as archive:
        archive.writestr("competition.yaml", SECOND)
        archive.writestr("../evil", "x")
    with pytest.raises(SpecError):
        read_question_file(bundle)


@pytest.mark.parametrize("make", ["empty", "both", "binary"])
def test_what_holds_no_one_configuration_is_refused(tmp_path: Path, make: str) -> None:
    if make == "both":
        (tmp_path / "competition.yaml").write_text(SECOND)
        (tmp_path / "challenge_config.yaml").write_text("title: x")
    if make == "binary":
        (tmp_path / "competition.yaml").write_bytes(b"title: \xff\xfe")
    with pytest.raises(SpecError):
        read_question_file(tmp_path)


def test_a_bomb_of_aliases_is_refused_at_once() -> None:
    bomb = "phases: [1]\na0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
    with pytest.raises(SpecError, match="expand"):
        import_codabench(bomb)
    with pytest.raises(SpecError):
        import_codabench("phases: &p [*p]\n")


def test_what_a_board_says_beyond_its_columns_is_reported() -> None:
    """A hidden column would show here, and a second board would go unseen: the organiser is told."""
    board = SECOND.replace("    key: main\n", "    key: main\n    submission_rule: Force_Last\n")
    board = board.replace("sorting: asc}", "sorting: asc, hidden: true}")
    board += "leaderboard: [{title: Other, columns: [{key: x, sorting: asc}]}]\n"
    notes = [str(note) for note in import_codabench(board).notes]
    for word in ("submission_rule", "columns[1].hidden", ": leaderboard: "):
        assert sum(word in note for note in notes) == 1, word


@pytest.mark.skipif(not cases_dir().is_dir(), reason="CASES_DIR holds no cases")
def test_days_without_an_hour_and_what_a_reported_bundle_loses() -> None:
    (bundle,) = cases_dir().glob("57-*")
    imported = import_codabench((bundle / "competition.yaml").read_text("utf-8"))
    answer = {note.where: note.message for note in imported.notes}
    end = answer["phases[0].end"]
    assert "2024-01-31T00:00:00+00:00" in end and "already closed on 2024-01-31 itself" in end
    assert "first moment" in answer["phases[0].start"] and "closed" not in answer["phases[0].start"]
    assert "Force_Last is not carried over" in answer["leaderboards[0].submission_rule"]
    assert any("column mean is an average" in message for message in answer.values())
    assert "not carried over" in answer["leaderboards[0].columns[1].hidden"]
    assert "0 is not a limit above 0" in answer["phases[0].max_submissions_per_day"]
    assert "per_day: 2" in imported.text


def test_a_deciding_phase_whose_limit_is_0_says_that_none_is_set() -> None:
    imported = import_codabench(SECOND.replace("    max_submissions: 2\n", "    max_submissions: 0\n"))
    (answer,) = [note.message for note in imported.notes if note.where == "phases[1].max_submissions"]
    assert "no limit is set here" in answer and "per_phase" not in imported.text
