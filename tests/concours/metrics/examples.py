"""One example of every shape of input: a truth, its perfect prediction, and a worse one. Small, seeded."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from concours.metrics import Metric, Region


@dataclass(frozen=True)
class Example:
    """Both sides of one comparison, perfect and worse."""

    truth: Any
    perfect: Any
    worse: Any


def ball(shape: tuple[int, ...], centre: tuple[float, ...], radius: float) -> np.ndarray:
    """A bool array with a ball of voxels."""
    grid = np.indices(shape)
    return sum((axis - at) ** 2 for axis, at in zip(grid, centre, strict=True)) <= radius**2


def example(metric: Metric, seed: int = 0) -> Example:
    """An example that the metric takes."""
    generator = np.random.default_rng(seed)
    spacing = (0.8, 0.8, 2.5)
    if metric.name == "surface":
        flat = ball((12, 14), (5, 6), 3)
        return Example(Region(flat, spacing[:2]), Region(flat, spacing[:2]), Region(np.roll(flat, 2, 0), spacing[:2]))
    if metric.shape == "mask":
        entry = ball((14, 15, 9), (6, 6, 4), 3) | ball((14, 15, 9), (1, 13, 7), 1)
        other = ball((14, 15, 9), (8, 6, 4), 4) | ball((14, 15, 9), (11, 13, 1), 1)
        return Example(Region(entry, spacing), Region(entry, spacing), Region(other, spacing))
    if metric.shape == "instances":
        labels = ball((10, 10, 6), (3, 3, 3), 2) + 2 * ball((10, 10, 6), (7, 7, 3), 2)
        return Example(labels, labels.copy(), np.roll(labels, 1, axis=0))
    if metric.shape == "values":
        truth = generator.normal(size=40)
        return Example(truth, truth.copy(), truth + generator.normal(size=40))
    if metric.shape == "probabilities":
        shape = (40, 3) if metric.name == "weighted_auc" else (40,)
        truth = (generator.random(shape) < 0.4).astype(float)
        return Example(truth, truth.copy(), generator.random(shape))
    if metric.shape in ("grades", "labels"):
        truth = generator.integers(0, 2 if metric.shape == "labels" else 4, 40)
        return Example(truth, truth.copy(), generator.permutation(truth))
    if metric.shape == "embeddings":
        truth = generator.normal(size=(30, 6))
        return Example(truth, truth.copy(), generator.normal(size=(30, 6)) * 1.5 + 1)
    if metric.shape == "detections":
        position = generator.random((12, 3)) * 200
        case = np.array([f"c{number % 5}" for number in range(12)])
        cases = [f"c{number}" for number in range(7)]
        truth = {"cases": cases, "case": case, "position": position, "radius": np.full(12, 4.0)}
        perfect = {"case": case, "position": position, "confidence": np.ones(12)}
        false = {"case": case[::-1], "position": position + 90, "confidence": generator.random(12)}
        worse = {name: np.concatenate([perfect[name][:6], false[name]]) for name in perfect}
        return Example(truth, perfect, worse)
    return Example({"parameters": 2e6, "seconds": [1.0, 3.0]}, {"parameters": 2e6, "seconds": 2.0}, {"parameters": 9e6})


def shuffled(metric: Metric, sides: tuple[Any, Any], seed: int = 1) -> tuple[Any, Any]:
    """The same cases in another order: embeddings each side by itself, everything else in step."""
    generator = np.random.default_rng(seed)
    truth, prediction = sides
    if metric.shape == "embeddings":
        return generator.permutation(truth), generator.permutation(prediction)
    if metric.shape == "detections":
        order, other = generator.permutation(len(truth["case"])), generator.permutation(len(prediction["case"]))
        moved = {name: truth[name][order] for name in ("case", "position", "radius")}
        return {"cases": truth["cases"][::-1], **moved}, {name: side[other] for name, side in prediction.items()}
    order = generator.permutation(len(truth))
    return truth[order], prediction[order]


def with_a_gap(metric: Metric, prediction: Any) -> Any:
    """The prediction with one value missing."""
    if metric.shape == "detections":
        return {**prediction, "confidence": np.append(prediction["confidence"][1:], np.nan)}
    holed = np.array(prediction, float)
    holed[3] = np.nan
    return holed
