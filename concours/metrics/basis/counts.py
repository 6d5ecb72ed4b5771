"""Counts of right and wrong decisions, and shares of them with Wilson's interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from concours.metrics.basis.contract import MetricParameter, MetricValue, gettext_noop
from concours.metrics.basis.resample import Estimator, Floats, mean_of_defined, of_counts, ratio

POSITIVE = MetricParameter("positive", 1, gettext_noop("The label that counts as positive."))
THRESHOLD = MetricParameter(
    "threshold",
    None,
    gettext_noop("A prediction at or above this value is positive; empty when predictions are labels."),
)
BAND = MetricParameter(
    "band",
    None,
    gettext_noop(
        "Two thresholds: at or above the upper one is positive, below the lower one negative. Values in "
        "between are indeterminate and count as wrong for the true class of the exam."
    ),
)
AVERAGE = MetricParameter(
    "average",
    "binary",
    gettext_noop("binary: the positive label only; macro: mean over all labels; micro: counts of all labels together."),
    choices=("binary", "macro", "micro"),
)
LABELS = MetricParameter(
    "labels", None, gettext_noop("All labels; empty for those that occur in the reference or the prediction.")
)
CONFIDENCE = MetricParameter("confidence", 0.95, gettext_noop("Confidence level of the interval."))
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
    def details(self) -> dict[str, Any]:
        """The counts by name, and the share of indeterminate predictions where there are any."""
        cases = self.true_positives + self.false_positives + self.true_negatives + self.false_negatives
        named: dict[str, Any] = asdict(self)
        return named | ({"indeterminate_share": self.indeterminate / cases} if self.indeterminate else {})


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
    each = decisions(truth, prediction, positive=positive, threshold=threshold, band=band)
    return Counts(*(int(total) for total in each.sum(axis=0)))


def decisions(
    truth: np.ndarray,
    prediction: np.ndarray,
    *,
    positive: Any,
    threshold: float | None,
    band: Sequence[float] | None,
) -> np.ndarray:
    """Whether each case is a true positive, false positive, true negative, false negative, indeterminate: bool (n, 5)."""
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
    return np.stack(
        [actual & said_yes, ~actual & ~said_no, ~actual & said_no, actual & ~said_yes, ~said_yes & ~said_no], axis=1
    )


def no_positive(truth: np.ndarray, *, positive: Any, average: str = "binary", **_: Any) -> str:
    """`one_class` for a truth without a positive case; nothing where the score is averaged over labels."""
    return "" if average != "binary" or np.any(truth == positive) else "one_class"


def no_negative(truth: np.ndarray, *, positive: Any, **_: Any) -> str:
    """`one_class` for a truth without a negative case."""
    return "" if np.any(truth != positive) else "one_class"


def is_positive(truth: np.ndarray, *, positive: Any, average: str = "binary", **_: Any) -> np.ndarray | None:
    """The strata of a binary decision; none where the score is averaged over labels."""
    return truth == positive if average == "binary" else None


def resampled(combine: Callable[[Floats], Floats]) -> Callable[..., Estimator]:
    """The estimator of a score of one decision's counts; combine: (..., 5) counts to scores, NaN where undefined."""

    def estimator(truth: np.ndarray, prediction: np.ndarray, *, confidence: float = 0.95, **decision: Any) -> Estimator:
        return of_counts(decisions(truth, prediction, **decision), combine)

    return estimator


def resampled_average(combine: Callable[[Floats], Floats]) -> Callable[..., Estimator]:
    """As `resampled`, for a score that is of one label or averaged over labels, by the parameter `average`.

    A label without a value in a draw is left out of that draw's mean.
    """

    def estimator(
        truth: np.ndarray,
        prediction: np.ndarray,
        *,
        average: str,
        labels: Sequence[Any] | None,
        confidence: float = 0.95,
        **decision: Any,
    ) -> Estimator:
        if average == "binary":
            return of_counts(decisions(truth, prediction, **decision), combine)
        every = occurring_labels(truth, prediction)
        each = [decisions(truth, prediction, positive=label, threshold=None, band=None) for label in every]

        def over_labels(sums: Floats) -> Floats:
            counts = sums.reshape(len(sums), len(every), 5)
            return combine(counts.sum(axis=1)) if average == "micro" else mean_of_defined(combine(counts))

        return of_counts(np.concatenate(each, axis=1), over_labels)

    return estimator


