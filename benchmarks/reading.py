"""Reading what teams send, beside what people use: nibabel, zipfile, and decoding run lengths into arrays."""

import gzip
import hashlib
import io
import itertools
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from concours.formats.archive import open_archive, unpack
from concours.formats.check import validate_limited
from concours.formats.manifest import Manifest, SubmissionLimits
from concours.formats.mask import Mask
from concours.formats.nifti import read_mask
from concours.formats.runs import format_runs
from concours.formats.submission import validate_submission

VOLUME = (512, 512, 300)


def figures() -> list[dict[str, Any]]:
    """Each figure with its peer's, measured in this run on one thread; results compared before they are timed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return [*_nifti(), *_archive(folder), *_runs(folder), *_sarcopenia(folder), *_child()]


def _best(work: Callable[[], Any], times: int = 3) -> float:
    work()
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)


def _figure(name: str, unit: str, ours: float, peer: float | None, peer_name: str) -> dict[str, Any]:
    ratio = None if peer is None else (peer / ours if unit in ("s", "ms") else ours / peer)
    return {"name": name, "unit": unit, "ours": ours, "peer": peer, "peer_name": peer_name, "ratio": ratio}


def _tumour(seed: int, shape: tuple[int, ...] = VOLUME) -> np.ndarray:
    """An ellipsoid of a tumour's size with a rough surface."""
    rng = np.random.default_rng(seed)
    array = np.zeros(shape, np.uint8, order="F")
    centre, radius = rng.integers(80, 200, 3), rng.integers(20, 40, 3)
    box = tuple(slice(int(c - r), int(c + r)) for c, r in zip(centre, radius, strict=True))
    axes = np.ogrid[tuple(slice(-1, 1, 2j * int(r)) for r in radius)]
    array[box] = sum(a**2 for a in axes) + rng.normal(0, 0.03, [2 * int(r) for r in radius]) < 1
    return array


def _nifti() -> list[dict[str, Any]]:
    lungs = np.zeros(VOLUME, np.uint8, order="F")
    x, y, z = np.ogrid[: VOLUME[0], : VOLUME[1], : VOLUME[2]]
    for centre in (170, 340):
        lungs[((x - centre) / 70) ** 2 + ((y - 256) / 110) ** 2 + ((z - 150) / 120) ** 2 < 1] = 1
    data = gzip.compress(nib.Nifti1Image(lungs, np.diag([0.7, 0.7, 1, 1])).to_bytes(), 6)

    def theirs() -> np.ndarray:
        return nib.Nifti1Image.from_bytes(gzip.decompress(data)).get_fdata()

    if not (read_mask(data)[1].dense() == (theirs() != 0)).all():
        raise AssertionError("the two readers disagree")
    ours, peer = _best(lambda: read_mask(data)), _best(theirs, 2)
    return [
        _figure("NIfTI mask 512x512x300, gzip, to packed mask", "ms", 1000 * ours, 1000 * peer, "nibabel get_fdata")
    ]


def _archive(folder: Path) -> list[dict[str, Any]]:
    rng = np.random.default_rng(0)
    path, fresh = folder / "exam.zip", itertools.count()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for i in range(256):
            archive.writestr(f"series/{i:04d}.dcm", rng.bytes(526_000))
    size = path.stat().st_size

    def into() -> Path:
        target = folder / f"unpacked{next(fresh)}"
        target.mkdir()
        return target

    def ours() -> None:
        unpack(path, into(), SubmissionLimits())

    def theirs() -> None:
        target = into()
        with zipfile.ZipFile(path) as archive:
            archive.extractall(target)
        for file in target.rglob("*.dcm"):
            with file.open("rb") as handle:
                hashlib.file_digest(handle, "sha256")

    def ours_streamed() -> list[str]:
        hashes = []
        with open_archive(path) as archive:
            for member in archive.members:
                digest = hashlib.sha256()
                for piece in archive.chunks(member):
                    digest.update(piece)
                hashes.append(digest.hexdigest())
        return hashes

    def theirs_streamed() -> list[str]:
        with zipfile.ZipFile(path) as archive:
            return [hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()]

    if ours_streamed() != theirs_streamed():
        raise AssertionError("the two readers disagree")
    unchecked = "zipfile and hashlib, unchecked"
    unpacked = [size / _best(work, 2) / 1e6 for work in (ours, theirs)]
    streamed = [size / _best(work, 2) / 1e6 for work in (ours_streamed, theirs_streamed)]
    return [
        _figure(
            "archive of 256 slices, checked, unpacked and hashed",
            "MB/s",
            unpacked[0],
            unpacked[1],
            unchecked,
        ),
        _figure(
            "archive of 256 slices, checked, streamed and hashed",
            "MB/s",
            streamed[0],
            streamed[1],
            unchecked,
        ),
    ]


