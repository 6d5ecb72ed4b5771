"""`python -m benchmarks`: figures are merged, one failure is told and hides nothing."""

import json
from types import SimpleNamespace

import pytest

from benchmarks.__main__ import FigureError, benchmark_names, checked, line, run

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


def test_the_benchmarks_are_found_by_looking_in_the_folder():
    assert "ranking" in benchmark_names()
    assert "__main__" not in benchmark_names()
