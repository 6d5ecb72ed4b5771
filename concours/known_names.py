"""The names a question file may use, found by looking in the folders: kinds, metrics and inclusion criteria."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from concours import inclusion, metrics
from concours.evaluation import kinds
from concours.questions.schema import FieldNeeds, KnownNames


@cache
def known_names() -> KnownNames:
    """Everything that exists, with the parameters each name takes and a check of their values."""
    return KnownNames(
        kinds={name: kinds.find(name).NEEDS for name in kinds.names()},
        metrics=_MetricParameters(),
        criteria={
            name: {parameter: about["refers_to"] for parameter, about in parameters.items()}
            for name, parameters in inclusion.declared().items()
        },
        fields_read={
            (name, parameter): FieldNeeds(about["holds"], about["together"])
            for name, parameters in inclusion.declared().items()
            for parameter, about in parameters.items()
            if about["holds"] or about["together"]
        },
        embedded=_EmbeddedMetrics(),
        metric_faults=_metric_faults,
        criterion_faults=_criterion_faults,
    )


class _MetricParameters(Mapping[str, list[str]]):
    """Each metric's parameters. Its file is imported when it is asked for: a question uses three of forty."""

    def __getitem__(self, name: str) -> list[str]:
        if name not in metrics.names():
            raise KeyError(name)
        return [parameter.name for parameter in metrics.find(name).parameters]

    def __iter__(self) -> Iterator[str]:
        return iter(metrics.names())

    def __len__(self) -> int:
        return len(metrics.names())


class _EmbeddedMetrics(Collection[str]):
    """The metrics that compare embeddings of generated cases."""

    def __contains__(self, name: object) -> bool:
        return name in metrics.names() and metrics.find(str(name)).shape == "embeddings"

    def __iter__(self) -> Iterator[str]:
        return (name for name in metrics.names() if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _metric_faults(name: str, params: Mapping[str, Any]) -> Iterable[str]:
    try:
        metrics.find(name).settle(params)
    except metrics.MetricParameterError as error:
        yield str(error)


def _criterion_faults(name: str, params: Mapping[str, Any]) -> Iterable[str]:
    for _, words in inclusion.inclusion_faults({name: params}):
        yield words
