"""Validation never sees the truth: under two different truths, and with the truth gone, every byte it says is the same."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from concours.evaluation.evaluate import public_manifest, rejected, validate
from concours.evaluation.truth import load_truth
from concours.formats.fault import Fault, FormatError
from concours.formats.manifest import Manifest
from tests.concours.evaluation.sets import csv_bytes, npy_bytes, question, write_folder, write_zip

IDS = [f"{number:03d}" for number in range(12)]


def a_truth(folder: Path, seed: int) -> Path:
    """Same cases and grids, other labels, other masks, another order of rows."""
    generator = np.random.default_rng(seed)
    rows = [{"id": case, "surface": round(float(generator.uniform(1, 90)), 2)} for case in generator.permutation(IDS)]
    masks = {f"mask/{case}.npy": npy_bytes((generator.random((16, 16)) > 0.6).astype(np.uint8)) for case in IDS}
    return write_folder(folder, {"truth.csv": csv_bytes(rows), **masks})


def messages_of(manifest: Manifest, submission: Path) -> str:
    try:
        validate_result = validate(question("sarcopenia"), manifest, submission, isolated=False)
    except FormatError as error:
        return json.dumps([fault.to_json() for fault in error.faults])
    return f"valid {validate_result.sha256}"


@pytest.mark.parametrize("fault", ["none", "values", "masks", "files"])
def test_every_byte_is_the_same_under_two_truths_and_with_none(tmp_path: Path, fault: str) -> None:
    files = {f"{case}.npy": npy_bytes(np.ones((16, 16), np.uint8)) for case in IDS}
    table = [{"case_id": case, "surface": 4} for case in IDS]
    if fault == "values":
        table[3]["surface"], table[4]["case_id"] = "x", "nobody"
    if fault == "masks":
        files["001.npy"], files["002.npy"] = npy_bytes(np.ones((9, 9))), npy_bytes(np.full((16, 16), np.nan))
    if fault == "files":
        del files["005.npy"]
        files["what.npy"] = b"no"
    sent = write_zip(tmp_path / "team.zip", {"surfaces.csv": csv_bytes(table), **files})
    spec = question("sarcopenia")
    first = public_manifest(spec, load_truth(spec, a_truth(tmp_path / "first", 1)))
    second = public_manifest(spec, load_truth(spec, a_truth(tmp_path / "second", 2)))
    assert json.dumps(first.to_json()) == json.dumps(second.to_json())
    shutil.rmtree(tmp_path / "first")
    shutil.rmtree(tmp_path / "second")
    alone = Manifest.from_json(json.loads(json.dumps(first.to_json())))
    words = {messages_of(first, sent), messages_of(second, sent), messages_of(alone, sent)}
    assert len(words) == 1
    assert words.pop().startswith("valid") == (fault == "none")


def test_the_manifest_holds_no_label(tmp_path: Path) -> None:
    truth = tmp_path / "truth.csv"
    rows = [{"id": case, "abnormal": index % 2} for index, case in enumerate(reversed(IDS))]
    truth.write_bytes(csv_bytes(rows))
    spec = question("nodules")
    document = public_manifest(spec, load_truth(spec, truth)).to_json()
    assert document["ids"] == sorted(IDS)
    assert "abnormal" not in json.dumps(document)


def test_what_is_printed_for_a_rejection_has_three_keys_an_error() -> None:
    document = rejected(FormatError(Fault("missing_id", "row 3", "Row %(row)s", {"row": 3})))
    assert document == {
        "status": "rejected",
        "errors": [{"reason": "missing_id", "where": "row 3", "message": "Row 3"}],
    }
