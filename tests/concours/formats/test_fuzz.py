"""A reader never crashes: valid files of every format, mutated at random, are used or refused.

`CONCOURS_FUZZ=2000` reads that many mutations of each format; the default is 200.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from concours.formats.child import ChildLimits, run_limited
from concours.formats.mask import Mask
from concours.formats.runs import format_runs
from tests.concours.formats import builders as b

COUNT = int(os.environ.get("CONCOURS_FUZZ", "200"))
IDS = [f"{i:03d}" for i in range(6)]
GRID = {"shape": list(b.SHAPE), "affine": b.AFFINE.tolist()}
TABLE = {
    "id_column": "id",
    "ids": IDS,
    "columns": {"p": {"min": 0, "max": 1}, "c": {"type": "category", "allowed": "ab"}},
}
VOLUME = {"ids": IDS, "grid": GRID}
FLAT = {"ids": IDS, "grid": {"shape": [16, 12]}}
RUNS = {"ids": IDS, "grid": GRID, "columns": {"rle": {"type": "rle"}}}
ROWS: list[list[str | float]] = [[case, i / 7, "ab"[i % 2]] for i, case in enumerate(IDS)]
CSV = "\n".join(["id,p,c", *(",".join(map(str, row)) for row in ROWS)])
TEXT = format_runs(Mask.from_array(b.ball()).runs_in("C"), 1)
PIXELS = np.random.default_rng(3).integers(0, 4000, (64, 48)).astype(np.uint16)


def _compressed(syntax: str) -> bytes:
    dataset = b.dicom_dataset(PIXELS)
    dataset.compress(syntax, generate_instance_uid=False)
    return b.dicom_bytes(dataset)


VALID: dict[str, tuple[bytes, str, dict[str, Any] | None]] = {
    "csv": (CSV.encode(), "csv", TABLE),
    "csv utf-16": (CSV.replace(",", ";").encode("utf-16"), "csv", TABLE),
    "run lengths": ("\n".join(["id,rle", *(f"{case},{TEXT}" for case in IDS)]).encode(), "csv", RUNS),
    "xlsx": (b.xlsx([["id", "p", "c"], *ROWS]), "xlsx", TABLE),
    "nifti": (b.nifti(b.ball(), packed=False), "nifti", VOLUME),
    "nifti 2": (b.nifti(b.ball(), packed=False, version=2), "nifti", VOLUME),
    "nifti image": (b.nifti(b.ball().astype(np.int16), packed=False), "nifti", None),
    "nifti gz": (b.nifti(b.ball()), "nifti", VOLUME),
    "npy": (b.npy(b.ball()), "npy", VOLUME),
    "png": (b.png(b.ball((16, 12))), "image", FLAT),
    "nrrd": (b.nrrd(b.ball(), packed=False), "nrrd", None),
    "nrrd gz": (b.nrrd(b.ball()), "nrrd", None),
    "dicom": (b.dicom(PIXELS), "dicom", None),
    "dicom mask": (b.dicom(b.ball((16, 12))), "dicom", FLAT),
    "dicom RLE": (_compressed(pydicom.uid.RLELossless), "dicom", None),
    "dicom J2K": (_compressed(pydicom.uid.JPEG2000Lossless), "dicom", None),
    "dicom JPEG-LS": (_compressed(pydicom.uid.JPEGLSLossless), "dicom", None),
    "zip": (b.zipped({f"{c}.nii.gz": b.nifti(b.ball()) for c in IDS}), "zip", VOLUME | {"files": "{id}.nii.gz"}),
    "zip of exams": (b.zipped({"a.dcm": b.dicom(PIXELS), "b.csv": CSV.encode()}), "zip", None),
}


@pytest.mark.parametrize("name", VALID)
def test_mutated_files_are_used_or_refused(name: str, tmp_path: Path) -> None:
    data, kind, manifest = VALID[name]
    limits = ChildLimits(memory_bytes=400 << 20, cpu_seconds=600, wall_seconds=900)
    arguments = (data, kind, manifest)
    whole = run_limited(
        "tests.concours.formats.fuzzing:batch", *arguments, 0, 0, str(tmp_path), write=[tmp_path], limits=limits
    )
    assert whole == {}
    result = run_limited(
        "tests.concours.formats.fuzzing:batch", *arguments, 1, COUNT, str(tmp_path), write=[tmp_path], limits=limits
    )
    print(f"{name}: {sum(result.values())} mutations, {result}")
    assert sum(result.values()) == COUNT
    assert result.get("reject", 0) > 0
