"""`python -m benchmarks`: figures are merged, one failure is told and hides nothing."""

import importlib
import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.__main__ import FigureError, benchmark_names, checked, line, run

ROOT = Path(__file__).resolve().parents[2]
QUICK = ("names_in_text", "ranking")
FIGURE = {"name": "Dice", "unit": "ms", "ours": 2.0, "peer": 1709.0, "peer_name": "MONAI", "ratio": 854.5}


def load(name):
    if name == "broken":
        raise RuntimeError("the peer is not installed")
    return SimpleNamespace(figures=lambda: [{**FIGURE, "name": name}])


def test_one_failure_is_told_and_the_others_still_run(tmp_path, capsys):
    results = tmp_path / "results.json"
    assert run(["first", "broken", "last"], results, load) == 1
    assert [figure["name"] for figure in json.loads(results.read_text())["figures"]] == ["first", "last"]
    assert "FAILED: broken" in capsys.readouterr().err


def test_all_well_is_exit_0_and_each_figure_stands_beside_its_peer(tmp_path, capsys):
    assert run(["first"], tmp_path / "results.json", load) == 0
    assert "first: 2 ms; MONAI: 1,709 ms, ratio 854" in capsys.readouterr().out


def test_a_figure_needs_its_six_keys():
    with pytest.raises(FigureError, match="ratio"):
        checked({key: value for key, value in FIGURE.items() if key != "ratio"})


def test_a_plain_limit_has_no_peer():
    assert line({**FIGURE, "peer": None, "peer_name": None, "ratio": None}) == "Dice: 2 ms"


@pytest.mark.parametrize("name", benchmark_names())
def test_every_benchmark_can_be_called_as_make_bench_calls_it(name):
    module = importlib.import_module(f"benchmarks.{name}")
    assert not inspect.signature(module.figures).parameters
    assert inspect.signature(module.figures).return_annotation in ("list[dict[str, Any]]", list[dict[str, Any]])


@pytest.mark.parametrize(
    "name",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in benchmark_names()],
)
def test_every_benchmark_runs_tiny_through_the_path_of_make_bench(name, tmp_path):
    command = re.search(r"^bench:.*\n\t@\$\(BIN\)/python (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE).group(1)
    results = tmp_path / "results.json"
    arguments = [sys.executable, *command.split(), name, "--results", str(results)]
    environment = os.environ | {"CONCOURS_BENCH_TINY": "1"}
    done = subprocess.run(arguments, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(results.read_text())["figures"]


def test_the_benchmarks_are_found_by_looking_in_the_folder():
    assert "ranking" in benchmark_names()
    assert "__main__" not in benchmark_names()
