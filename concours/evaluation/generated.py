"""Embeddings of real and generated cases, the real ones computed once a truth and network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from concours.evaluation import embedding
from concours.evaluation.embedding import Network
from concours.evaluation.prediction import Prediction
from concours.evaluation.truth import LoadedTruth
from concours.evaluation.truth_table import TruthError, organiser_fault
from concours.formats import npy
from concours.formats.fault import FormatError, gettext_noop, refuse
from concours.formats.submission import images
from concours.questions.schema import QuestionSpec


def network_of(spec: QuestionSpec, folder: Path | None = None) -> Network:
    """The network the question asks for. Raises TruthError when the organiser has not imported it."""
    generated = spec.submission.generated
    network_name = generated.embedding if generated is not None and generated.embedding else embedding.DEFAULT.name
    try:
        return embedding.find(network_name, folder)
    except LookupError as error:
        template = gettext_noop("The network '%(name)s' has not been imported on this site.")
        raise TruthError(organiser_fault("embedding", template, name=network_name)) from error


def embeddings_of(truth: LoadedTruth, prediction: Prediction, network: Network) -> tuple[np.ndarray, np.ndarray]:
    """Real (n, d) and generated (m, d) embeddings. Raises FormatError for a generated case of another shape."""
    key = f"embeddings {network.sha256}"
    if key not in truth.notes:
        try:
            truth.notes[key] = embedding.embed(_real(truth), network).values
        except (FormatError, embedding.UnusableImageError) as error:
            template = gettext_noop("A real case cannot be embedded: %(why)s")
            raise TruthError(organiser_fault("images", template, why=str(error))) from error
    real: Any = truth.notes[key]
    if prediction.path is None or prediction.manifest is None:
        raise ValueError("a prediction without its file holds no images")
    return real, embedding.embed(_generated(prediction.path, prediction), network).values


def _real(truth: LoadedTruth) -> Iterator[Any]:
    for files in truth.images:
        arrays = [npy.read_array(file.read_bytes(), file.name) for file in files]
        yield arrays[0] if len(arrays) == 1 else arrays


def _generated(path: Path, prediction: Prediction) -> Iterator[Any]:
    if prediction.manifest is None:
        return
    for case, array in images(path, prediction.manifest):
        if array.ndim != 3 or array.shape[0] != embedding.images.CHANNELS or not array.size:
            template = gettext_noop("%(id)s: a case must be an array (images, rows, columns) of three images.")
            raise refuse("wrong_shape", case, template, id=case)
        yield array
