"""Ranks of positives among negatives: what ROC areas and their intervals are made of."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np


@dataclass(frozen=True)
class Placements:
    """For each positive the share of negatives below it (ties count one half), and the reverse for each negative: as sums.

    A placement is counted in halves from the middle, `2 below + ties - all`: a whole number from -all to all. `lead` is
    the sum over the positives (over the negatives it is the same with the other sign), the squares are of either class.
    """

    positives: int
    negatives: int
    lead: float
    positive_squares: float
    negative_squares: float

    @property
    def area(self) -> float:
        """Area under the ROC curve: the positives' mean placement."""
        return (self.lead / self.positives / self.negatives + 1) / 2

    def interval(self, confidence: float = 0.95) -> tuple[float, float] | None:
        """DeLong's normal interval, cut to [0, 1]; None when a class has one case (DeLong et al. 1988)."""
        if self.positives < 2 or self.negatives < 2:
            return None
        variance = 0.0
        for squares, own, others in (
            (self.positive_squares, self.positives, self.negatives),
            (self.negative_squares, self.negatives, self.positives),
        ):
            around_mean = max(0.0, squares - self.lead * self.lead / own)
            variance += around_mean / (4 * others * others) / (own - 1) / own
        area = self.area
        half = 0.0 if area in (0.0, 1.0) else NormalDist().inv_cdf((1 + confidence) / 2) * variance**0.5
        return max(0.0, area - half), min(1.0, area + half)


def positives_of(truth: np.ndarray) -> np.ndarray:
    """Which cases are positive (truth 1), bool. Raises ValueError when the truth holds anything but 0 and 1."""
    positive: np.ndarray = truth == 1
    if np.count_nonzero(positive) + np.count_nonzero(truth == 0) != truth.size:
        raise ValueError("The truth holds 0 and 1 alone.")
    return positive


def placements(positive: np.ndarray, prediction: np.ndarray) -> Placements | None:
    """Placements of the positive and the negative cases by their finite predictions (n,); None when a class is empty.

    Each class is sorted by itself: sorting values takes a quarter of the time of finding their order.
    """
    chosen = np.flatnonzero(positive)
    others = np.flatnonzero(~positive)
    if not len(chosen) or not len(others):
        return None
    yes, no = np.sort(prediction[chosen]), np.sort(prediction[others])
    below = np.searchsorted(no, yes, "left")
    tied = no[np.minimum(below, len(no) - 1)] == yes
    up_to = np.searchsorted(no, yes, "right") if tied.any() else below
    # The negative at place j is above the positives that have at most j negatives below them or equal to them.
    positives_below = _running(up_to, len(no))
    positives_up_to = positives_below if up_to is below else _running(below, len(no))
    among_negatives = (below + up_to - len(no)).astype(np.float64)
    among_positives = (positives_below + positives_up_to - len(yes)).astype(np.float64)
    return Placements(
        len(yes),
        len(no),
        float(among_negatives.sum()),
        float(among_negatives @ among_negatives),
        float(among_positives @ among_positives),
    )


def _running(places: np.ndarray, size: int) -> np.ndarray:
    """For each place below `size` how many of `places` are at or before it."""
    return np.cumsum(np.bincount(places, minlength=size)[:size])
