"""Frugality: size of the network and seconds a case, declared by the team and measured by the organiser."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from concours.metrics.basis.contract import Metric, MetricParameter, MetricValue, Policy, Resource, gettext_noop

DECLARES = (
    Resource("parameters", gettext_noop("Number of weights of the network")),
    Resource("seconds", gettext_noop("Seconds a case"), unit="s"),
)


def frugality(
    truth: Mapping[str, Any],
    prediction: Mapping[str, Any],
    *,
    size_weight: float,
    reference_parameters: float,
    reference_seconds: float,
    tolerance: float,
) -> MetricValue:
    """`w p/p₀ + (1-w) s/s₀`, 0 or more; measured values count, declared ones where nothing was measured.

    truth: what was measured, prediction: what the team declared; each a mapping with `parameters` (number of weights) and
    `seconds` (one a case, or their mean), either absent where unknown. The details hold both sides and
    `differs`: the names whose declared value is off by more than `tolerance` of the measured one. Undefined
    (`missing_value`) when neither side knows one of the two.
    """
    if not 0 <= size_weight <= 1 or reference_parameters <= 0 or reference_seconds <= 0:
        raise ValueError("The weight is 0 to 1 and the references are positive.")
    measured, declared = _read(truth), _read(prediction)
    details: dict[str, Any] = {"measured": measured, "declared": declared, "differs": []}
    counted: dict[str, float] = {}
    for name in (resource.name for resource in DECLARES):
        figures = [value for value in (measured[name], declared[name]) if value is not None]
        if not figures:
            return MetricValue.undefined("missing_value", **details)
        counted[name] = figures[0]
        if len(figures) == 2 and abs(figures[1] - figures[0]) > tolerance * figures[0]:
            details["differs"].append(name)
    size, time = counted["parameters"] / reference_parameters, counted["seconds"] / reference_seconds
    return MetricValue(size_weight * size + (1 - size_weight) * time, details=details)


def _read(side: Mapping[str, Any]) -> dict[str, float | None]:
    values: dict[str, float | None] = {}
    for name in (resource.name for resource in DECLARES):
        column = side.get(name)
        value = None if column is None else float(np.mean(np.asarray(column, np.float64)))
        if value is not None and value < 0:
            raise ValueError(f"{name} is 0 or more, not {value}.")
        values[name] = value if value is not None and np.isfinite(value) else None
    return values


METRIC = Metric(
    name="frugality",
    title=gettext_noop("Frugality"),
    summary=gettext_noop("Number of weights and seconds per case, each divided by its reference, weighted."),
    direction="lower",
    unit="",
    range=(0.0, float("inf")),
    worst=None,
    shape="resources",
    over="set",
    function=frugality,
    declares=DECLARES,
    not_resampled=gettext_noop("It is measured on the method, not on the cases."),
    policy=Policy(
        missing=gettext_noop(
            "The declared value is used until one is measured; without either the score is undefined (null)."
        )
    ),
    source="PSCC-IPPMed 2023, whose weight is not published",
    parameters=(
        MetricParameter("size_weight", 0.5, gettext_noop("Weight of the size; the time has the remainder.")),
        MetricParameter("reference_parameters", 1e6, gettext_noop("Number of weights that counts as 1.")),
        MetricParameter("reference_seconds", 1.0, gettext_noop("Seconds per case that count as 1."), unit="s"),
        MetricParameter(
            "tolerance", 0.1, gettext_noop("Share by which a declared value may differ from the measured one.")
        ),
    ),
)
