"""Both sides of a comparison as plain arrays of the shape a metric asks for, missing values found before it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from concours.metrics.basis.region import Region

Shape = Literal[
    "mask", "values", "probabilities", "grades", "embeddings", "labels", "instances", "detections", "resources"
]


@dataclass(frozen=True)
class Adapted:
    """Truth and prediction ready for a metric's function, or the reason why the score is undefined."""

    truth: Any
    prediction: Any
    reason: str = ""


def adapt(shape: Shape, truth: Any, prediction: Any) -> Adapted:
    """Check and convert. Raises ValueError when the two sides have different lengths, grids or dimensions.

    mask: two `Region`s of one grid. values: float64 (n,). probabilities: truth 0/1 and float64, (n,) or (n, k).
    grades, labels: any sortable labels, (n,) (truth may have several columns, one a reader). embeddings: float64
    (n, d) and (m, d). instances: integer label maps of one shape. detections, resources: mappings, passed on.
    """
    if shape == "mask":
        return _masks(truth, prediction)
    if shape == "embeddings":
        return _embeddings(truth, prediction)
    if shape == "instances":
        return _instances(truth, prediction)
    if shape in ("grades", "labels"):
        return _labels(truth, prediction)
    if shape in ("values", "probabilities"):
        return _numbers(truth, prediction, truth_may_miss=shape == "probabilities")
    return Adapted(truth, prediction)


def _masks(truth: Any, prediction: Any) -> Adapted:
    reference, region = Region.of(truth), Region.of(prediction)
    if reference.shape != region.shape:
        raise ValueError(f"The masks have different shapes: {reference.shape} and {region.shape}.")
    return Adapted(reference, region.in_order(reference.order))


def _embeddings(truth: Any, prediction: Any) -> Adapted:
    real, generated = np.asarray(truth, np.float64), np.asarray(prediction, np.float64)
    if real.ndim != 2 or generated.ndim != 2 or real.shape[1] != generated.shape[1]:
        raise ValueError(f"Embeddings are (n, d) and (m, d); these are {real.shape} and {generated.shape}.")
    if not len(real) or not len(generated):
        return Adapted(real, generated, "empty_set")
    finite = bool(np.isfinite(real).all() and np.isfinite(generated).all())
    return Adapted(real, generated, "" if finite else "missing_value")


def _instances(truth: Any, prediction: Any) -> Adapted:
    left, right = np.asarray(truth), np.asarray(prediction)
    if left.shape != right.shape:
        raise ValueError(f"The label maps have different shapes: {left.shape} and {right.shape}.")
    for labels in (left, right):
        if labels.dtype.kind == "f" and not np.isfinite(labels).all():
            return Adapted(left, right, "missing_value")
        if labels.dtype.kind not in "iub" and not np.array_equal(labels, np.rint(labels)):
            raise ValueError("Instance label maps hold whole numbers.")
    return Adapted(left.astype(np.int64, copy=False), right.astype(np.int64, copy=False))


def _labels(truth: Any, prediction: Any) -> Adapted:
    left, right = np.asarray(truth), np.asarray(prediction)
    if left.shape[:1] != right.shape[:1]:
        raise ValueError(f"{left.shape[0]} cases in the truth and {right.shape[0]} in the prediction.")
    if not left.size or not right.size:
        return Adapted(left, right, "empty_set")
    if (left.dtype.kind in "US") != (right.dtype.kind in "US"):
        raise ValueError("One side holds text and the other numbers: no label could ever agree.")
    missing = _any_missing(left) or _any_missing(right)
    return Adapted(left, right, "missing_value" if missing else "")


def _any_missing(labels: np.ndarray) -> bool:
    if labels.dtype.kind == "f":
        return not bool(np.isfinite(labels).all())
    if labels.dtype.kind == "O":
        return any(label is None or label == "" or label != label for label in labels.ravel())
    if labels.dtype.kind == "U":
        return bool((labels == "").any())
    return False


def _numbers(truth: Any, prediction: Any, *, truth_may_miss: bool) -> Adapted:
    left, right = np.asarray(truth, np.float64), np.asarray(prediction, np.float64)
    if left.shape != right.shape:
        raise ValueError(f"The truth has the shape {left.shape} and the prediction {right.shape}.")
    if not left.size:
        return Adapted(left, right, "empty_set")
    in_truth = np.isfinite(left)
    # A task that does not apply to a case (no tear, so no orientation) has no truth there: only columns have that.
    if not in_truth.all() and not (truth_may_miss and left.ndim == 2):
        return Adapted(left, right, "missing_value")
    in_prediction = np.isfinite(right)
    return Adapted(left, right, "" if in_prediction.all() or in_prediction[in_truth].all() else "missing_value")
