"""Peak memory of scoring one submission, for every shape a question may have: fresh processes, truth read anew (Linux).

The figure is the largest sum, over all processes that take part (the one that scores, the fork server, the confined child
that decodes), of proportional set sizes, looked at a hundred times a second. The two other large shapes, 500 slices and
100 CT volumes as runs, are measured where they are timed (`scoring`).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pandas as pd

from benchmarks.size import sized

RUN = """
from pathlib import Path
from sys import argv
from benchmarks.scoring import read, run

assert run(*read(argv[1], Path(argv[2])), Path(argv[3])).scores
"""
LIMIT = 600  # MB
EXAMS = sized(1000, tiny=20)
VOLUMES, SHAPE = sized(4, tiny=2), (512, 512, 300)
REAL, GENERATED, SIDE = sized(92, tiny=12), sized(1000, tiny=100), sized(256, tiny=64)


def figures() -> list[dict[str, Any]]:
    """Each stays under the limit, or the benchmark fails."""
    with tempfile.TemporaryDirectory() as folder:
        return [make(Path(folder)) for make in (_table, _detections, _surfaces, _generated)]


def peak(name: str, slug: str, truth: Path, sent: Path) -> dict[str, Any]:
    """The figure of one question; AssertionError above the limit."""
    process = subprocess.Popen([sys.executable, "-c", RUN, slug, str(truth), str(sent)])
    most = 0.0
    while process.poll() is None:
        most = max(most, sum(_megabytes(pid) for pid in _family(process.pid)))
        time.sleep(0.01)
    assert process.returncode == 0, f"{name}: exit code {process.returncode}"
    assert most < LIMIT, f"{name}: {most:.0f} MB"
    figure = {"name": f"{name}, peak memory (at most {LIMIT})", "unit": "MB", "ours": most}
    return figure | dict.fromkeys(("peer", "peer_name", "ratio"))


def _family(pid: int) -> list[int]:
    """A process and its descendants."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:  # it has ended
        return []
    return [pid, *(process for child in children for process in _family(int(child)))]


def _megabytes(pid: int) -> float:
    """Memory of a process, pages that it shares counted by their share; 0 when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _table(folder: Path) -> dict[str, Any]:
    generator = np.random.default_rng(1)
    ids = [f"N{number:04d}" for number in range(EXAMS)]
    truth, sent = folder / "nodules.csv", folder / "sent.xlsx"
    pd.DataFrame({"case_id": ids, "abnormal": generator.integers(0, 2, EXAMS)}).to_csv(truth, index=False)
    pd.DataFrame({"case_id": ids, "probability": generator.random(EXAMS)}).to_excel(sent, index=False)
    return peak(f"nodules, {EXAMS} exams in a workbook", "nodules", truth, sent)


def _detections(folder: Path) -> dict[str, Any]:
    generator = np.random.default_rng(2)
    truth, sent = folder / "trauma", folder / "fractures.csv"
    (truth / "fractures").mkdir(parents=True)
    ids = [f"T{number:04d}" for number in range(EXAMS)]
    pd.DataFrame({"id": ids}).to_csv(truth / "truth.csv", index=False)
    for case in ids[::2]:
        places = generator.uniform(0, 300, (2, 2))
        rows = pd.DataFrame({"x": places[:, 0], "y": places[:, 1], "radius": 8.0})
        rows.to_csv(truth / "fractures" / f"{case}.csv", index=False)
    number = 10 * EXAMS
    columns = {"x": generator.uniform(0, 300, number), "y": generator.uniform(0, 300, number)}
    table = pd.DataFrame({"case_id": np.repeat(ids, 10), **columns, "probability": generator.random(number)})
    table.to_csv(sent, index=False)
    return peak(f"trauma, {number} candidates in {EXAMS} exams", "trauma", truth, sent)


def _surfaces(folder: Path) -> dict[str, Any]:
    generator = np.random.default_rng(3)
    truth, sent = folder / "glands", folder / "glands.zip"
    (truth / "tumour").mkdir(parents=True)
    ids = [f"G{number}" for number in range(VOLUMES)]
    labels = [number % 2 for number in range(VOLUMES)]
    pd.DataFrame({"id": ids, "malignant": labels}).to_csv(truth / "truth.csv", index=False)
    with zipfile.ZipFile(sent, "w") as archive:
        archive.writestr(
            "classes.csv", pd.DataFrame({"case_id": ids, "malignant": generator.random(VOLUMES)}).to_csv(index=False)
        )
        for case in ids:
            image = nib.Nifti1Image(_ball(120), np.diag([0.7, 0.7, 1.25, 1]))
            nib.save(image, truth / "tumour" / f"{case}.nii.gz")
            nib.save(nib.Nifti1Image(_ball(117), image.affine), folder / "one.nii.gz")
            archive.write(folder / "one.nii.gz", f"{case}.nii.gz")
    size = "x".join(map(str, SHAPE))
    return peak(f"salivary glands, {VOLUMES} volumes of {size} with large masks", "salivary-glands", truth, sent)


def _ball(radius: float) -> np.ndarray:
    axes = [(np.arange(side) - side / 2) / radius for side in SHAPE]
    inside = axes[0][:, None, None] ** 2 + axes[1][None, :, None] ** 2 + axes[2][None, None, :] ** 2 <= 1
    return inside.astype(np.uint8)


def _generated(folder: Path) -> dict[str, Any]:
    generator = np.random.default_rng(4)
    truth, sent = folder / "tumours", folder / "tumours.zip"
    (truth / "images").mkdir(parents=True)
    ids = [f"R{number:03d}" for number in range(REAL)]
    pd.DataFrame({"id": ids}).to_csv(truth / "truth.csv", index=False)
    for case in ids:
        np.save(truth / "images" / f"{case}.npy", _planes(generator))
    with zipfile.ZipFile(sent, "w") as archive:
        for number in range(GENERATED):
            np.save(folder / "one.npy", _planes(generator))
            archive.write(folder / "one.npy", f"g{number:04d}.npy")
    return peak(f"MTM-HCC, {GENERATED} x 3 images of {SIDE}x{SIDE}", "mtm-hcc", truth, sent)


def _planes(generator: np.random.Generator) -> np.ndarray:
    return generator.integers(0, 4096, (3, SIDE, SIDE), dtype=np.uint16)
