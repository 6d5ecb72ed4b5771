"""The rule by which a question ranks, as its file declares it, and what of it cannot be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from concours import metrics
from concours.questions.schema import DerivedSpec, QuestionSpec, RankingSpec
from concours.questions.schema.rules import HOWS, ONE_SCORE, RANK_RULES, RULES, SUBMITTED_AT, TIES, RuleName, Ties

Direction = Literal["higher", "lower"]


class RankingError(ValueError):
    """A ranking that cannot be computed."""


class RuleError(RankingError):
    """The rule contradicts itself or names a score of which nothing is known."""


@dataclass(frozen=True)
class RankingRule:
    """How scores become places.

    `best_score`: the one score of `by`. `rank_sum`, `rank_mean`: sum or mean of the ranks of each score of `by`, times
    `weights`; lowest wins. `weighted`: sum of weight x score. `mean_of`: mean of the scores of `by`. The last two need
    one common direction. `directions` says for every score that is used, derived ones aside, whether `higher` or
    `lower` is better. `tie_break` names scores (the better one wins) and `submitted_at` (the earlier one wins), asked
    in turn while totals are equal.
    """

    rule: RuleName
    by: tuple[str, ...]
    directions: Mapping[str, Direction]
    weights: Mapping[str, float] = field(default_factory=dict)
    ties: Ties = "min"
    tie_break: tuple[str, ...] = ()
    derived: tuple[DerivedSpec, ...] = ()

    def __post_init__(self) -> None:
        _check_rule(self)

    @classmethod
    def from_spec(cls, spec: QuestionSpec, ranking: RankingSpec | None = None) -> RankingRule:
        """The rule of a question file, or of another ranking of it such as `spec.final.ranking`.

        Directions are those that the metrics declare, the file's own for an external score, and higher for a jury's.
        Raises RuleError where the section contradicts itself.
        """
        chosen = ranking or spec.ranking
        return cls(
            rule=chosen.rule,
            by=tuple(chosen.by),
            directions=directions(spec),
            weights=dict(chosen.weights),
            ties=chosen.ties,
            tie_break=tuple(chosen.tie_break),
            derived=tuple(chosen.derived.values()),
        )

    def direction(self, name: str) -> Direction:
        """Whether higher or lower is better for a score, derived ones included; RuleError when that is unknown."""
        derived = next((score for score in self.derived if score.name == name), None)
        if derived is None:
            return self._declared(name)
        parts = {self.direction(part) for part in derived.of}
        if len(parts) != 1:
            raise RuleError(f"Score '{name}' mixes scores where higher is better with scores where lower is better.")
        only = parts.pop()
        if derived.how == "one_minus_over_worst" and only != "lower":
            raise RuleError(
                f"Score '{name}' divides by the worst value, so '{derived.of[0]}' must be an error (lower is better)."
            )
        return only if derived.how in ("divide", "mean") else _opposite(only)

    def _declared(self, name: str) -> Direction:
        try:
            return self.directions[name]
        except KeyError:
            raise RuleError(
                f"The rule uses score '{name}' but nothing says whether higher or lower is better."
            ) from None

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the scores the rule reads from entries, in order of first use."""
        parts_by_score = {derived.name: derived.of for derived in self.derived}
        names: dict[str, None] = {}

        def visit(name: str) -> None:
            for part in parts_by_score.get(name, ()):
                visit(part)
            if name not in parts_by_score and name != SUBMITTED_AT:
                names[name] = None

        for name in (*self.by, *self.tie_break):
            visit(name)
        return tuple(names)

    @property
    def lower_total_wins(self) -> bool:
        """Whether the smallest total wins."""
        return self.rule in RANK_RULES or self.direction(self.by[0]) == "lower"

    def as_dict(self) -> dict[str, Any]:
        """The rule as plain values, for a snapshot."""
        return {
            "rule": self.rule,
            "by": list(self.by),
            "directions": {name: self.directions[name] for name in self.inputs},
            "weights": {name: float(value) for name, value in self.weights.items()},
            "ties": self.ties,
            "tie_break": list(self.tie_break),
            "derived": [{"name": d.name, "how": d.how, "of": list(d.of), "by": float(d.by)} for d in self.derived],
        }


def directions(spec: QuestionSpec) -> dict[str, Direction]:
    """Whether higher or lower is better for each score of a question that can be ranked on (measurements cannot)."""
    by_score: dict[str, Direction] = {}
    for name, score in spec.metrics.items():
        declared = score.direction or metrics.find(score.metric).direction
        if declared in ("higher", "lower"):
            by_score[name] = cast(Direction, declared)
    if spec.jury is not None:
        by_score[spec.jury.score] = "higher"
    return by_score


def _check_rule(rule: RankingRule) -> None:
    if rule.rule not in RULES:
        raise RuleError(f"Unknown ranking rule '{rule.rule}'; known: {', '.join(RULES)}.")
    if rule.ties not in TIES:
        raise RuleError(f"Unknown treatment of ties '{rule.ties}'; known: {', '.join(TIES)}.")
    if not rule.by or len(set(rule.by)) != len(rule.by) or SUBMITTED_AT in rule.by:
        raise RuleError("The rule must name at least one score in 'by', each once.")
    if rule.rule == ONE_SCORE and len(rule.by) != 1:
        raise RuleError("Rule 'best_score' ranks by exactly one score; use 'tie_break' for the others.")
    if rule.rule == "weighted" and set(rule.weights) != set(rule.by):
        raise RuleError("Rule 'weighted' needs one weight for each score of 'by'.")
    if rule.rule not in (*RANK_RULES, "weighted") and rule.weights:
        raise RuleError(f"Rule '{rule.rule}' takes no weights.")
    weights = rule.weights.values()
    if set(rule.weights) - set(rule.by) or not all(0 <= weight < math.inf for weight in weights):
        raise RuleError("Weights are numbers from 0 for scores of 'by'.")
    if set(rule.weights) == set(rule.by) and not any(weights):
        raise RuleError("At least one weight must be more than 0.")
    _check_derived(rule)
    directions = {rule.direction(name) for name in (*rule.by, *rule.tie_break) if name != SUBMITTED_AT}
    if directions - {"higher", "lower"}:
        raise RuleError("A direction is 'higher' or 'lower'.")
    if rule.rule in ("weighted", "mean_of") and len({rule.direction(name) for name in rule.by}) != 1:
        raise RuleError(
            f"Rule '{rule.rule}' adds scores up, so all must have one direction; turn errors round with 'derived'."
        )


def _check_derived(rule: RankingRule) -> None:
    defined: set[str] = set()
    names = {derived.name for derived in rule.derived}
    if len(names) != len(rule.derived):
        raise RuleError("A derived score is defined twice.")
    for derived in rule.derived:
        if derived.how not in HOWS:
            raise RuleError(f"Derived score '{derived.name}': unknown operation '{derived.how}'.")
        if not derived.of or (derived.how != "mean" and len(derived.of) != 1):
            raise RuleError(
                f"Derived score '{derived.name}': '{derived.how}' takes {'scores' if derived.how == 'mean' else 'one score'}."
            )
        if derived.name in rule.directions or (names - defined) & set(derived.of):
            raise RuleError(
                f"Derived score '{derived.name}' must have a new name and be made of scores defined before it."
            )
        if not 0 < derived.by < math.inf:
            raise RuleError(f"Derived score '{derived.name}': the divisor must be a positive number.")
        defined.add(derived.name)


def _opposite(direction: Direction) -> Direction:
    return "lower" if direction == "higher" else "higher"
