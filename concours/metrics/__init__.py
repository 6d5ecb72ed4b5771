"""Metrics: plain functions of arrays, one file a metric, found by looking in this folder.

The contract. `find(name)` gives a `Metric`, a frozen record of all that a team is told about it (title, direction,
unit, range, the value of a missing prediction, the parameters with defaults, the policy on empty masks, one class and
missing values) and the function. Calling it, `metric(truth, prediction, **parameters)`, gives a `MetricValue`:

    MetricValue.value     a float, or None when the score is undefined: never 0 by accident, never nan
    MetricValue.reason    why it is None, a short code: "one_class", "missing_value", "empty_set", ...
    MetricValue.interval  95 % interval, or None when the metric has none
    MetricValue.details   what lies behind it: counts, the parameters that a run settled on

`metric.over` is "case" (one call a case, then `mean(scores)`) or "set" (one call with everybody's values in arrays).
What the two sides look like is `metric.shape`:

    mask            two masks of one grid: `Region(array, spacing)`, a plain array (spacing 1), or any object with
                    `shape`, `spacing` (mm), `order` and `bits` or `runs`. A truth is kept as
                    `Reference.of(mask).prepare()` under its `digest`, so that its surface, tree, box and counts are
                    computed once for all teams
    values          float (n,), both sides
    probabilities   truth 0/1 and probability of 1, (n,); (n, k) for k tasks
    grades, labels  (n,), any sortable values
    embeddings      real (n, d) and generated (m, d)
    instances       two label maps of one grid, 0 outside
    detections      mappings of arrays, see `froc`
    resources       declared and measured mappings, see `frugality`

A metric with `measure` measures one mask: `find("surface").measure(mask)` is its surface in mm2. `direction` is "none"
for these: nobody is ranked on a measurement. A new metric is one new file here that defines
`METRIC`, and one test file.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from concours.metrics.basis.contract import (
    Metric,
    MetricParameter,
    MetricParameterError,
    MetricValue,
    Policy,
    Resource,
    mean,
)
from concours.metrics.basis.region import Reference, Region

__all__ = [
    "Metric",
    "MetricParameter",
    "MetricParameterError",
    "MetricValue",
    "Policy",
    "Reference",
    "Region",
    "Resource",
    "UnknownMetricError",
    "find",
    "mean",
    "names",
]


class UnknownMetricError(LookupError):
    """No file in the folder defines a metric of that name."""


def names() -> list[str]:
    """Names of all metrics, sorted."""
    return sorted(_files())


def find(name: str) -> Metric:
    """The metric of that name, or of another name it is also called by. Raises UnknownMetricError, naming all."""
    if name in _files():
        return _load(name)
    for metric in map(_load, names()):
        if name in metric.also_called:
            return metric
    raise UnknownMetricError(f"There is no metric {name!r}. There are: {', '.join(names())}.")


@cache
def _files() -> frozenset[str]:
    return frozenset(module.name for module in pkgutil.iter_modules(__path__) if not module.ispkg)


@cache
def _load(file: str) -> Metric:
    """One file's metric: a question of one table does without the engines of masks and of generated images."""
    metric: Metric = importlib.import_module(f"{__name__}.{file}").METRIC
    if metric.name != file:
        raise ImportError(f"concours/metrics/{file}.py defines the metric {metric.name!r}: give both the same name.")
    return metric
