"""The contract of a metric: what it takes, what it returns, and everything a team is told about it, declared once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from concours.metrics.basis.inputs import Shape, adapt
from concours.metrics.basis.region import Region
from concours.metrics.basis.resample import Resample

Direction = Literal["higher", "lower", "none"]
Over = Literal["case", "set"]
UnitRule = Literal["own", "field", "field squared"]
Plot = Literal["", "value", "absolute_error", "roc"]


def gettext_noop(message: str) -> str:
    """Mark words for translation without translating them: this package knows no site."""
    return message


class MetricParameterError(ValueError):
    """A parameter that the metric does not know, or a value that it cannot take."""


@dataclass(frozen=True)
class MetricParameter:
    """One parameter: default, unit, the values it may take (empty: any), and what it does, in words for teams."""

    name: str
    default: Any
    description: str
    unit: str = ""
    choices: tuple[Any, ...] = ()
    drops_unit: bool = False  # when set, the score is a share and has no unit
    caps_range: bool = False  # its value is the largest that a case can have


@dataclass(frozen=True)
class Resource:
    """What a team declares about its method, and an organiser measures: name, title, unit."""

    name: str
    title: str
    unit: str = ""


@dataclass(frozen=True)
class Policy:
    """What happens where a score is not obvious, in words shown to teams; empty where the situation cannot arise."""

    both_empty: str = ""
    one_empty: str = ""
    one_class: str = ""  # what a class that the truth lacks does to the score
    missing: str = gettext_noop(
        "A missing or non-finite value makes the whole score undefined (null), with the reason."
    )
    undefined: str = ""


@dataclass(frozen=True)
class MetricValue:
    """A value, or None with the reason why it is undefined; a 95 % interval where the metric has one; what lies behind.

    `reason` is a short code (`one_class`, `missing_value`, `empty_set`, `empty_truth`, `wrong_shape`, ...).
    """

    value: float | None
    reason: str = ""
    interval: tuple[float, float] | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def undefined(cls, reason: str, **details: Any) -> MetricValue:
        """No value, for a reason that is named."""
        return cls(None, reason, None, details)


@dataclass(frozen=True)
class Metric:
    """One metric: everything that is shown to teams, and the function that computes it.

    `function(truth, prediction, **parameters) -> Score | float`; called through the metric itself, which checks the
    parameters and turns both sides into plain arrays (or `Region`s) first. `worst` is the value of a case or set whose
    prediction is missing: a number, `"diagonal"` (the diagonal of the truth's volume, mm) or None (undefined).
    `measure(region, **parameters) -> float | None` exists where the metric measures one mask (volume, surface, RECIST).

    `truth_reason(truth, **parameters) -> str` is the reason why no prediction has a value on this truth, or empty: whether a
    score exists never depends on what a team predicts. With `truth_fault` such a truth is the organiser's fault and nothing is
    scored; without, the score is null for every team. A metric over the set says how it is resampled (`resample`), or why it
    is not (`not_resampled`, a sentence for boards); one of single cases is resampled as the mean of its cases. `unit_rule`
    says whose unit the score has: its own, that of the compared field, or the field's squared. `plot` is how the board draws
    single cases. `declares` lists what a team says about its method, for `resources`.
    """

    name: str
    title: str
    summary: str
    direction: Direction
    unit: str
    range: tuple[float, float]
    worst: float | Literal["diagonal"] | None
    shape: Shape
    over: Over
    function: Callable[..., MetricValue | float]
    policy: Policy
    source: str = ""
    parameters: tuple[MetricParameter, ...] = ()
    also_called: tuple[str, ...] = ()
    measure: Callable[..., float | None] | None = None
    truth_reason: Callable[..., str] | None = None
    truth_fault: bool = False
    resample: Resample | None = None
    not_resampled: str = ""
    unit_rule: UnitRule = "own"
    plot: Plot = ""
    declares: tuple[Resource, ...] = ()

    def __post_init__(self) -> None:
        if self.over == "set" and (self.resample is None) == (not self.not_resampled):
            raise ValueError(f"{self.name}: say how the score is resampled, or why it is not.")
        if self.unit_rule != "own" and self.unit:
            raise ValueError(f"{self.name}: a score has its own unit or its field's, not both.")

    def __call__(self, truth: Any, prediction: Any, **parameters: Any) -> MetricValue:
        """The score of one case (`over == "case"`) or of the whole set, never an exception about the values themselves.

        Raises MetricParameterError for an unknown parameter and ValueError when the two sides do not fit together.
        """
        chosen = self.settle(parameters)
        adapted = adapt(self.shape, truth, prediction)
        if adapted.reason:
            return MetricValue.undefined(adapted.reason)
        outcome = self.function(adapted.truth, adapted.prediction, **chosen)
        score = outcome if isinstance(outcome, MetricValue) else MetricValue(float(outcome))
        if score.value is not None and math.isnan(score.value):
            return MetricValue.undefined(score.reason or "undefined", **score.details)
        return score

    def against(self, truth: Any, prediction: Any, **parameters: Any) -> MetricValue:
        """The score of a team's prediction: as called, but null on a truth on which the score says nothing of any team.

        Between two readers kappa is 0 when one of them gave one grade to all and the other did not; against a truth of one
        grade it would be null for the perfect team and 0 for the others.
        """
        score = self(truth, prediction, **parameters)
        reason = self.reason_on(truth, parameters)
        return MetricValue.undefined(reason, **score.details) if reason else score

    def reason_on(self, truth: Any, parameters: Mapping[str, Any]) -> str:
        """Why no prediction at all has a score on this truth; empty where one can. Raises MetricParameterError."""
        if self.truth_reason is None:
            return ""
        adapted = adapt(self.shape, truth, truth)
        if adapted.reason:
            return ""  # a gap in the truth, or no case at all: not a matter of classes
        return self.truth_reason(adapted.truth, **self.settle(parameters))

    def settle(self, chosen: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters with their values: the given ones over the defaults. Raises MetricParameterError."""
        parameters = {parameter.name: parameter for parameter in self.parameters}
        for name, value in chosen.items():
            if name not in parameters:
                raise MetricParameterError(
                    f"The metric {self.name!r} has no parameter {name!r}; it has {', '.join(parameters) or 'none'}."
                )
            choices = parameters[name].choices
            if choices and value not in choices:
                raise MetricParameterError(f"{self.name}: {name} must be one of {choices}, not {value!r}.")
        return {name: chosen.get(name, parameter.default) for name, parameter in parameters.items()}

    def unit_with(self, parameters: Mapping[str, Any], field_unit: str = "") -> str:
        """The unit of the score with these parameters, of a field with this unit: `mm2`, `(mm2)2`, or empty for none."""
        chosen = self.settle(parameters)
        if any(chosen[parameter.name] for parameter in self.parameters if parameter.drops_unit):
            return ""
        if self.unit_rule == "own" or not field_unit:
            return self.unit
        if self.unit_rule == "field":
            return field_unit
        return f"{field_unit}2" if field_unit.isalpha() else f"({field_unit})2"

    def range_with(self, parameters: Mapping[str, Any]) -> tuple[float, float]:
        """Least and largest value with these parameters: a cap is the largest."""
        chosen = self.settle(parameters)
        caps = [
            float(chosen[parameter.name])
            for parameter in self.parameters
            if parameter.caps_range and chosen[parameter.name] is not None
        ]
        return self.range[0], min([self.range[1], *caps])

    def worst_for(self, truth: Any = None) -> float | None:
        """The value of a case whose prediction is missing; `truth` is needed where that is its diagonal."""
        if self.worst == "diagonal":
            return Region.of(truth).diagonal
        return self.worst

    @property
    def higher_is_better(self) -> bool:
        """True when more is better; a measurement (`direction == "none"`) cannot be ranked on."""
        if self.direction == "none":
            raise ValueError(f"{self.name} is a measurement: it has no better and no worse.")
        return self.direction == "higher"


def mean(scores: Iterable[MetricValue]) -> MetricValue:
    """Mean over cases. Undefined as soon as one case is: nothing is dropped, and the details count the cases."""
    scores = list(scores)
    if not scores:
        return MetricValue.undefined("empty_set")
    undefined = [score.reason for score in scores if score.value is None]
    if undefined:
        return MetricValue.undefined(undefined[0], undefined_cases=len(undefined), cases=len(scores))
    return MetricValue(float(np.mean([score.value for score in scores])), details={"cases": len(scores)})