def one_against_rest(truth: np.ndarray, prediction: np.ndarray, labels: Sequence[Any] | None) -> dict[Any, Counts]:
    """Counts of each label against all others; labels default to those that occur."""
    every = known_labels(truth, prediction, labels)
    return {label: decide(truth, prediction, positive=label, threshold=None, band=None) for label in every}


def occurring_labels(truth: np.ndarray, prediction: np.ndarray) -> list[Any]:
    """The labels that occur in truth or prediction, sorted."""
    return sorted(set(truth.ravel().tolist()) | set(prediction.ravel().tolist()))


def known_labels(truth: np.ndarray, prediction: np.ndarray, labels: Sequence[Any] | None) -> list[Any]:
    """The declared labels, or the sorted ones that occur. Raises ValueError when one that occurs is not declared."""
    occurring = occurring_labels(truth, prediction)
    if labels is None:
        return occurring
    unknown = [label for label in occurring if label not in labels]
    if unknown:
        raise ValueError(f"The labels {unknown} occur and are not among {list(labels)}.")
    return list(labels)


def share(good: int, others: int, confidence: float, reason: str, details: Mapping[str, Any]) -> MetricValue:
    """`good / (good + others)` with Wilson's interval; undefined with the reason when there is nothing to divide by."""
    every = good + others
    if not every:
        return MetricValue.undefined(reason, **details)
    return MetricValue(good / every, interval=wilson(good, every, confidence), details=details)


def right_positives(counts: Counts, confidence: float) -> MetricValue:
    """`TP / (TP + FP)`: precision, the positive predictive value."""
    return share(counts.true_positives, counts.false_positives, confidence, "no_positive_prediction", counts.details)


def predictive_value(counts: Floats) -> Floats:
    """`TP / (TP + FP)` of counts (..., 5), NaN without a positive prediction."""
    return ratio(counts[..., 0], counts[..., 0] + counts[..., 1])


def averaged(
    score: Callable[[Counts], MetricValue],
    truth: np.ndarray,
    prediction: np.ndarray,
    *,
    average: str,
    labels: Sequence[Any] | None,
    in_truth: bool = False,
    **decision: Any,
) -> MetricValue:
    """A score of counts for the positive label (`binary`), for all labels' counts together, or its mean over labels.

    A label that occurs neither in truth nor in prediction (`in_truth`: not in truth) is left out of the mean and listed as
    `absent`.
    """
    if average == "binary":
        return score(decide(truth, prediction, **decision))
    counts = one_against_rest(truth, prediction, labels)
    if average == "micro":
        return score(pooled(counts))
    occurring = occurring_labels(truth, truth if in_truth else prediction)
    absent = [str(label) for label in counts if label not in occurring]
    return average_of({label: score(counts[label]) for label in counts if label in occurring}, absent)


def wilson(good: int, all_: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a proportion (Wilson 1927), without continuity correction, within [0, 1]."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    rate = good / all_
    centre = (rate + z * z / (2 * all_)) / (1 + z * z / all_)
    half = z * np.sqrt(rate * (1 - rate) / all_ + z * z / (4 * all_ * all_)) / (1 + z * z / all_)
    low, high = max(0.0, float(centre - half)), min(1.0, float(centre + half))
    return (0.0 if good == 0 else low), (1.0 if good == all_ else high)


def average_of(scores: dict[Any, MetricValue], absent: Sequence[str] = ()) -> MetricValue:
    """Mean over labels; undefined when one label is. The details hold each label's value, and the labels left out."""
    details: dict[str, Any] = {"labels": {str(label): score.value for label, score in scores.items()}}
    if absent:
        details["absent"] = list(absent)
    for score in scores.values():
        if score.value is None:
            return MetricValue.undefined(score.reason, **details)
    return MetricValue(float(np.mean([score.value for score in scores.values()])), details=details)


def confusion(truth: np.ndarray, prediction: np.ndarray) -> dict[str, Any]:
    """How often each true label (row) was given each label (column), over the labels that occur."""
    every = occurring_labels(truth, prediction)
    position = {label: index for index, label in enumerate(every)}
    size = len(every)
    rows = np.array([position[label] for label in truth.tolist()])
    columns = np.array([position[label] for label in prediction.tolist()])
    table = np.bincount(rows * size + columns, minlength=size * size).reshape(size, size)
    return {"labels": [str(label) for label in every], "confusion": table.tolist()}


def pooled(counts: dict[Any, Counts]) -> Counts:
    """All labels' counts together."""
    return Counts(*(int(total) for total in np.sum([list(asdict(exam).values()) for exam in counts.values()], axis=0)))
