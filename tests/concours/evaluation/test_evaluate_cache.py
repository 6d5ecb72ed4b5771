"""A truth is read once a worker: under the hashes of question and content, with what was computed on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from concours.evaluation.evaluate import public_manifest, score, validate
from concours.evaluation.truth import LoadedTruth, load_truth
from concours.evaluation.truth_cache import TruthCache
from concours.evaluation.truth_table import TruthError
from tests.concours.evaluation.sets import csv_bytes, npy_bytes, question, write_folder, write_zip


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    cube = np.zeros((6, 6, 4), np.uint8)
    cube[1:4, 1:4, 1:3] = 1
    rows = csv_bytes([{"id": "a", "malignant": 1}, {"id": "b", "malignant": 0}])
    masks = {f"tumour/{case}.npy": npy_bytes(cube) for case in "ab"}
    return write_folder(tmp_path / "truth", {"truth.csv": rows, **masks})


def test_a_truth_is_loaded_once_and_again_under_another_hash(truth: Path) -> None:
    spec, cache, loads = question("salivary-glands"), TruthCache(most=2), []

    def load() -> LoadedTruth:
        loads.append(1)
        return load_truth(spec, truth)

    first = cache.get(spec.sha256, "one", load)
    assert cache.get(spec.sha256, "one", load) is first
    assert cache.get(spec.sha256, "two", load) is not first
    cache.get(spec.sha256, "three", load)
    cache.get(spec.sha256, "one", load)
    assert len(loads) == 4
    cache.forget()
    cache.get(spec.sha256, "one", load)
    assert len(loads) == 5


def test_a_truth_that_cannot_be_read_is_not_kept(tmp_path: Path) -> None:
    cache = TruthCache()
    with pytest.raises(TruthError):
        cache.get("q", "t", lambda: load_truth(question("nodules"), tmp_path / "none.csv"))
    with pytest.raises(TruthError):
        cache.get("q", "t", lambda: load_truth(question("nodules"), tmp_path / "none.csv"))


def test_what_is_computed_on_the_truth_serves_the_next_team(truth: Path, tmp_path: Path) -> None:
    spec = question("salivary-glands")
    read = load_truth(spec, truth)
    manifest = public_manifest(spec, read)
    shifted = np.zeros((6, 6, 4), np.uint8)
    shifted[2:5, 1:4, 1:3] = 1
    table = csv_bytes([{"case_id": case, "malignant": 0.6} for case in "ab"])
    sent = write_zip(tmp_path / "s.zip", {"c.csv": table} | {f"{case}.npy": npy_bytes(shifted) for case in "ab"})
    before = score(spec, read, validate(spec, manifest, sent, isolated=False))
    tree = read.masks["tumour"]["a"][1].surface_tree
    after = score(spec, read, validate(spec, manifest, sent, isolated=False))
    assert read.masks["tumour"]["a"][1].surface_tree is tree
    assert before.to_json(True) == after.to_json(True)
