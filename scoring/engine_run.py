"""Runs in a limited child: what opens a team's file. Plain: paths and values in, values and arrays out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from concours.evaluation.evaluate import public_manifest, score, validate
from concours.evaluation.truth import load_truth
from concours.formats.check import question_fault
from concours.formats.fault import FormatError
from concours.formats.json import Json, JsonObject
from concours.formats.manifest import Manifest, ManifestError
from concours.formats.submission import images
from concours.known_names import known_names
from concours.questions.schema import QuestionSpec, load_spec


def spec_of_text(text: str) -> QuestionSpec:
    return load_spec(text, known_names())


def check(question: str, manifest: Mapping[str, Json], submission: str) -> JsonObject:
    """Validates with the public manifest alone; counts what was found and what was passed over.

    Raises FormatError with every fault at once.
    """
    try:
        public = Manifest.from_json(manifest)
    except ManifestError as error:
        raise FormatError(question_fault(error)) from error
    prediction = validate(spec_of_text(question), public, Path(submission), isolated=False)
    cases = max([len(prediction.images), *map(len, prediction.values.values()), *map(len, prediction.masks.values())])
    return {"cases": cases or len({row.case for row in prediction.rows}), "ignored": len(prediction.ignored)}


def score_generated(question: str, truth: str, submission: str, seed: int, networks: str) -> JsonObject:
    """Scores generated cases, whose truth every team has: embeddings are computed beside the file they come from."""
    spec = spec_of_text(question)
    loaded = load_truth(spec, Path(truth))
    prediction = validate(spec, public_manifest(spec, loaded), Path(submission), isolated=False)
    result = score(spec, loaded, prediction, seed, Path(networks))
    real, generated = result.embeddings if result.embeddings is not None else (np.empty((0, 0)), np.empty((0, 0)))
    return {
        "values": {
            name: [value.value, value.reason, list(value.interval) if value.interval else None, dict(value.details)]
            for name, value in result.values.items()
        },
        "count": result.count,
        "seed": result.seed,
        "versions": dict(result.versions),
        "sha256": [result.question_sha256, result.truth_sha256, result.submission_sha256],
        "embedding": dict(result.embedding),
        "real": real,
        "generated": generated,
    }


def pictures(submission: str, manifest: Mapping[str, Json], indices: list[int]) -> list[NDArray[np.uint8]]:
    """The cases at `indices` (of all, sorted by id) as uint8 (images, rows, columns), each image from its own least to
    its own greatest value."""
    chosen = set(indices)
    shown: dict[int, NDArray[np.uint8]] = {}
    for number, (_case, array) in enumerate(images(submission, Manifest.from_json(manifest))):
        if number in chosen:
            shown[number] = np.stack([_shown(plane) for plane in np.asarray(array, float)])
    return [shown[index] for index in indices]


def _shown(plane: NDArray[np.float64]) -> NDArray[np.uint8]:
    low, high = float(plane.min()), float(plane.max())
    return np.rint((plane - low) * (255.0 / (high - low) if high > low else 0.0)).astype(np.uint8)
