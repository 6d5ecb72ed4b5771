"""The contract of a metric: what it takes, what it returns, and everything a team is told about it, declared once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from metrics.basis.inputs import Shape, adapt
from metrics.basis.region import Region

Direction = Literal["higher", "lower", "none"]
Over = Literal["case", "set"]


def gettext_noop(message: str) -> str:
    """Mark words for translation without translating them: this package knows no site."""
    return message


class MetricParameterError(ValueError):
    """A parameter that the metric does not know, or a value that it cannot take."""


@dataclass(frozen=True)
class Parameter:
    """One parameter: default, unit, the values it may take (empty: any), and what it does, in words for teams."""

    name: str
    default: Any
    description: str
    unit: str = ""
    choices: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Policy:
    """What happens where a score is not obvious, in words shown to teams; empty where the situation cannot arise."""

    both_empty: str = ""
    one_empty: str = ""
    one_class: str = ""
    missing: str = gettext_noop(
        "A missing or non-finite value makes the whole score undefined (null), with the reason."
    )
    undefined: str = ""


@dataclass(frozen=True)
class Score:
    """A value, or None with the reason why it is undefined; a 95 % interval where the metric has one; what lies behind.

    `reason` is a short code (`one_class`, `missing_value`, `empty_set`, `empty_truth`, `wrong_shape`, ...).
    """

    value: float | None
    reason: str = ""
    interval: tuple[float, float] | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def undefined(cls, reason: str, **details: Any) -> Score:
        """No value, for a reason that is named."""
        return cls(None, reason, None, details)


@dataclass(frozen=True)
class Metric:
    """One metric: everything that is shown to teams, and the function that computes it.

    `function(truth, prediction, **parameters) -> Score | float`; called through the metric itself, which checks the
    parameters and turns both sides into plain arrays (or `Region`s) first. `worst` is the value of a case or set whose
    prediction is missing: a number, `"diagonal"` (the diagonal of the truth's volume, mm) or None (undefined).
    `measure(region, **parameters) -> float | None` exists where the metric measures one mask (volume, surface, RECIST).
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
    function: Callable[..., Score | float]
    policy: Policy
    source: str = ""
    parameters: tuple[Parameter, ...] = ()
    also_called: tuple[str, ...] = ()
    measure: Callable[..., float | None] | None = None

    def __call__(self, truth: Any, prediction: Any, **parameters: Any) -> Score:
        """The score of one case (`over == "case"`) or of the whole set, never an exception about the values themselves.

        Raises MetricParameterError for an unknown parameter and ValueError when the two sides do not fit together.
        """
        chosen = self.settle(parameters)
        adapted = adapt(self.shape, truth, prediction)
        if adapted.reason:
            return Score.undefined(adapted.reason)
        outcome = self.function(adapted.truth, adapted.prediction, **chosen)
        score = outcome if isinstance(outcome, Score) else Score(float(outcome))
        if score.value is not None and math.isnan(score.value):
            return Score.undefined(score.reason or "undefined", **score.details)
        return score

    def settle(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters with their values: the given ones over the defaults. Raises MetricParameterError."""
        known = {parameter.name: parameter for parameter in self.parameters}
        for name, value in given.items():
            if name not in known:
                raise MetricParameterError(
                    f"The metric {self.name!r} has no parameter {name!r}; it has {', '.join(known) or 'none'}."
                )
            choices = known[name].choices
            if choices and value not in choices:
                raise MetricParameterError(f"{self.name}: {name} must be one of {choices}, not {value!r}.")
        return {name: given.get(name, parameter.default) for name, parameter in known.items()}

    def unit_with(self, given: Mapping[str, Any]) -> str:
        """The unit of the score with these parameters: a relative error has none."""
        return "" if self.settle(given).get("relative") else self.unit

    def range_with(self, given: Mapping[str, Any]) -> tuple[float, float]:
        """Least and largest value with these parameters: a cap is the largest."""
        cap = self.settle(given).get("cap")
        return self.range if cap is None else (self.range[0], min(self.range[1], float(cap)))

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


def mean(scores: Iterable[Score]) -> Score:
    """Mean over cases. Undefined as soon as one case is: nothing is dropped, and the details count the cases."""
    scores = list(scores)
    if not scores:
        return Score.undefined("empty_set")
    undefined = [score.reason for score in scores if score.value is None]
    if undefined:
        return Score.undefined(undefined[0], undefined_cases=len(undefined), cases=len(scores))
    return Score(float(np.mean([score.value for score in scores])), details={"cases": len(scores)})
