"""1-nearest-neighbour diversity of generated cases, as published for SFR 2021."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg.blas import dsyrk

from concours.metrics.basis.contract import (
    Metric,
    MetricParameter,
    MetricParameterError,
    MetricValue,
    Policy,
    gettext_noop,
)

# Nearest ones kept of each embedding, for one that a batch holds on average.
MARGIN = 4
# Rows of a Gram matrix turned over at a time.
BLOCK = 256


def diversity(
    truth: np.ndarray,
    prediction: np.ndarray,
    *,
    batches: int,
    batch_size: int,
    repeats: int,
    mixing: str,
    seed: int,
    permutations: Any,
) -> MetricValue:
    """`1 - 2|A - ½|`, 0 to 1, of real (n, d) and generated (m, d) embeddings; A is a leave-one-out 1-NN accuracy.

    Each repeat shuffles, cuts into batches, classifies every embedding of a batch by its nearest neighbour in that batch
    (Euclidean) as real or generated, and averages accuracy over batches; diversity is averaged over repeats.

    mixing `each_side`: a batch holds `batch_size` real and as many generated ones, or fewer when a side has fewer, so that
    chance is one half. `pooled`: `batch_size` of both sides shuffled together. A side that is used up starts again with the
    same shuffle: a batch never holds one embedding twice. Shuffles come from `seed` (then the order of the cases does not
    matter) or from `permutations`: whole numbers (repeats, n) for both sides, (repeats, n + m) as the real ones then the
    generated ones or, pooled, of the stack, or a mapping with `real` and `generated`. About 0.94 for a perfect generator
    at 100 + 100, not 1. Ties go to the embedding that stands first in the batch, real ones first.
    """
    real, generated = len(truth), len(prediction)
    size = min(batch_size, real, generated) if mixing == "each_side" else min(batch_size, real + generated)
    if size < (1 if mixing == "each_side" else 2) or batches < 1 or repeats < 1:
        raise MetricParameterError("diversity: batches, batch_size and repeats are 1 or more.")
    neighbours, place = _neighbours(np.concatenate([truth, prediction]), size if mixing == "pooled" else 2 * size)
    shuffles = (
        _seeded(place, real, generated, mixing, seed, repeats)
        if permutations is None
        else _given(permutations, real, generated, mixing)
    )
    is_real = np.zeros(real + generated, bool)
    is_real[place[:real]] = True
    accuracies = []
    for shuffle in shuffles:
        members = [place[_batch(shuffle, number, size)] for number in range(batches)]
        accuracies.append(float(np.mean([_accuracy(neighbours, chosen, is_real) for chosen in members])))
    values = 1 - 2 * np.abs(np.array(accuracies) - 0.5)
    details = {
        "batches": batches,
        "batch_size": size,
        "repeats": len(accuracies),
        "mixing": mixing,
        "accuracy": float(np.mean(accuracies)),
        "spread": float(np.std(values)),
        "reused": any(batches * size > len(side) for side in shuffles[0]),
    }
    return MetricValue(float(values.mean()), details=details)


class Neighbours(NamedTuple):
    """All squared distances (N, N), float64, less the row's own square, infinite to oneself; and each one's nearest few.

    nearest: (N, k) indices, nearest first. `certain`: how many of them are nearer than anybody else, none where two of
    them are equally near, so that the order in a batch decides.
    """

    squared: np.ndarray
    nearest: np.ndarray
    certain: np.ndarray


def _neighbours(stack: np.ndarray, batch: int) -> tuple[Neighbours, np.ndarray]:
    """Neighbours of the rows in the order of their content, from one Gram matrix; and each row's place in that order.

    Equal rows share their distances to the last bit, and centring first keeps the digits that a Gram matrix would lose.
    """
    stack += 0.0  # -0 is 0
    keys = [row[:8].tobytes() for row in stack]
    if len(set(keys)) < len(keys):
        keys = [row.tobytes() for row in stack]
    order = np.array(sorted(range(len(keys)), key=keys.__getitem__))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    first = np.array([True, *(keys[image] != keys[other] for image, other in zip(order[1:], order[:-1], strict=True))])
    distinct = stack[order[first]]
    distinct -= distinct.mean(axis=0)
    squared = _gram(distinct)
    norms = np.diag(squared).copy()
    squared *= -2
    squared += norms
    if not first.all():
        whose = np.cumsum(first) - 1
        squared = squared[np.ix_(whose, whose)]
    np.fill_diagonal(squared, np.inf)
    return Neighbours(squared, *_nearest(squared, batch)), place


def _gram(rows: np.ndarray) -> np.ndarray:
    """`rows @ rows.T`, half of it computed and turned over in blocks."""
    gram: np.ndarray = dsyrk(1.0, rows.T, trans=1, lower=0).T  # a lower triangle in rows
    for start in range(0, len(gram), BLOCK):
        stop = start + BLOCK
        corner = gram[start:stop, start:stop]
        corner += np.tril(corner, -1).T
        gram[start:stop, stop:] = gram[stop:, start:stop].T
    return gram


def _nearest(squared: np.ndarray, batch: int) -> tuple[np.ndarray, np.ndarray]:
    """So many nearest ones of each row that a batch of that size rarely holds none, and how many of them are certain.

    They are chosen by distances rounded to float32, which keeps their order but for ties: what has the largest rounded
    distance among the chosen is not certain.
    """
    neighbours = min(len(squared) - 1, MARGIN * -(-len(squared) // batch) + 1)
    rounded = squared.astype(np.float32)
    nearest = np.argpartition(rounded, neighbours - 1, axis=1)[:, :neighbours].astype(np.int32)
    distances = np.take_along_axis(squared, nearest, axis=1)
    ranking = np.argsort(distances, axis=1)
    nearest, distances = np.take_along_axis(nearest, ranking, axis=1), np.take_along_axis(distances, ranking, axis=1)
    narrow = distances.astype(np.float32)
    certain = (
        np.full(len(squared), neighbours) if neighbours == len(squared) - 1 else (narrow < narrow[:, -1:]).sum(axis=1)
    )
    certain[(distances[:, 1:] == distances[:, :-1]).any(axis=1)] = 0
    return nearest, certain


Shuffle = tuple[np.ndarray, ...]


def _seeded(place: np.ndarray, real: int, generated: int, mixing: str, seed: int, repeats: int) -> list[Shuffle]:
    """Shuffles from the seed, over the embeddings in the order of their content."""
    generator = np.random.default_rng(seed)
    order = np.argsort(place)
    sides = (order,) if mixing == "pooled" else (order[order < real], order[order >= real])
    return [tuple(generator.permutation(side) for side in sides) for _ in range(repeats)]


def _given(permutations: Any, real: int, generated: int, mixing: str) -> list[Shuffle]:
    """Shuffles as given, checked: every row holds each index once."""
    if isinstance(permutations, Mapping):
        rows = np.hstack([np.atleast_2d(permutations["real"]), np.atleast_2d(permutations["generated"])])
    else:
        rows = np.atleast_2d(np.asarray(permutations))
    if rows.dtype.kind not in "iu":
        raise MetricParameterError("diversity: permutations are whole numbers.")
    if mixing == "each_side" and rows.shape[1] == real == generated:
        rows = np.hstack([rows, rows])
    if rows.shape[1] != real + generated:
        raise MetricParameterError(
            f"diversity: a permutation has {rows.shape[1]} numbers for {real} real and {generated} generated cases."
        )
    if mixing == "pooled":
        sides: list[Shuffle] = [(row,) for row in rows]
    else:
        # The generated half may count from 0 or go on from the real ones.
        offset = real if rows[:, real:].max(initial=0) < generated else 0
        sides = [(row[:real], row[real:] + offset) for row in rows]
    for shuffle in sides:
        if not np.array_equal(np.sort(np.concatenate(shuffle)), np.arange(real + generated)) or (
            mixing == "each_side" and shuffle[0].max() >= real
        ):
            raise MetricParameterError("diversity: a permutation holds every index of its side once.")
    return sides


def _batch(shuffle: Shuffle, number: int, size: int) -> np.ndarray:
    """Indices in batch `number`: the next `size` of each side, from the start again where a side ends."""
    return np.concatenate([side[np.arange(number * size, (number + 1) * size) % len(side)] for side in shuffle])


def _accuracy(neighbours: Neighbours, chosen: np.ndarray, is_real: np.ndarray) -> float:
    """Leave-one-out accuracy of the nearest neighbour within a batch."""
    present = np.zeros(len(is_real), bool)
    present[chosen] = True
    nearest = neighbours.nearest[chosen]
    met = present[nearest]
    column = met.argmax(axis=1)
    rows = np.arange(len(chosen))
    nearest_chosen = nearest[rows, column]
    unsure = np.flatnonzero(~met[rows, column] | (column >= neighbours.certain[chosen]))
    if len(unsure):
        within = neighbours.squared[chosen[unsure, None], chosen]
        nearest_chosen[unsure] = chosen[within.argmin(axis=1)]
    return float(np.mean(is_real[nearest_chosen] == is_real[chosen]))


METRIC = Metric(
    name="diversity",
    title=gettext_noop("Diversity"),
    summary=gettext_noop(
        "1 when a nearest-neighbour classifier cannot distinguish real from generated cases, 0 when it always can."
    ),
    direction="higher",
    unit="",
    range=(0.0, 1.0),
    worst=0.0,
    shape="embeddings",
    over="set",
    function=diversity,
    not_resampled=gettext_noop("It compares two whole sets of cases, which are not drawn again."),
    policy=Policy(
        undefined=gettext_noop("No case on a side: undefined (null). Fewer cases than a batch: smaller batches.")
    ),
    source="SFR 2021; Xu et al. 2018 (1-NN two-sample test)",
    parameters=(
        MetricParameter("batches", 10, gettext_noop("Batches per repeat.")),
        MetricParameter("batch_size", 100, gettext_noop("Embeddings in a batch, of each side or of both together.")),
        MetricParameter("repeats", 100, gettext_noop("How often the batches are drawn; the diversity is averaged.")),
        MetricParameter(
            "mixing",
            "each_side",
            gettext_noop("each_side: as many real as generated ones in a batch; pooled: drawn from both together."),
            choices=("each_side", "pooled"),
        ),
        MetricParameter("seed", 0, gettext_noop("Seed of the shuffles.")),
        MetricParameter("permutations", None, gettext_noop("Shuffles to use instead of those of the seed.")),
    ),
)
