"""The networks that embed images: which file, which hash, and whether their FID may be compared with published ones."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from concours.evaluation.embedding.images import SIDE, prepare

HERE = Path(__file__).parent
BATCH = 8


class WeightsChangedError(RuntimeError):
    """The weights on disk are not those whose hash is written down."""


@dataclass(frozen=True)
class Network:
    """A network's ONNX file: `sha256` is that of the file, `comparable` whether its FID is the published one."""

    name: str
    path: Path
    sha256: str
    dimensions: int
    comparable: bool
    note: str

    @classmethod
    def read(cls, description: Path) -> Network:
        """From the JSON file that stands beside the ONNX file."""
        about = json.loads(description.read_text())
        fields = {name: about[name] for name in ("name", "sha256", "dimensions", "comparable", "note")}
        return cls(path=description.parent / about["file"], **fields)


@dataclass(frozen=True)
class Embedded:
    """Embeddings float64 (n, d) and the network that made them."""

    values: np.ndarray
    network: Network


DEFAULT = Network.read(HERE / "efficientnet_lite0.json")
INCEPTION = "inception-2015-12-05"


def imported(folder: Path) -> list[Network]:
    """Networks that `import_inception` has put into a folder; none where the folder does not exist."""
    return [Network.read(path) for path in sorted(folder.glob("*.json"))]


def find(name: str, folder: Path | None = None) -> Network:
    """The network of that name: the default, or an imported one of the folder. Raises LookupError, naming all."""
    networks = {network.name: network for network in [DEFAULT, *(imported(folder) if folder else [])]}
    if name not in networks:
        raise LookupError(f"There is no network {name!r}; there are {', '.join(networks)}.")
    return networks[name]


def embed(cases: Iterable[Any], network: Network = DEFAULT, threads: int = 2) -> Embedded:
    """Embed cases of three planes each (see `prepare`), a few at a time, in order: float64 (n, d).

    Raises UnusableImageError for a case that is not usable and WeightsChangedError for other weights than described.
    """
    session = _session(network.path, network.sha256, threads)
    parts = [np.empty((0, network.dimensions))]
    batch: list[np.ndarray] = []
    for case in cases:
        batch.append(prepare(case))
        if len(batch) == BATCH:
            parts.append(_run(session, batch))
            batch = []
    if batch:
        parts.append(_run(session, batch))
    return Embedded(np.concatenate(parts), network)


def _run(session: onnxruntime.InferenceSession, batch: list[np.ndarray]) -> np.ndarray:
    images = np.stack(batch).reshape(-1, 3, SIDE, SIDE)
    vectors: np.ndarray = session.run(["embedding"], {"images": images})[0]
    return vectors.astype(np.float64)


@lru_cache(maxsize=2)
def _session(path: Path, sha256: str, threads: int) -> onnxruntime.InferenceSession:
    weights = path.read_bytes()
    if hashlib.sha256(weights).hexdigest() != sha256:
        raise WeightsChangedError(
            f"{path.name} is not the file whose hash is written beside it. Restore or import it again."
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
