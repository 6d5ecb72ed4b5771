"""Converts the organiser's Inception file to ONNX once; needs torch and onnx (extra `inception`)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import onnxruntime

from concours.evaluation.embedding.network import INCEPTION, Network

PUBLISHED_FILE = "pt_inception-2015-12-05-6726825d.pth"
PUBLISHED_SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"


class InceptionImportError(RuntimeError):
    """The file is not the published one, torch is absent, or the converted network differs."""


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def import_inception(file: Path, folder: Path, expected_sha256: str = PUBLISHED_SHA256) -> Network:
    """Check the hash of the published weights, convert them, compare, and describe the result in `folder`.

    The file is read with `weights_only=True`. Raises InceptionImportError, and leaves nothing behind then.
    """
    actual_sha256 = sha256_of(file)
    if actual_sha256 != expected_sha256:
        raise InceptionImportError(
            f"{file.name} has the SHA-256 {actual_sha256}, the published {PUBLISHED_FILE} has {expected_sha256}. Fetch it again."
        )
    try:
        import torch

        from concours.evaluation.embedding.inception import DIMENSIONS, SIDE, Inception
    except ImportError as error:
        raise InceptionImportError(
            "The conversion needs torch: install the extra with `pip install '.[inception]'`."
        ) from error
    network = Inception()
    try:
        # The file also holds counters of batches on some exports; every other key must fit.
        missing, unexpected = network.load_state_dict(
            torch.load(file, map_location="cpu", weights_only=True), strict=False
        )
    except (RuntimeError, TypeError, AttributeError) as error:
        raise InceptionImportError(f"{file.name} does not hold the weights of this network: {error}") from error
    wrong = [key for key in (*missing, *unexpected) if not key.endswith("num_batches_tracked")]
    if wrong:
        raise InceptionImportError(f"{file.name}: {len(wrong)} keys do not fit, the first is {wrong[0]}.")
    network.eval()
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{INCEPTION}.onnx"
    partial = target.with_suffix(".part")
    try:
        torch.onnx.export(
            network,
            (torch.zeros(2, 3, SIDE, SIDE),),
            str(partial),
            input_names=["images"],
            output_names=["embedding"],
            dynamic_axes={"images": {0: "n"}, "embedding": {0: "n"}},
            opset_version=17,
            dynamo=False,
        )
        images = np.random.default_rng(0).random((2, 3, SIDE, SIDE), np.float32)
        with torch.no_grad():
            expected = network(torch.from_numpy(images)).numpy()
        session = onnxruntime.InferenceSession(partial.read_bytes(), providers=["CPUExecutionProvider"])
        difference = float(np.abs(session.run(None, {"images": images})[0] - expected).max())
        if not difference <= 1e-4 * max(1.0, float(np.abs(expected).max())):
            raise InceptionImportError(f"The converted network differs from the original by {difference}.")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    about = {
        "name": INCEPTION,
        "file": target.name,
        "sha256": sha256_of(target),
        "dimensions": DIMENSIONS,
        "comparable": True,
        "note": "Inception v3 of the published FID; images resized by nearest neighbour, as SFR 2021 did",
        "source": file.name,
        "source_sha256": actual_sha256,
        "largest_difference": difference,
    }
    target.with_suffix(".json").write_text(json.dumps(about, indent=2) + "\n")
    return Network.read(target.with_suffix(".json"))
