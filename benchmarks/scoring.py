"""Whole submissions, validated and scored, beside the plain scripts that organisers write for them."""

from __future__ import annotations

import gzip
import io
import json
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pandas as pd

from benchmarks.memory import peak
from benchmarks.size import sized
from concours.evaluation.evaluate import ScoringResult, public_manifest, score, validate
from concours.evaluation.truth import LoadedTruth, load_truth
from concours.known_names import known_names
from concours.questions.schema import QuestionSpec, load_spec

CATALOGUE = Path("concours/questions/catalogue")
SLICES, SIDE = sized(500, tiny=6), 512
VOLUMES, GRID = sized(100, tiny=2), (512, 512, 300)


def figures() -> list[dict[str, Any]]:
    """Time of validate and score, truth cold and cached, and the peak memory of each."""
    with tempfile.TemporaryDirectory() as folder:
        return [*_sarcopenia(Path(folder)), *_lung(Path(folder))]


def _sarcopenia(folder: Path) -> list[dict[str, Any]]:
    truth, sent = folder / "slices", folder / "slices.zip"
    write_slices(truth, sent)
    spec, loaded = read("sarcopenia", truth)
    ours = run(spec, loaded, sent)
    theirs = _slices_by_script(truth, sent)
    assert (
        abs((ours.scores["dice"] or 0.0) - theirs["dice"]) < 1e-9
        and abs((ours.scores["surface_mse"] or 0.0) - theirs["mse"]) < 1e-6
    )
    name = f"sarcopenia, {SLICES} masks of {SIDE}x{SIDE} (nii.gz) and a CSV in a zip"
    peer, script = _seconds(lambda: _slices_by_script(truth, sent), 2), "nibabel, pandas and numpy, no check"
    return [
        _figure(f"{name}, truth kept", "s", _seconds(lambda: run(spec, loaded, sent), 3), peer, script),
        _figure(
            f"{name}, truth read anew", "s", _seconds(lambda: run(*read("sarcopenia", truth), sent), 2), peer, script
        ),
        peak("sarcopenia", "sarcopenia", truth, sent),
    ]


def _lung(folder: Path) -> list[dict[str, Any]]:
    truth, sent = folder / "volumes.csv", folder / "masks.csv"
    write_volumes(truth, sent)
    spec, loaded = read("lung-tumour", truth)
    ours = run(spec, loaded, sent)
    theirs = _volumes_by_script(truth, sent)
    assert (
        abs((ours.scores["dice"] or 0.0) - theirs["dice"]) < 1e-9
        and abs((ours.scores["volume"] or 0.0) - theirs["volume"]) < 1e-9
    )
    name = f"PSCC, {VOLUMES} CT volumes of {'x'.join(map(str, GRID))} as runs"
    peer, script = _seconds(lambda: _volumes_by_script(truth, sent), 1), "pandas, decode and numpy, without diameters"
    return [
        _figure(f"{name}, truth kept", "s", _seconds(lambda: run(spec, loaded, sent), 3), peer, script),
        _figure(
            f"{name}, truth read anew", "s", _seconds(lambda: run(*read("lung-tumour", truth), sent), 2), peer, script
        ),
        peak("PSCC", "lung-tumour", truth, sent),
    ]


def read(slug: str, truth: Path) -> tuple[QuestionSpec, LoadedTruth]:
    """A question of the catalogue and a truth of it."""
    spec = load_spec((CATALOGUE / f"{slug}.yaml").read_text(encoding="utf-8"), known_names())
    return spec, load_truth(spec, truth)


def run(spec: QuestionSpec, truth: LoadedTruth, sent: Path) -> ScoringResult:
    """What the platform does with one submission: in a confined child, then against the truth."""
    return score(spec, truth, validate(spec, public_manifest(spec, truth), sent))


def _figure(name: str, unit: str, ours: float, peer: float, peer_name: str) -> dict[str, Any]:
    return {"name": name, "unit": unit, "ours": ours, "peer": peer, "peer_name": peer_name, "ratio": peer / ours}


def _seconds(work: Callable[[], object], times: int) -> float:
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    return min(spent)


# -- sets -------------------------------------------------------------------------------------------------------------


