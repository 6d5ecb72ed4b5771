"""Frugality: size of the network and seconds a case, declared by the team and measured by the organiser."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from metrics.basis.contract import Metric, Parameter, Policy, Score, gettext_noop


def frugality(
    truth: Mapping[str, Any],
    prediction: Mapping[str, Any],
    *,
    size_weight: float,
    reference_parameters: float,
    reference_seconds: float,
    tolerance: float,
) -> Score:
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
    for name in ("parameters", "seconds"):
        known = [value for value in (measured[name], declared[name]) if value is not None]
        if not known:
            return Score.undefined("missing_value", **details)
        counted[name] = known[0]
        if len(known) == 2 and abs(known[1] - known[0]) > tolerance * known[0]:
            details["differs"].append(name)
    size, time = counted["parameters"] / reference_parameters, counted["seconds"] / reference_seconds
    return Score(size_weight * size + (1 - size_weight) * time, details=details)


def _read(side: Mapping[str, Any]) -> dict[str, float | None]:
    values: dict[str, float | None] = {}
    for name in ("parameters", "seconds"):
        given = side.get(name)
        value = None if given is None else float(np.mean(np.asarray(given, np.float64)))
        if value is not None and value < 0:
            raise ValueError(f"{name} is 0 or more, not {value}.")
        values[name] = value if value is not None and np.isfinite(value) else None
    return values


METRIC = Metric(
    name="frugality",
    title=gettext_noop("Frugality"),
    summary=gettext_noop("Number of weights and seconds a case, each over its reference, weighted."),
    direction="lower",
    unit="",
    range=(0.0, float("inf")),
    worst=None,
    shape="resources",
    over="set",
    function=frugality,
    policy=Policy(
        missing=gettext_noop(
            "What was not measured counts as declared; what is neither makes the score undefined (null)."
        )
    ),
    source="PSCC-IPPMed 2023, whose weight is not published",
    parameters=(
        Parameter("size_weight", 0.5, gettext_noop("Weight of the size; the time has the rest.")),
        Parameter("reference_parameters", 1e6, gettext_noop("Number of weights that counts as 1.")),
        Parameter("reference_seconds", 1.0, gettext_noop("Seconds a case that count as 1."), unit="s"),
        Parameter("tolerance", 0.1, gettext_noop("Share by which a declared value may differ from the measured one.")),
    ),
)
