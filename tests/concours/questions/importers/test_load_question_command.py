"""`manage.py load_question`: ours and other platforms' files, every error with its line, nothing half-created."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from challenges.models import Challenge, Question
from concours.known_names import known_names
from concours.questions.schema import load_spec
from tests.concours.questions.importers.test_codabench import SECOND

SARCOPENIA = Path("concours/questions/catalogue/sarcopenia.yaml")


def load(*command: object) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("load_question", *map(str, command), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_a_check_reads_and_writes_nothing() -> None:
    assert "sarcopenia (masks" in load(SARCOPENIA, "--check")[0]


def test_every_error_is_printed_with_its_line(tmp_path: Path) -> None:
    text = SARCOPENIA.read_text(encoding="utf-8").replace("rule: rank_sum", "rule: rank_sun")
    path = tmp_path / "q.yaml"
    path.write_text(text.replace("slice_count: {min: 1,", "slice_count: {mim: 1,"), encoding="utf-8")
    with pytest.raises(CommandError) as caught:
        load(path, "--check")
    words = str(caught.value).splitlines()
    assert caught.value.returncode == 1
    assert len(words) == 2
    assert all(word.startswith("q.yaml: line ") for word in words)
    assert "did you mean min?" in words[0]


def test_a_bundle_becomes_a_question_file_with_a_report(tmp_path: Path) -> None:
    (tmp_path / "competition.yaml").write_text(SECOND, encoding="utf-8")
    out, notes = load(tmp_path / "competition.yaml", "--check", "--write", tmp_path / "mine.yaml")
    assert "liver-segmentation-2024 (external, codabench 2)" in out
    assert "read as UTC" in notes
    assert load_spec((tmp_path / "mine.yaml").read_text(encoding="utf-8"), known_names()).kind == "external"


def test_no_file_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as caught:
        load(tmp_path / "none.yaml")
    assert caught.value.returncode == 2


@pytest.mark.django_db
def test_a_question_is_created_then_updated(tmp_path: Path) -> None:
    Challenge.objects.create(slug="jfr-2019", title={"en": "JFR 2019", "fr": "JFR 2019"})
    assert "sarcopenia: revision 1" in load(SARCOPENIA, "--challenge", "jfr-2019")[0]
    assert "sarcopenia: revision 1" in load(SARCOPENIA)[0]
    changed = tmp_path / "q.yaml"
    changed.write_text(SARCOPENIA.read_text(encoding="utf-8").replace("per_day: 3", "per_day: 4"), encoding="utf-8")
    assert "sarcopenia: revision 2" in load(changed)[0]
    question = Question.objects.get()
    assert {phase.name for phase in question.phases.all()} == {"inclusion", "final"}


@pytest.mark.django_db
def test_nothing_is_created_from_a_bundle_with_an_error(tmp_path: Path) -> None:
    Challenge.objects.create(slug="jfr-2019", title={"en": "JFR 2019", "fr": "JFR 2019"})
    (tmp_path / "competition.yaml").write_text(SECOND.replace(", sorting: asc", ""), encoding="utf-8")
    with pytest.raises(CommandError, match="does not state how it sorts"):
        load(tmp_path / "competition.yaml")
    assert not Question.objects.exists()


@pytest.mark.django_db
def test_a_challenge_has_to_be_named_where_there_are_several(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="create it first"):
        load(SARCOPENIA)
    for slug in ("a", "b"):
        Challenge.objects.create(slug=slug, title={"en": slug, "fr": slug})
    with pytest.raises(CommandError, match="--challenge"):
        load(SARCOPENIA)
    with pytest.raises(CommandError, match="no challenge 'c'"):
        load(SARCOPENIA, "--challenge", "c")
