"""Counts of right and wrong decisions, and shares of them with Wilson's interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

from metrics.basis.contract import Parameter, Score, gettext_noop

POSITIVE = Parameter("positive", 1, gettext_noop("The label that counts as positive."))
THRESHOLD = Parameter(
    "threshold", None, gettext_noop("A prediction at or above it is positive; empty when predictions are labels.")
)
BAND = Parameter(
    "band",
    None,
    gettext_noop(
        "Two thresholds: at or above the upper is positive, below the lower negative; between them is indeterminate and "
        "counts as wrong for the exam's true class."
    ),
)
AVERAGE = Parameter(
    "average",
    "binary",
    gettext_noop("binary: the positive label alone; macro: mean over all labels; micro: all labels' counts together."),
    choices=("binary", "macro", "micro"),
)
LABELS = Parameter("labels", None, gettext_noop("All labels; empty for those that occur in truth or prediction."))
CONFIDENCE = Parameter("confidence", 0.95, gettext_noop("Level of the interval."))
DECISION = (POSITIVE, THRESHOLD, BAND)


@dataclass(frozen=True)
class Counts:
    """True and false positives and negatives; indeterminate predictions are among the false ones."""

    true_positives: int
    false_positives: int
    true_negatives: int
    false_negatives: int
    indeterminate: int = 0

    @property
    def details(self) -> dict[str, int]:
        """The counts by name."""
        return asdict(self)


def decide(
    truth: np.ndarray,
    prediction: np.ndarray,
    *,
    positive: Any,
    threshold: float | None,
    band: Sequence[float] | None,
) -> Counts:
    """Counts of binary decisions of (n,) labels, or of (n,) numbers against a threshold or a band.

    Raises ValueError when both a threshold and a band are given, or the band's ends are in the wrong order.
    """
    actual = truth == positive
    if band is not None:
        if threshold is not None or len(band) != 2 or not band[0] <= band[1]:
            raise ValueError(f"Give either a threshold or a band (low, high), not {threshold!r} and {band!r}.")
        numbers = np.asarray(prediction, np.float64)
        said_yes, said_no = numbers >= band[1], numbers < band[0]
    elif threshold is not None:
        said_yes = np.asarray(prediction, np.float64) >= threshold
        said_no = ~said_yes
    else:
        said_yes = prediction == positive
        said_no = ~said_yes
    return Counts(
        int(np.sum(actual & said_yes)),
        int(np.sum(~actual & ~said_no)),
        int(np.sum(~actual & said_no)),
        int(np.sum(actual & ~said_yes)),
        int(np.sum(~said_yes & ~said_no)),
    )


def one_against_rest(truth: np.ndarray, prediction: np.ndarray, labels: Sequence[Any] | None) -> dict[Any, Counts]:
    """Counts of each label against all others; labels default to those that occur."""
    every = known_labels(truth, prediction, labels)
    return {label: decide(truth, prediction, positive=label, threshold=None, band=None) for label in every}


def known_labels(truth: np.ndarray, prediction: np.ndarray, labels: Sequence[Any] | None) -> list[Any]:
    """The declared labels, or the sorted ones that occur. Raises ValueError when one that occurs is not declared."""
    occurring = sorted(set(truth.ravel().tolist()) | set(prediction.ravel().tolist()))
    if labels is None:
        return occurring
    unknown = [label for label in occurring if label not in labels]
    if unknown:
        raise ValueError(f"The labels {unknown} occur and are not among {list(labels)}.")
    return list(labels)


def share(good: int, others: int, confidence: float, reason: str, details: Mapping[str, int]) -> Score:
    """`good / (good + others)` with Wilson's interval; undefined with the reason when there is nothing to divide by."""
    every = good + others
    if not every:
        return Score.undefined(reason, **details)
    return Score(good / every, interval=wilson(good, every, confidence), details=details)


def right_positives(counts: Counts, confidence: float) -> Score:
    """`TP / (TP + FP)`: precision, the positive predictive value."""
    return share(counts.true_positives, counts.false_positives, confidence, "no_positive_prediction", counts.details)


def averaged(
    score: Callable[[Counts], Score],
    truth: np.ndarray,
    prediction: np.ndarray,
    *,
    average: str,
    labels: Sequence[Any] | None,
    **decision: Any,
) -> Score:
    """A score of counts for the positive label (`binary`), for all labels' counts together, or its mean over labels."""
    if average == "binary":
        return score(decide(truth, prediction, **decision))
    counts = one_against_rest(truth, prediction, labels)
    if average == "micro":
        return score(pooled(counts))
    return average_of({label: score(one) for label, one in counts.items()})


def wilson(good: int, all_: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a proportion (Wilson 1927), without continuity correction, within [0, 1]."""
    z = float(ndtri((1 + confidence) / 2))
    rate = good / all_
    centre = (rate + z * z / (2 * all_)) / (1 + z * z / all_)
    half = z * np.sqrt(rate * (1 - rate) / all_ + z * z / (4 * all_ * all_)) / (1 + z * z / all_)
    low, high = max(0.0, float(centre - half)), min(1.0, float(centre + half))
    return (0.0 if good == 0 else low), (1.0 if good == all_ else high)


def average_of(scores: dict[Any, Score]) -> Score:
    """Mean over labels; undefined when one label is. The details hold each label's value, None where undefined."""
    values = {str(label): score.value for label, score in scores.items()}
    for score in scores.values():
        if score.value is None:
            return Score.undefined(score.reason, labels=values)
    return Score(float(np.mean([score.value for score in scores.values()])), details={"labels": values})


def pooled(counts: dict[Any, Counts]) -> Counts:
    """All labels' counts together."""
    return Counts(*(int(total) for total in np.sum([list(asdict(one).values()) for one in counts.values()], axis=0)))
