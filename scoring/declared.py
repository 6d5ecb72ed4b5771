"""What a team declares about its method (network size, seconds a case), and what an organiser measures instead."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_noop

from concours import metrics
from concours.formats.fault import Fault
from concours.formats.json import Json
from concours.formats.values import parse_number
from concours.metrics import MetricParameterError, MetricValue, Resource
from concours.questions.schema import QuestionSpec
from core.errors import InvalidInputError

FIELD = "declared_"  # before the name of a figure, in the metadata of an upload


def resources_of(spec: QuestionSpec) -> list[Resource]:
    """The figures that the question's scores are made of, each once."""
    metric_names = [
        declared.metric
        for declared in spec.metrics.values()
        if declared.over == "declared" and declared.metric in metrics.names()
    ]
    return list({resource.name: resource for name in metric_names for resource in metrics.find(name).declares}.values())


def read_figures(declared_figures: Mapping[str, Json]) -> dict[str, float]:
    """Numbers from 0 by name; an empty text is no figure. Raises InvalidInputError with every fault."""
    names = {resource.name for name in metrics.names() for resource in metrics.find(name).declares}
    figures: dict[str, float] = {}
    faults: list[Fault] = []
    for name, value in declared_figures.items():
        number = parse_number(value) if isinstance(value, str) else value
        if name not in names:
            template = gettext_noop("'%(name)s' is not a figure that can be declared; these are: %(known)s.")
            faults.append(Fault("extra_id", name, template, {"name": name, "known": ", ".join(sorted(names))}))
        elif isinstance(value, str) and not value.strip():
            continue
        elif isinstance(number, bool) or not isinstance(number, (int, float)) or not 0 <= number < float("inf"):
            faults.append(
                Fault("out_of_range", name, gettext_noop("'%(name)s' must be a number, 0 or more."), {"name": name})
            )
        else:
            figures[name] = float(number)
    if faults:
        raise InvalidInputError(
            gettext_noop("The declared figures cannot be used. Correct them and send them again."), faults
        )
    return figures


def declared_in(metadata: Mapping[str, Json]) -> dict[str, str]:
    """The figures that came with the bytes of an upload."""
    return {key.removeprefix(FIELD): str(value) for key, value in metadata.items() if key.startswith(FIELD)}


def declared_scores(
    spec: QuestionSpec, measured: Mapping[str, Json], declared: Mapping[str, Json]
) -> dict[str, MetricValue]:
    """Scores of the method itself: of what was measured, else of what was declared; undefined where neither is known."""
    scores = {}
    for name, metric in spec.metrics.items():
        if metric.over == "declared":
            try:
                scores[name] = metrics.find(metric.metric)(measured, declared, **metric.params)
            except (ValueError, TypeError, MetricParameterError):
                scores[name] = MetricValue.undefined("missing_value")
    return scores
