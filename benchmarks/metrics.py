"""Metrics beside what people use: MONAI (where .venv-bench holds it), scikit-learn, SciPy and plain NumPy.

Both sides run on one thread, warmed, on the same inputs; values are compared before times are. "Kept" figures have the
truth's side prepared, as it is once per question; "cold" ones start from the two masks alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from scipy import ndimage
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import euclidean_distances

from benchmarks.metrics_inputs import SHAPE, SPACING, lungs, mass, muscle, tumour
from benchmarks.size import sized
from concours import metrics
from concours.metrics import MetricValue, Reference, Region
from concours.metrics.basis import surface_distance

HERE = Path(__file__).parent
PEERS = HERE.parent / ".venv-bench" / "bin" / "python"
dice, hd95, assd = (metrics.find(name) for name in ("dice", "hd95", "assd"))


def figures() -> list[dict[str, Any]]:
    """All figures of this file; each checks first that both sides agree."""
    surface_distance.WORKERS = 1
    cv2.setNumThreads(1)
    masks = {"lungs": lungs(), "tumour": tumour()}
    monai = _monai()
    lines = [*_dice(*masks["lungs"], monai), *_runs(*masks["lungs"])]
    for name, pair in masks.items():
        lines += _surfaces(name, *pair, monai)
    slice_mask = np.zeros(SHAPE, bool)
    slice_mask[..., 140] = muscle()
    lines += [
        _recist("a muscle on one 512x512 slice", slice_mask),
        _recist("an 8 cm mass, over its slices", mass()),
        _recist("a 3 cm tumour, over its slices", masks["tumour"][1]),
    ]
    del masks
    return [*lines, *_generation(), *_auc()]


def _monai() -> dict[str, Any] | None:
    """MONAI's times and values, or None where its environment is absent."""
    if not PEERS.exists():
        return None
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    answer = subprocess.run(
        [PEERS, "-W", "ignore", HERE / "monai_peer.py"],
        env=os.environ | threads,
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        print(f"  MONAI is left out: {answer.stderr.strip().splitlines()[-1]}", flush=True)
        return None
    figures: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return figures


def _dice(truth: np.ndarray, prediction: np.ndarray, monai: dict[str, Any] | None) -> list[dict[str, Any]]:
    def plain() -> float:
        return 2 * np.count_nonzero(truth & prediction) / (np.count_nonzero(truth) + np.count_nonzero(prediction))

    reference, bits = Reference(truth).prepare(distances=False), Region(prediction).bits
    region = Region(bits=bits, shape=SHAPE)
    value = dice(reference, region).value
    assert value == plain()
    peer, peer_name = _best(plain, 3), "numpy, boolean arrays (MONAI absent)"
    if monai is not None:
        peer, peer_name = monai["dice lungs"]["milliseconds"], "MONAI compute_dice"
        assert abs(monai["dice lungs"]["value"][0] - value) < 1e-6
    words = [side.bits.view(np.uint64) for side in (reference, region)]
    read = _best(lambda: [np.bitwise_xor.reduce(side) for side in words], 50)
    counted = _best(lambda: dice(reference, region), 50)
    fresh = _best(lambda: dice(reference, Region(bits=bits, shape=SHAPE)), 50)
    cold = _best(lambda: dice(Region(truth), Region(prediction)), 5)
    size = "Dice 512x512x300"
    return [
        _figure(f"{size}, packed, voxels of both counted when read", counted, peer, peer_name),
        _figure(f"{size}, packed, prediction's voxels counted too", fresh, peer, peer_name),
        _figure(f"{size}, cold from boolean arrays", cold, peer, peer_name),
        _figure(f"{size}, cold from boolean arrays, beside numpy", cold, _best(plain, 3), "numpy, boolean arrays"),
        _figure(
            f"{size}, packed, beside memory, voxels counted when read", counted, read, "reading the two packed masks"
        ),
        _figure(f"{size}, packed, beside memory, prediction counted too", fresh, read, "reading the two packed masks"),
    ]


def _runs(truth: np.ndarray, prediction: np.ndarray) -> list[dict[str, Any]]:
    """Masks as run lengths: merged, or decoded first."""
    runs = [_runs_of(side) for side in (truth, prediction)]

    def decode(starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
        flat = np.zeros(truth.size, bool)
        for start, stop in zip(starts.tolist(), ends.tolist(), strict=True):
            flat[start:stop] = True
        return flat

    def decoded() -> float:
        left, right = (decode(*side) for side in runs)
        return 2 * np.count_nonzero(left & right) / (np.count_nonzero(left) + np.count_nonzero(right))

    regions = [Region(runs=side, shape=SHAPE) for side in runs]
    assert dice(*regions).value == decoded()
    ours = _best(lambda: dice(*(Region(runs=side, shape=SHAPE) for side in runs)), 20)
    return [_figure(f"Dice from {len(runs[0][0]):,} runs", ours, _best(decoded, 2), "decode, then numpy")]


def _runs_of(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    edges = np.flatnonzero(np.diff(mask.ravel().view(np.int8), prepend=0, append=0))
    return edges[::2], edges[1::2]


def _surfaces(
    name: str, truth: np.ndarray, prediction: np.ndarray, monai: dict[str, Any] | None
) -> list[dict[str, Any]]:
    bits = [Region(side).bits for side in (truth, prediction)]

    def ours(reference: Region) -> list[float | None]:
        region = Region(None, SPACING, bits=bits[1], shape=SHAPE)
        return [hd95(reference, region).value, assd(reference, region).value]

    def fresh() -> Reference:
        return Reference(None, SPACING, bits=bits[0], shape=SHAPE)

    reference = fresh().prepare()
    if monai is not None:
        peer, value = monai[f"surfaces {name}"]["milliseconds"], monai[f"surfaces {name}"]["value"]
        peer_name = "MONAI, HD95 and ASSD"
    else:
        value = _by_transform(truth, prediction)
        peer, peer_name = _best(lambda: _by_transform(truth, prediction), 1), "SciPy distance transforms (MONAI absent)"
    assert np.allclose(np.array(ours(reference), float), value, rtol=1e-5), (name, ours(reference), value)
    return [
        _figure(f"HD95 and ASSD, {name}, truth kept", _best(lambda: ours(reference), 5), peer, peer_name),
        _figure(f"HD95 and ASSD, {name}, cold", _best(lambda: ours(fresh()), 5), peer, peer_name),
    ]


def _by_transform(truth: np.ndarray, prediction: np.ndarray) -> list[float]:
    inside = np.argwhere(truth | prediction)
    box = tuple(slice(max(low - 1, 0), high + 2) for low, high in zip(inside.min(0), inside.max(0), strict=True))
    edges = [side[box] & ~ndimage.binary_erosion(side[box]) for side in (truth, prediction)]
    there = ndimage.distance_transform_edt(~edges[1], sampling=SPACING)[edges[0]]
    back = ndimage.distance_transform_edt(~edges[0], sampling=SPACING)[edges[1]]
    return [max(np.percentile(there, 95), np.percentile(back, 95)), float(np.mean(np.concatenate([there, back])))]


def _recist(name: str, mask: np.ndarray) -> dict[str, Any]:
    """Largest diameter over axial slices, from runs as readers keep a mask; all pairs get their points found beforehand."""
    measure = metrics.find("recist").measure
    assert measure is not None
    runs = _runs_of(mask.T)
    inside = np.argwhere(mask)
    slices = [inside[inside[:, 2] == index, :2] * SPACING[:2] for index in np.unique(inside[:, 2])]

    def all_pairs() -> float:
        return max(_farthest(points) for points in slices)

    def ours() -> float:
        return float(measure(Region(None, SPACING, runs=runs, shape=SHAPE, order="F")) or 0.0)

    assert abs(ours() - all_pairs()) < 1e-9
    largest = max(map(len, slices))
    name = f"RECIST, {name} ({len(inside):,} voxels, at most {largest:,} in a slice)"
    return _figure(name, _best(ours, 20), _best(all_pairs, 1), "all pairs (SciPy cdist)")


def _farthest(points: np.ndarray) -> float:
    """All distances, a thousand rows at a time: the matrix of a whole slice would take gigabytes."""
    return max(float(cdist(points[at : at + 1000], points[at:]).max()) for at in range(0, len(points), 1000))


def _generation() -> list[dict[str, Any]]:
    generator = np.random.default_rng(2021)
    real, generated = generator.normal(size=(1000, 2048)), generator.normal(size=(1000, 2048)) * 1.05 + 0.02
    fid, diversity = metrics.find("fid"), metrics.find("diversity")

    def printed() -> float:
        covariances = np.cov(real.T), np.cov(generated.T)
        shift = real.mean(axis=0) - generated.mean(axis=0)
        root = np.real(sqrtm(covariances[0] @ covariances[1]))
        return float(shift @ shift + np.trace(covariances[0] + covariances[1] - 2 * root))

    shuffles = np.stack([generator.permutation(1000) for _ in range(100)])

    def per_batch() -> float:
        label = np.arange(200) < 100
        values = []
        for shuffle in shuffles:
            accuracies = []
            for chosen in shuffle.reshape(10, 100):
                both = np.concatenate([real[chosen], generated[chosen]])
                apart = euclidean_distances(both)
                np.fill_diagonal(apart, np.inf)
                accuracies.append(np.mean(label[apart.argmin(axis=1)] == label))
            values.append(1 - 2 * abs(np.mean(accuracies) - 0.5))
        return float(np.mean(values))

    start = time.perf_counter()
    expected = printed()
    square_root = (time.perf_counter() - start) * 1000
    # sqrtm of a singular product is itself off in the fourth digit; ours is the exact sum of singular values.
    assert abs(number(fid(real, generated)) - expected) < 1e-4 * expected
    start = time.perf_counter()
    plain = per_batch()
    batches = (time.perf_counter() - start) * 1000
    assert abs(number(diversity(real, generated, permutations=shuffles)) - plain) < 1e-12
    return [
        _figure(
            "FID, 1000 x 2048", _best(lambda: fid(real, generated), 5), square_root, "SciPy sqrtm of the covariances"
        ),
        _figure(
            "1-NN diversity, 100 repeats",
            _best(lambda: diversity(real, generated, permutations=shuffles), 5),
            batches,
            "a distance matrix a batch (scikit-learn)",
        ),
    ]


def _auc() -> list[dict[str, Any]]:
    generator = np.random.default_rng(2019)
    truth = (generator.random(1_000_000) < 0.3).astype(float)
    prediction = np.round(1 / (1 + np.exp(-generator.normal(size=len(truth)) - truth)), 12)
    metric = metrics.find("roc_auc")
    assert abs(metric(truth, prediction).value - roc_auc_score(truth, prediction)) < 1e-12
    peer = _best(lambda: roc_auc_score(truth, prediction), 5)
    alone = _best(lambda: metric(truth, prediction, confidence=None), 9)
    return [
        _figure("AUC of 1,000,000", alone, peer, "scikit-learn"),
        _figure(
            "AUC of 1,000,000 with DeLong's interval",
            _best(lambda: metric(truth, prediction), 9),
            peer,
            "scikit-learn, no interval",
        ),
    ]


def number(score: MetricValue) -> float:
    """The value of a score that is defined."""
    assert score.value is not None
    return score.value


def _best(work: Callable[[], Any], runs: int) -> float:
    """Milliseconds of the fastest run, after one to warm up."""
    work()
    best = float("inf")
    for _ in range(sized(runs, tiny=1)):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best * 1000


def _figure(name: str, ours: float, peer: float, peer_name: str) -> dict[str, Any]:
    return {"name": name, "unit": "ms", "ours": ours, "peer": peer, "peer_name": peer_name, "ratio": peer / ours}