def write_slices(truth: Path, sent: Path) -> None:
    """Rings with ragged edges, as a muscle on an axial slice; the team's are a little larger."""
    (truth / "mask").mkdir(parents=True)
    generator = np.random.default_rng(2019)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    angle = np.arctan2(rows - 256, columns - 256)
    true, predicted = [], []
    with zipfile.ZipFile(sent, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(SLICES):
            waves = sum(generator.uniform(-6, 6) * np.cos(k * angle + generator.uniform(0, 6)) for k in range(2, 9))
            distance = np.hypot((rows - 256) * 1.4, columns - 256) + waves
            case = f"S{number:04d}"
            mask, other = (distance > 130) & (distance < 180), (distance > 129) & (distance < 182)
            (truth / "mask" / f"{case}.nii.gz").write_bytes(_nifti(mask))
            archive.writestr(f"masks/{case}.nii.gz", _nifti(other))
            true.append({"id": case, "surface": float(mask.sum()) * 0.49})
            predicted.append({"case_id": case, "surface": round(float(other.sum()) * 0.49, 2)})
        archive.writestr("surfaces.csv", pd.DataFrame(predicted).to_csv(index=False))
    pd.DataFrame(true).to_csv(truth / "truth.csv", index=False)


def _nifti(mask: np.ndarray) -> bytes:
    image = nib.Nifti1Image(mask[:, :, None].astype(np.uint8), np.diag([0.7, 0.7, 5, 1]))
    return gzip.compress(image.to_bytes(), 6)


def write_volumes(truth: Path, sent: Path) -> None:
    """One ellipsoid a scan, as run lengths in C order counted from 1."""
    generator = np.random.default_rng(2023)
    spacing = {"spacing_row": 0.8, "spacing_col": 0.8, "spacing_slice": 1.25}
    true, predicted = [], []
    for number in range(VOLUMES):
        centre, axes = generator.uniform(100, 200, 3), generator.uniform(8, 45, 3)
        shape = "({}, {}, {})".format(*GRID)
        row = {"id": f"P{number:03d}", "data_shape": shape}
        true.append(row | {"rle": _ellipsoid(centre, axes)} | spacing)
        predicted.append(
            row | {"rle": _ellipsoid(centre + generator.uniform(-2, 2, 3), axes * 1.05), "recist": 0, "volume": 0}
        )
    pd.DataFrame(true).to_csv(truth, index=False)
    pd.DataFrame(predicted).to_csv(sent, index=False)


def _ellipsoid(centre: np.ndarray, axes: np.ndarray) -> str:
    first, second = (np.arange(int(c - a), int(c + a) + 1) for c, a in zip(centre[:2], axes[:2], strict=True))
    left = 1 - ((first[:, None] - centre[0]) / axes[0]) ** 2 - ((second[None] - centre[1]) / axes[1]) ** 2
    half = axes[2] * np.sqrt(np.maximum(left, 0))
    low, high = np.ceil(centre[2] - half).astype(int), np.floor(centre[2] + half).astype(int)
    inside = (left > 0) & (high >= low)
    starts = (first[:, None] * GRID[1] + second[None]) * GRID[2] + low + 1
    return " ".join(f"{start} {length}" for start, length in zip(starts[inside], (high - low + 1)[inside], strict=True))


# -- what organisers write --------------------------------------------------------------------------------------------


def _slices_by_script(truth: Path, sent: Path) -> dict[str, float]:
    table = pd.read_csv(truth / "truth.csv").set_index("id")
    dice = []
    with zipfile.ZipFile(sent) as archive:
        surfaces = pd.read_csv(io.BytesIO(archive.read("surfaces.csv"))).set_index("case_id")
        for case in table.index:
            packed = gzip.decompress(archive.read(f"masks/{case}.nii.gz"))
            predicted = nib.Nifti1Image.from_bytes(packed).get_fdata() > 0
            true = nib.Nifti1Image.from_filename(truth / "mask" / f"{case}.nii.gz").get_fdata() > 0
            dice.append(2 * (predicted & true).sum() / (predicted.sum() + true.sum()))
    return {"dice": float(np.mean(dice)), "mse": float(((surfaces["surface"] - table["surface"]) ** 2).mean())}


def _volumes_by_script(truth: Path, sent: Path) -> dict[str, float]:
    true, predicted = pd.read_csv(truth).set_index("id"), pd.read_csv(sent).set_index("id")
    dice, volume = [], []
    for case in true.index:
        left, right = _decoded(true.loc[case, "rle"]), _decoded(predicted.loc[case, "rle"])
        dice.append(2 * (left & right).sum() / (left.sum() + right.sum()))
        volume.append(min(abs(int(right.sum()) - int(left.sum())) / left.sum(), 1))
    return {"dice": float(np.mean(dice)), "volume": float(np.mean(volume))}


def _decoded(text: str) -> np.ndarray:
    numbers = np.array(text.split(), int)
    flat = np.zeros(int(np.prod(GRID)), bool)
    for start, length in zip(numbers[::2], numbers[1::2], strict=True):
        flat[start - 1 : start - 1 + length] = True
    return flat.reshape(GRID)


if __name__ == "__main__":
    print(json.dumps(figures(), indent=1))
