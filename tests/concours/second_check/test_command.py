"""`manage.py find_identifiers`: one JSON document without values, exit 1 when anything was found."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError


def run(*arguments: str) -> tuple[int, str]:
    answer = io.StringIO()
    try:
        call_command("find_identifiers", *arguments, stdout=answer)
    except SystemExit as stop:
        return int(str(stop.code)), answer.getvalue()
    return 0, answer.getvalue()


def test_a_finding_ends_with_one_and_tells_no_value(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text("case,comment\n1,Mme Quilleveré\n", encoding="utf-8")
    (tmp_path / "known.txt").write_text("QUILLEVERE^MAELYS\n", encoding="utf-8")
    code, answer = run(str(tmp_path / "in"), "--known", str(tmp_path / "known.txt"), "--json")
    assert code == 1
    document = json.loads(answer)
    assert document["files"] == 1
    assert [set(finding) for finding in document["findings"]] == [{"file", "where", "kind"}]
    assert "quillever" not in answer.lower()


def test_nothing_found_ends_with_zero(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("case,probability\n1,0.5\n")
    code, answer = run(str(tmp_path), "--json")
    assert (code, json.loads(answer)) == (0, {"findings": [], "files": 1})


def test_a_folder_that_does_not_exist_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as wrong:
        run(str(tmp_path / "nowhere"))
    assert wrong.value.returncode == 2
