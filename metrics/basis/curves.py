"""Ranks of positives among negatives: what ROC areas and their intervals are made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

# From here on counting in buckets is faster than sorting.
MANY = 20_000
# Buckets summed up at a time: they stay in the processor's cache, and no large array is made of them.
CHUNK = 1 << 16


class Cells(NamedTuple):
    """Groups of cases that nothing tells apart, whole numbers (k,): the cases of each class in a cell and below it.

    Cases of one cell have one value, or are of one class with none of the other between them.
    """

    positive: np.ndarray
    negative: np.ndarray
    positive_below: np.ndarray
    negative_below: np.ndarray


@dataclass
class Placements:
    """For each positive the share of negatives below it (ties count one half), and the reverse for each negative: as sums.

    A placement is counted in halves from the middle, `2 below + ties - all`: a whole number from -all to all. `lead` is
    the sum over the positives (over the negatives it is the same with the other sign), the squares are of either class.
    """

    positives: int
    negatives: int
    lead: float = 0.0
    positive_squares: float = 0.0
    negative_squares: float = 0.0

    def add(self, cells: Cells) -> None:
        """Take the cases of these cells in."""
        among_negatives = (2 * cells.negative_below + cells.negative - self.negatives).astype(np.float64)
        among_positives = (2 * cells.positive_below + cells.positive - self.positives).astype(np.float64)
        weighted = cells.positive * among_negatives
        self.lead += float(weighted.sum())
        self.positive_squares += float(weighted @ among_negatives)
        self.negative_squares += float(cells.negative * among_positives @ among_positives)

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
        half = 0.0 if area in (0.0, 1.0) else float(ndtri((1 + confidence) / 2)) * variance**0.5
        return max(0.0, area - half), min(1.0, area + half)


def positives_of(truth: np.ndarray) -> np.ndarray:
    """Which cases are positive (truth 1), bool. Raises ValueError when the truth holds anything but 0 and 1."""
    positive = truth == 1
    if np.count_nonzero(positive) + np.count_nonzero(truth == 0) != truth.size:
        raise ValueError("The truth holds 0 and 1 alone.")
    return positive


def placements(positive: np.ndarray, prediction: np.ndarray) -> Placements | None:
    """Placements of the positive and the negative cases by their finite predictions (n,); None when a class is empty.

    Many values are counted in buckets, and only those in a bucket of both classes and several values are sorted.
    """
    positives = int(np.count_nonzero(positive))
    if not positives or positives == len(positive):
        return None
    found = Placements(positives, len(positive) - positives)
    bucket = _buckets(prediction)
    if bucket is None:
        order = np.argsort(prediction)
        found.add(_ranked(positive[order], prediction[order]))
        return found
    every = np.bincount(bucket)
    yes = np.bincount(bucket[np.flatnonzero(positive)], minlength=len(every))
    left = np.flatnonzero(((yes > 0) & (yes < every))[bucket])
    value, place = prediction[left], bucket[left]
    # A bucket of one value is one cell: whoever differs from the value that was written last tells that it is not.
    last = np.empty(len(every))
    last[place] = value
    uneven = np.zeros(len(every), bool)
    uneven[place[last[place] != value]] = True
    unlike = np.flatnonzero(uneven[place])
    order = unlike[_ascending(value[unlike])]
    sorts = _Sorted(place[order], value[order], positive[left[order]])
    for cells in _chunks(yes, every, uneven, sorts):
        found.add(cells)
    return found


class _Sorted(NamedTuple):
    """Cases in ascending order that are told apart by their values: buckets, values, whether positive."""

    place: np.ndarray
    value: np.ndarray
    positive: np.ndarray


def _buckets(values: np.ndarray) -> np.ndarray | None:
    """A whole number each, about twice as many as there are values; None for values that a sort places sooner."""
    return _scaled(values, (1 << len(values).bit_length() + 1) - 1, np.int64)


def _scaled(values: np.ndarray, most: int, whole: type[np.integer]) -> np.ndarray | None:
    """Whole numbers from 0 to `most`, never falling where the values rise: equal steps from the smallest to the largest.

    None for few values and for those whose range is nothing or too large to divide.
    """
    if len(values) < MANY:
        return None
    low, high = float(values.min()), float(values.max())
    span = high - low
    if not 0 < span < np.inf:
        return None
    scaled = values - low
    # Divided first: one over a tiny range would overflow.
    scaled /= span
    scaled *= most
    return scaled.astype(whole)


def _ascending(values: np.ndarray) -> np.ndarray:
    """Indices that sort the values; of many, two stable sorts by 16 bits, which are radix sorts, leave little to do."""
    place = _scaled(values, 2**32 - 1, np.uint32)
    if place is None:
        return np.argsort(values)
    order = np.argsort(place.astype(np.uint16), kind="stable")
    order = order[np.argsort((place >> 16).astype(np.uint16)[order], kind="stable")]
    return order[np.argsort(values[order], kind="stable")]


def _ranked(positive: np.ndarray, ranked: np.ndarray) -> Cells:
    """A cell for each distinct value of cases in ascending order."""
    first = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
    every = np.diff(np.append(first, len(ranked)))
    yes_up_to = np.cumsum(positive)[first + every - 1]
    yes = np.diff(yes_up_to, prepend=0)
    yes_below = yes_up_to - yes
    return Cells(yes, every - yes, yes_below, first - yes_below)


def _chunks(yes: np.ndarray, every: np.ndarray, uneven: np.ndarray, sorts: _Sorted) -> Iterator[Cells]:
    """Cells of the buckets, some thousand at a time, and of the sorted cases of the uneven ones."""
    starts = range(0, len(every), CHUNK)
    cuts = np.searchsorted(sorts.place, [*starts, len(every)])
    before = yes_before = 0
    for number, start in enumerate(starts):
        part = slice(start, start + CHUNK)
        up_to, yes_up_to = before + np.cumsum(every[part]), yes_before + np.cumsum(yes[part])
        below, yes_below = up_to - every[part], yes_up_to - yes[part]
        before, yes_before = int(up_to[-1]), int(yes_up_to[-1])
        even = np.flatnonzero((every[part] > 0) & ~uneven[part])
        here, under = yes[part][even], yes_below[even]
        yield Cells(here, every[part][even] - here, under, below[even] - under)
        if cuts[number] < cuts[number + 1]:
            place, value, positive = (column[cuts[number] : cuts[number + 1]] for column in sorts)
            yield _within(_ranked(positive, value), place - start, yes_below, below)


def _within(cells: Cells, place: np.ndarray, yes_below: np.ndarray, below: np.ndarray) -> Cells:
    """Cells of whole buckets' cases alone, counted above everything below their buckets; place: sorted, one a case."""
    first = cells.positive_below + cells.negative_below
    own = place[first]
    opens = np.flatnonzero(np.concatenate([[True], own[1:] != own[:-1]]))
    times = np.diff(np.append(opens, len(own)))
    apart = np.repeat(yes_below[own[opens]] - cells.positive_below[opens], times)
    all_apart = np.repeat(below[own[opens]] - first[opens], times)
    return cells._replace(
        positive_below=cells.positive_below + apart, negative_below=cells.negative_below + all_apart - apart
    )
