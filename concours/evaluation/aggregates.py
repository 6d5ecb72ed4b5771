"""How the scores of single cases become one: the aggregate, and the same over cases drawn again."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from concours.metrics.basis.resample import Estimator, Floats, order_statistic


@dataclass(frozen=True)
class Aggregate:
    """`of` values; `estimator` of values (n,) gives the function of counts, None for the mean, which is summed exactly."""

    of: Callable[[list[float]], Any]
    estimator: Callable[[Floats], Estimator] | None = None


def _sum(values: Floats) -> Estimator:
    values_or_zero = np.nan_to_num(values)  # a case without a score is of a part that is never drawn
    return lambda counts: counts @ values_or_zero


def _median(values: Floats) -> Estimator:
    return order_statistic(values, lambda sizes: [(sizes - 1) // 2, sizes // 2])


def _least(values: Floats) -> Estimator:
    return order_statistic(values, lambda sizes: [np.zeros_like(sizes)])


def _greatest(values: Floats) -> Estimator:
    return order_statistic(values, lambda sizes: [sizes - 1])


AGGREGATES: Mapping[str, Aggregate] = {
    "mean": Aggregate(np.mean),
    "sum": Aggregate(math.fsum, _sum),
    "median": Aggregate(np.median, _median),
    "min": Aggregate(min, _least),
    "max": Aggregate(max, _greatest),
}
