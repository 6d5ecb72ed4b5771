"""Memorisation: the share of generated cases that are copies of real training cases."""

import numpy as np

from concours.metrics.basis.contract import Metric, MetricParameter, MetricValue, Policy, gettext_noop

# Distances from Gram matrices lose half the digits near 0, and copies are near 0: exact differences, a block at a time.
BLOCK = 256


def memorisation(truth: np.ndarray, prediction: np.ndarray, *, ratio: float) -> MetricValue:
    """Share of generated cases that are copies, 0 to 1, of real training embeddings (n, d) and generated (m, d).

    A case is a copy when its nearest real case is nearer than `ratio` times the distance from that one to its own nearest
    other real case. With ratio 1 this is 1 - authenticity (Alaa 2022), about one half for a perfect generator; the
    default 0.5 flags near copies alone. The details list the copies. Undefined (`too_few`) with fewer than two real cases.
    """
    if len(truth) < 2:
        return MetricValue.undefined("too_few", real=len(truth))
    from scipy.spatial.distance import cdist  # pages read of a metric only what it is

    neighbour = np.empty(len(truth))
    for start in range(0, len(truth), BLOCK):
        apart = cdist(truth[start : start + BLOCK], truth)
        apart[np.arange(len(apart)), start + np.arange(len(apart))] = np.inf
        neighbour[start : start + BLOCK] = apart.min(axis=1)
    nearest = np.empty(len(prediction), np.int64)
    distance = np.empty(len(prediction))
    for start in range(0, len(prediction), BLOCK):
        apart = cdist(prediction[start : start + BLOCK], truth)
        nearest[start : start + BLOCK] = apart.argmin(axis=1)
        distance[start : start + BLOCK] = apart.min(axis=1)
    # A real case that stands twice in the training set has a neighbour at 0: a copy of it is at 0 too.
    copied = (distance < ratio * neighbour[nearest]) | (distance == 0)
    indices = np.flatnonzero(copied)
    details = {
        "copies": [[int(index), int(nearest[index])] for index in indices],
        "median_distance": float(np.median(distance)),
        "median_real_distance": float(np.median(neighbour)),
    }
    return MetricValue(float(np.mean(copied)), details=details)


METRIC = Metric(
    name="memorisation",
    title=gettext_noop("Memorisation"),
    summary=gettext_noop("Share of generated cases that coincide with a real training case."),
    direction="lower",
    unit="",
    range=(0.0, 1.0),
    worst=1.0,
    shape="embeddings",
    over="set",
    function=memorisation,
    not_resampled=gettext_noop("It compares two whole sets of cases, which are not drawn again."),
    policy=Policy(undefined=gettext_noop("Fewer than two real cases: undefined (null).")),
    source="Alaa et al. 2022 (authenticity)",
    parameters=(
        MetricParameter(
            "ratio", 0.5, gettext_noop("Share of the distance between real cases below which a case is a copy.")
        ),
    ),
)
