"""A small replay from the first charter to the results page: exit 0 means that every cell is the published one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT

pytestmark = pytest.mark.slow


def replay(folder: Path, *words: str) -> dict[str, object]:
    target = folder / "replay.json"
    command = [sys.executable, "manage.py", "replay", *words, "--json", str(target)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    document: dict[str, object] = json.loads(target.read_text(encoding="utf-8"))
    return document


def test_the_edition_of_2019_gives_its_published_tables(tmp_path: Path) -> None:
    document = replay(tmp_path, "sfr2019", "--scale", "0.001")
    assert document["differences"] == []
    tables = document["tables"]
    assert isinstance(tables, dict) and len([name for name in tables if name.startswith("Table ")]) == 6
    assert all(table["ours"].keys() == table["published"].keys() for table in tables.values())
    stages = document["stages"]
    assert isinstance(stages, dict) and all(figures["cpu"] >= 0 and figures["wall"] > 0 for figures in stages.values())


def test_a_scale_or_an_edition_that_cannot_be_is_a_wrong_call() -> None:
    for words in (["sfr2019", "--scale", "0"], ["sfr2019", "--scale", "2"], ["sfr2020"]):
        done = subprocess.run(
            [sys.executable, "manage.py", "replay", *words], cwd=ROOT, capture_output=True, check=False
        )
        assert done.returncode == 2
