"""The names a question file may use, found by looking in the folders: kinds, metrics and inclusion criteria."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import metrics
from anonymization import criteria
from challenges.spec import Known
from scoring import kinds


def known_names() -> Known:
    """Everything that exists, with the parameters each name takes and a check of their values."""
    return Known(
        kinds={name: kinds.find(name).NEEDS for name in kinds.names()},
        metrics={name: [one.name for one in metrics.find(name).parameters] for name in metrics.names()},
        criteria={
            name: {parameter: about["refers_to"] for parameter, about in parameters.items()}
            for name, parameters in criteria.declared().items()
        },
        metric_faults=_metric_faults,
        criterion_faults=_criterion_faults,
    )


def _metric_faults(name: str, params: Mapping[str, Any]) -> Iterable[str]:
    try:
        metrics.find(name).settle(params)
    except metrics.MetricParameterError as error:
        yield str(error)


def _criterion_faults(name: str, params: Mapping[str, Any]) -> Iterable[str]:
    for _, words in criteria.inclusion_faults({name: params}):
        yield words
