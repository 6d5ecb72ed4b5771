"""Masks become the table of run lengths that the question takes, voxel for voxel."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from concours.commands.main import main
from concours.evaluation.evaluate import public_manifest, score, validate
from concours.evaluation.invented import invented_truth
from concours.evaluation.truth import load_truth
from tests.concours.evaluation.sets import CATALOGUE, question

IDS = ["a", "b", "c"]


def test_the_masks_themselves_score_perfectly_as_run_lengths(tmp_path: Path) -> None:
    spec = question("lung-tumour")
    truth = load_truth(spec, invented_truth(spec, tmp_path / "truth", IDS))
    manifest = public_manifest(spec, truth)
    (tmp_path / "m.json").write_text(json.dumps(manifest.to_json()), encoding="utf-8")
    words = ["runs", str(CATALOGUE / "lung-tumour.yaml"), str(tmp_path / "truth" / "tumour")]
    words += ["--manifest", str(tmp_path / "m.json"), "--out", str(tmp_path / "masks.csv")]
    assert main(words) == 0
    sent = validate(spec, manifest, tmp_path / "masks.csv", isolated=False)
    scores = score(spec, truth, sent).scores
    assert scores["dice"] == 1.0 and scores["volume"] == 0.0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "masks.csv").read_text(encoding="utf-8"))))
    flat = truth.masks["tumour"]["a"][1].array.ravel(order="C")
    starts = np.flatnonzero(np.diff(np.concatenate([[0], flat.astype(int)])) == 1) + 1
    assert [int(number) for number in rows[0]["rle"].split()[::2]] == starts.tolist()


def test_a_mask_that_is_missing_or_does_not_fit_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = question("lung-tumour")
    folder = invented_truth(spec, tmp_path / "truth", IDS)
    manifest = public_manifest(spec, load_truth(spec, folder))
    (tmp_path / "m.json").write_text(json.dumps(manifest.to_json()), encoding="utf-8")
    words = [
        "runs",
        str(CATALOGUE / "lung-tumour.yaml"),
        str(folder / "tumour"),
        "--manifest",
        str(tmp_path / "m.json"),
    ]
    words += ["--out", str(tmp_path / "masks.csv")]
    (folder / "tumour" / "b.nii.gz").rename(folder / "tumour" / "other.nii.gz")
    assert main(words) == 2 and "b" in capsys.readouterr().err
    (folder / "tumour" / "a.nii.gz").rename(folder / "tumour" / "b.nii.gz")
    (folder / "tumour" / "c.nii.gz").rename(folder / "tumour" / "a.nii.gz")
    assert main(words) == 2 and "a.nii.gz" in capsys.readouterr().err
