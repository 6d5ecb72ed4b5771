"""Inputs after public bug reports of other platforms, each scored to its right value."""

from __future__ import annotations

import io
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from concours.commands import metric as metric_command
from concours.commands import score as score_command
from concours.formats.fault import FormatError
from concours.formats.labels import LabelPacker
from tests.concours.evaluation.sets import CATALOGUE
from tests.presence import cases_dir

with_cases = pytest.mark.skipif(not cases_dir().is_dir(), reason="CASES_DIR holds no cases")


def case(number: int) -> Path:
    return next(cases_dir().glob(f"{number}-*"))


def run(command: Any, *words: str) -> tuple[int, dict[str, Any]]:
    parser = ArgumentParser()
    command.add_arguments(parser)
    out = io.StringIO()
    code = command.run(parser.parse_args(words), out, io.StringIO())
    return code, json.loads(out.getvalue())


RUNS = {
    "brackets": "rle_malformed", "zero": "rle_malformed", "past": "rle_out_of_bounds", "fromzero": "rle_out_of_bounds",
    "overlap": "rle_overlap", "last": "", "first": "", "whole": "", "wrap": "", "empty": "", "unsorted": "",
}  # fmt: skip


@with_cases
@pytest.mark.parametrize("name", RUNS)
def test_run_lengths_of_kaggle(name: str) -> None:
    folder = case(40)
    params = '{"rle": {"order": "column", "base": 1, "shape": [5, 3]}}'
    sides = ("--truth", f"{folder / 'truth.png'}", "--prediction", f"{folder / name}.csv")
    code, document = run(metric_command, "dice", *sides, "--params", params)
    if RUNS[name]:
        assert (code, document["errors"][0]["reason"]) == (3, RUNS[name])
    else:
        expected = json.loads((folder / "expected.json").read_text())[name]
        assert document["scores"]["dice"] == pytest.approx(expected, abs=1e-12)


def scored(folder: Path, submission: str, question: Path | None = None) -> dict[str, Any]:
    truth = folder / "truth" if (folder / "truth").is_dir() else folder / "truth.csv"
    words = ("--truth", str(truth), "--submission", str(folder / submission))
    code, document = run(score_command, str(question or folder / "question.yaml"), *words)
    assert code == 0, document
    return dict(document["scores"])


@with_cases
@pytest.mark.parametrize("name", "bcde")
def test_a_mask_saved_through_a_scale_scores_as_the_plain_one(name: str) -> None:
    assert scored(case(45), name) == scored(case(45), "a")


@with_cases
@pytest.mark.parametrize("name", "abcdefgh")
def test_dimensions_and_containers_change_no_score(name: str) -> None:
    assert scored(case(47), name)["dice"] == pytest.approx(0.847161572, abs=1e-9)


@with_cases
@pytest.mark.parametrize(("name", "auc"), [("tiny", 1.0), ("ties", 0.75), ("constant", 0.5), ("near1", 1.0)])
def test_an_auc_of_tiny_differences_and_of_ties(name: str, auc: float) -> None:
    assert scored(case(50), f"{name}.csv", CATALOGUE / "nodules.yaml") == {"auc": auc}


@pytest.mark.parametrize(("slope", "inter"), [(2 / 65535, 32768 * 2 / 65535), (2 / 255, 0.0), (0.5, 0.0)])
def test_labels_that_went_through_a_scale_come_back(slope: float, inter: float) -> None:
    labels = np.array([0, 1, 2, 1, 0, 0, 2, 0])
    for rounding in (np.floor, np.ceil, np.rint):
        packer = LabelPacker(8, (0, 1, 2), "m.nii", slope, inter)
        packer.feed(rounding(np.round((labels - inter) / slope, 6)).astype(np.int32))
        masks = packer.finish((8,), "C")
        assert masks[1].dense().tolist() == (labels == 1).tolist()
        assert masks[2].dense().tolist() == (labels == 2).tolist()


def test_values_between_two_labels_are_refused_and_the_scale_is_named() -> None:
    packer = LabelPacker(8, (0, 1, 2), "m.nii", 0.1, 0.0)
    with pytest.raises(FormatError) as caught:
        packer.feed(np.array([0, 10, 20, 13, 0, 0, 0, 0]))
    assert caught.value.faults[0].reason == "non_binary_mask"
    assert "scale" in caught.value.faults[0].message