def _runs(folder: Path) -> list[dict[str, Any]]:
    ids = [f"scan{i:03d}" for i in range(100)]
    shape = {"shape": list(VOLUME)}
    texts = {case: format_runs(Mask.from_array(_tumour(i)).runs_in("C"), 1) for i, case in enumerate(ids)}
    path = folder / "pscc.csv"
    path.write_text("id,rle\n" + "".join(f"{case},{text}\n" for case, text in texts.items()))
    manifest = Manifest.from_json({"ids": ids, "grid": shape, "columns": {"rle": {"type": "rle"}}})

    def decoded(text: str) -> np.ndarray:
        numbers = np.array(text.split(), np.int64)
        flat = np.zeros(np.prod(VOLUME), np.uint8)
        for start, length in zip(numbers[::2] - 1, numbers[1::2], strict=True):
            flat[start : start + length] = 1
        return flat.reshape(VOLUME)

    masks = validate_submission(path, manifest).masks["rle"]
    if masks[ids[0]][1].count != decoded(texts[ids[0]]).sum():
        raise AssertionError("the two readers disagree")
    ours = _best(lambda: validate_submission(path, manifest))
    peer = 20 * _best(lambda: [decoded(texts[case]) for case in ids[:5]], 1)
    return [
        _figure(
            "100 CT volumes as run lengths, read and checked", "s", ours, peer, "decoded into arrays (5 timed x 20)"
        )
    ]


def _sarcopenia(folder: Path) -> list[dict[str, Any]]:
    ids = [f"{i:03d}" for i in range(500)]
    path, rng = folder / "sarcopenia.zip", np.random.default_rng(0)
    x, y = np.ogrid[:512, :512]
    masks = [((x - 256) / rng.uniform(90, 150)) ** 2 + ((y - 256) / rng.uniform(120, 200)) ** 2 < 1 for _ in ids]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for case, mask in zip(ids, masks, strict=True):
            # rough edges, as drawn by a network: a smooth ellipse would compress beyond what the archive reader allows
            rough = mask ^ ((rng.random((512, 512)) < 0.02) & mask)
            archive.writestr(
                f"{case}.nii.gz", gzip.compress(nib.Nifti1Image(rough.astype(np.uint8), np.eye(4)).to_bytes(), 6)
            )
        archive.writestr("surfaces.csv", "case_id,surface\n" + "".join(f"{case},{i}.5\n" for i, case in enumerate(ids)))
    document = {"id_column": "case_id", "ids": ids, "table": "surfaces.csv", "columns": {"surface": {"min": 0}}}
    manifest = Manifest.from_json(document | {"grid": {"shape": [512, 512]}, "mask_values": [0, 1], "files": "{id}"})

    def theirs() -> int:
        count = 0
        with zipfile.ZipFile(path) as archive:
            for case in ids:
                data = gzip.decompress(archive.read(f"{case}.nii.gz"))
                count += int(nib.Nifti1Image.from_bytes(data).get_fdata().sum())
            io.StringIO(archive.read("surfaces.csv").decode()).readlines()
        return count

    prediction = validate_submission(path, manifest)
    if sum(m[1].count for m in prediction.masks["mask"].values()) != theirs():
        raise AssertionError("the two readers disagree")
    ours, peer = _best(lambda: validate_submission(path, manifest), 2), _best(theirs, 1)
    child = _best(lambda: validate_limited(path, manifest), 2)
    name = "sarcopenia submission, 500 masks 512x512 and a table, zipped: read and checked"
    return [
        _figure(name, "s", ours, peer, "zipfile and nibabel"),
        _figure(name + ", in a confined child", "s", child, peer, "zipfile and nibabel"),
    ]


def _child() -> list[dict[str, Any]]:
    import subprocess
    import sys

    from concours.formats.child import run_limited

    ours = _best(lambda: run_limited("concours.formats.confine:layers"), 10)
    peer = _best(lambda: subprocess.run([sys.executable, "-c", "import numpy, pydicom"], check=True), 2)
    return [
        _figure(
            "confined child, started and ended",
            "ms",
            1000 * ours,
            1000 * peer,
            "a new interpreter with numpy and pydicom",
        )
    ]


if __name__ == "__main__":
    for figure in figures():
        print(figure)
