"""Commands of plain engines run without the site: no settings, no application, no database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from manage import ALIASES

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "nowhere.settings"}
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("name", sorted(ALIASES))
def test_a_plain_command_says_how_it_is_called_whatever_the_settings(name: str) -> None:
    answer = run(name, "--help")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert f"manage.py {name}" in answer.stdout


def test_a_plain_command_ends_without_the_settings(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("id,p\n1,0\n2,1\n3,1\n", encoding="utf-8")
    checked = run("check_upload", str(table), "--kind", "csv")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert json.loads(checked.stdout)["verdict"] == "accept"
    scored = run("metric", "auc", "--truth", str(table), "--prediction", str(table))
    assert (scored.returncode, scored.stderr) == (0, "")
    assert "1.0" in scored.stdout
    for call in (("score", "none.yaml", "--truth", "t", "--submission", "s"), ("rank", "none.yaml", "none.csv")):
        refused = run(*call)
        assert refused.returncode == 2
        assert "none.yaml" in refused.stderr
        assert "Traceback" not in refused.stderr


def test_options_of_every_django_command_are_taken_and_change_nothing(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("id,p\n1,0\n2,1\n", encoding="utf-8")
    options = ["-v", "0", "--no-color", "--settings=nowhere", "--pythonpath", ".", "--traceback"]
    checked = run("check_upload", *options, str(table), "--kind", "csv")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert json.loads(checked.stdout)["verdict"] == "accept"
