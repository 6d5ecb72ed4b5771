"""Real predictions and masks of SAMPLE_DIR through the whole engine, against the known right answers beside them."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from concours.formats.fault import FormatError
from tests.concours.evaluation.sets import csv_bytes, scored, write_folder, write_zip

SAMPLE = Path(os.environ.get("SAMPLE_DIR", "../shared/sample"))
WDBC = SAMPLE / "cases/classification_wdbc"
pytestmark = [
    pytest.mark.sample,
    pytest.mark.skipif(not WDBC.is_dir(), reason="SAMPLE_DIR does not hold the sample images"),
]


def golden(file: str, metric: str) -> float:
    with (SAMPLE / "golden.csv").open(encoding="utf-8") as handle:
        return next(
            float(row["value"]) for row in csv.DictReader(handle) if (row["input"], row["metric"]) == (file, metric)
        )


@pytest.mark.parametrize("team", ["a", "b", "c"])
def test_areas_of_the_breast_masses(team: str) -> None:
    result = scored("breast-mr", WDBC / "truth.csv", WDBC / f"pred_team_{team}.csv")
    assert result.count == 569
    golden_result = golden(f"cases/classification_wdbc/pred_team_{team}.csv", "roc_auc")
    assert result.scores["auc"] == pytest.approx(golden_result, abs=1e-12)


def test_a_real_mask_against_itself_and_against_none(tmp_path: Path) -> None:
    """The tumour's own file as the submission, then the other patient's grid under its name."""
    tumours = {"p1": "ct_lung_nodule", "p2": "mr_brain_tumour"}
    masks = {case: (SAMPLE / "cases" / folder / "mask.nii.gz").read_bytes() for case, folder in tumours.items()}
    rows = csv_bytes([{"id": "p1", "malignant": 1}, {"id": "p2", "malignant": 0}])
    files = {f"tumour/{case}.nii.gz": mask for case, mask in masks.items()}
    truth = write_folder(tmp_path / "truth", {"truth.csv": rows, **files})
    table = csv_bytes([{"case_id": "p1", "malignant": 0.9}, {"case_id": "p2", "malignant": 0.2}])
    sent = write_zip(tmp_path / "s.zip", {"c.csv": table} | {f"{case}.nii.gz": mask for case, mask in masks.items()})
    result = scored("salivary-glands", truth, sent)
    assert (result.scores["dice"], result.scores["hd95"], result.scores["average_hausdorff"]) == (1.0, 0.0, 0.0)
    swapped = {"c.csv": table, "p1.nii.gz": masks["p2"], "p2.nii.gz": masks["p1"]}
    with pytest.raises(FormatError, match=r"wrong_shape|geometry_mismatch"):
        scored("salivary-glands", truth, write_zip(tmp_path / "swapped.zip", swapped))
