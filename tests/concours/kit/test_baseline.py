"""The baseline of every question of the catalogue trains on a training batch and writes a file that is accepted and scored."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from concours.evaluation.evaluate import public_manifest, score, validate
from concours.evaluation.invented import invented_truth
from concours.evaluation.truth import load_truth
from concours.formats.mask_files import npy_bytes
from concours.kit.baseline import run
from concours.questions.schema import QuestionSpec
from tests.concours.evaluation.sets import CATALOGUE, question

SLUGS = sorted(path.stem for path in CATALOGUE.glob("*.yaml"))
SCORES = {"kidney-cortex": ("dice", 0.5), "lung-tumour": ("dice", 0.5), "prognosis": ("auc", 0.5)}


def batch(spec: QuestionSpec, folder: Path, ids: list[str]) -> Path:
    """A truth with images beside it, bright where the masks lie, as the site delivers them in the format numpy."""
    invented_truth(spec, folder, ids)
    truth = load_truth(spec, folder)
    for image in spec.data.images:
        (folder / image).mkdir(exist_ok=True)
        for number, case in enumerate(ids):
            grid = truth.grids.get(case)
            shape = (24, 20) if grid is None else grid.shape
            values = np.random.default_rng(number).normal(0, 1, shape) + number % 4
            for masks in truth.masks.values():
                values[masks[case][1].array] += 100
            (folder / image / f"{case}.npy").write_bytes(npy_bytes(values.astype(np.float32)))
    return folder


@pytest.mark.parametrize("slug", SLUGS)
def test_the_baseline_is_accepted_and_scored(slug: str, tmp_path: Path) -> None:
    spec, file = question(slug), tmp_path / "question.yaml"
    file.write_text(spec.text.replace("cases: 1000", "cases: 120"), encoding="utf-8")  # each is embedded
    training = batch(spec, tmp_path / "training", [f"t{number}" for number in range(32)])
    evaluation = batch(spec, tmp_path / "evaluation", [f"e{number}" for number in range(30)])
    truth = load_truth(spec, evaluation)
    manifest = public_manifest(spec, truth)
    (tmp_path / "submission.json").write_text(json.dumps(manifest.to_json()), encoding="utf-8")
    out = tmp_path / f"baseline{'.zip' if manifest.files else '.csv'}"
    sent = run(file, training, evaluation, tmp_path / "submission.json", out)
    result = score(spec, truth, validate(spec, manifest, sent, isolated=False))
    assert set(result.scores) == set(spec.metrics)
    name, least = SCORES.get(slug, (next(iter(result.scores)), -np.inf))
    value = result.scores[name]
    assert value is None or value >= least
