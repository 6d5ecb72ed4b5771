"""How much the public scores can tell of the labels behind them: an upper bound, and the caps that keep it below them.

Every shown score takes one of finitely many rounded values, so an answer tells at most log2 of their number. Unknown to a team
are which cases are public and their labels. While all answers of a phase together tell less than that, no strategy can be sure
to recover the labels; above it, the cap protects against clumsy strategies only (Blum and Hardt 2015, the Ladder).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from concours import metrics
from concours.questions.schema import QuestionSpec
from concours.questions.schema.rules import EXTERNAL

UNBOUNDED_SPAN = 1000.0  # a score without a greatest value (mm, ml) hardly ever leaves this range
LEAST_DIGITS = 2


@dataclass(frozen=True, slots=True)
class ProbingBound:
    """`told_bits`: of all answers of one team in one phase; `unknown_bits`: of `public` labels among `cases`."""

    cases: int
    public: int
    answers: int
    digits: int
    told_bits: float
    unknown_bits: float
    safe_answers: int  # the most answers that stay below, with `safe_digits`; 0: none
    safe_digits: int

    @property
    def holds(self) -> bool:
        return self.told_bits <= self.unknown_bits


def probing_bound(spec: QuestionSpec, cases: int | None = None) -> ProbingBound | None:
    """For the question's evaluation set of `cases`, by default as many as its file declares.

    None where nothing shows while a phase runs, where the number of cases is not known yet, or where a label is no choice
    among a few (a number, a mask): it is not recovered by counting.
    """
    share, answers = spec.leaderboard.public_share, spec.limits.per_phase
    total = planned_cases(spec) if cases is None else cases
    label = label_bits(spec)
    if share <= 0 or spec.kind == EXTERNAL or answers is None or not total or label is None:
        return None
    public = max(1, min(total, round(share * total)))
    unknown = _log2_choose(total, public) + public * label
    digits = spec.leaderboard.digits
    safe_digits = min(digits, LEAST_DIGITS)
    safe = 0
    while safe < answers and told_bits(spec, safe + 1, safe_digits) <= unknown:
        safe += 1
    return ProbingBound(total, public, answers, digits, told_bits(spec, answers, digits), unknown, safe, safe_digits)


def planned_cases(spec: QuestionSpec) -> int | None:
    """The size of the smallest evaluation set, as far as the file declares it."""
    sizes = [spec.split.sets[name] for name in spec.split.evaluation if name in spec.split.sets]
    if spec.target is not None:
        shares = [spec.split.shares[name] for name in spec.split.evaluation if name in spec.split.shares]
        sizes += [round(share * spec.target.exams) for share in shares]
    return min(sizes, default=None)


def least_cases(spec: QuestionSpec) -> int | None:
    """The smallest evaluation set for which the file's own caps hold; None where there is nothing to bound."""
    low, high = 1, 1_000_000
    if (bound := probing_bound(spec, high)) is None or not bound.holds:
        return None
    while low < high:
        middle = (low + high) // 2
        bound = probing_bound(spec, middle)
        low, high = (low, middle) if bound is not None and bound.holds else (middle + 1, high)
    return low


def label_bits(spec: QuestionSpec) -> float | None:
    """Of one case: every field that a score compares. None where one of them is not a choice among a few."""
    names = {name for metric in spec.metrics.values() if metric.over != "declared" for name in metric.fields}
    bits = 0.0
    for name in names:
        field = spec.data.fields[name]
        if field.type == "boolean":
            bits += 1
        elif field.type == "category" and field.allowed:
            bits += math.log2(len(field.allowed))
        else:
            return None
    return bits if names else None


def told_bits(spec: QuestionSpec, answers: int, digits: int) -> float:
    """At most so many bits are in the public scores of `answers` submissions."""
    values = {
        name: _values(metric.metric, digits)
        for name, metric in spec.metrics.items()
        if metric.over != "declared" and metric.metric in metrics.names()
    }
    if spec.leaderboard.step is None:
        return answers * sum(math.log2(count) for count in values.values())
    leading = spec.ranking.by[0]
    apart = max(1, round(spec.leaderboard.step * 10**digits))
    others = sum(math.log2(count) for name, count in values.items() if name != leading)
    terms = []
    for updates in range(
        answers + 1
    ):  # when it improved, to which values at least a step apart, and the other scores then
        room = values[leading] - max(0, updates - 1) * (apart - 1)
        if room >= updates:
            terms.append(_log2_choose(answers, updates) + _log2_choose(room, updates) + updates * others)
    most = max(terms)
    return most + math.log2(sum(2 ** (term - most) for term in terms))


def _values(metric: str, digits: int) -> int:
    """How many different values a board can show."""
    low, high = metrics.find(metric).range
    span: float = high - low if math.isfinite(high - low) else UNBOUNDED_SPAN
    steps: int = round(span * 10**digits)
    return max(2, steps + 2)  # every rounded value, and "no value"


def _log2_choose(total: int, chosen: int) -> float:
    return (math.lgamma(total + 1) - math.lgamma(chosen + 1) - math.lgamma(total - chosen + 1)) / math.log(2)
