"""Places for teams by a question's published rule: a function of a table of scores, recomputed whole each time.

One vectorised core ranks one table or a thousand bootstrap replicates, so that the board and its uncertainty obey the
same rule.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from concours.evaluation.ranking_rule import Direction, RankingError, RankingRule
from concours.questions.schema.rules import ONE_SCORE, RANK_RULES, SUBMITTED_AT, Ties

Status = Literal["ranked", "N.S.", "baseline", "excluded"]
EntryStatus = Literal["entered", "superseded", "excluded"]
LISTED_AFTER: dict[Status, int] = {"ranked": 0, "N.S.": 1, "excluded": 2, "baseline": 3}
Number = int | float
Floats = NDArray[np.float64]


class DuplicateTeamError(RankingError):
    """A team stands twice in the set to rank: all but one of its submissions must be superseded."""


@dataclass(frozen=True)
class RankingEntry:
    """One submission offered to the ranking; `scores` None, or all of it missing or not finite, is N.S. (nothing
    submitted).

    A naive `submitted_at` is UTC; without one, a team counts as later than all others.
    """

    team: str
    scores: Mapping[str, float | None] | None = None
    submitted_at: datetime | None = None
    baseline: bool = False
    status: EntryStatus = "entered"


@dataclass(frozen=True)
class ComputedPlacing:
    """One line of a board. `place`, `total` are None and `ranks` is empty when the team is not ranked (None, never
    0).
    """

    place: Number | None
    team: str
    status: Status
    ranks: Mapping[str, Number]
    total: Number | None
    scores: Mapping[str, float | None]

    def as_dict(self) -> dict[str, Any]:
        """The placing as plain values."""
        return {
            "place": self.place,
            "team": self.team,
            "status": self.status,
            "ranks": dict(self.ranks),
            "total": self.total,
            "scores": dict(self.scores),
        }


@dataclass(frozen=True)
class ComputedRanking:
    """Placings with the set that was ranked: sums of ranks depend on who else takes part, so the set is published
    too.
    """

    rule: RankingRule
    placings: tuple[ComputedPlacing, ...]
    ranked_set: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Standings:
    """Ranks, totals and places of `t` teams in `r` tables; each array is (r, t), NaN where a total is missing."""

    scores: Mapping[str, Floats]
    ranks: Mapping[str, Floats]
    totals: Floats
    places: Floats


def rank(rule: RankingRule, entries: Iterable[RankingEntry]) -> list[ComputedPlacing]:
    """Placings of all entries but superseded ones, best first, then N.S., excluded and baselines, each by name.

    The order of `entries` changes nothing. Raises DuplicateTeamError when a team has two entries that are not
    superseded.
    """
    return list(rank_whole(rule, entries).placings)


def rank_whole(rule: RankingRule, entries: Iterable[RankingEntry]) -> ComputedRanking:
    """The whole ranking: placings, the ranked set, and who was left out of it and why."""
    by_name = sorted(entries, key=lambda entry: entry.team)
    current = [entry for entry in by_name if entry.status != "superseded"]
    _refuse_duplicates(current)
    contestants = [entry for entry in current if _status(entry) == "ranked"]
    placings = _ranked_placings(rule, contestants) + [
        ComputedPlacing(None, entry.team, _status(entry), {}, None, _shown(rule, entry))
        for entry in current
        if _status(entry) != "ranked"
    ]
    placings.sort(key=lambda placing: (LISTED_AFTER[placing.status], placing.place or 0, placing.team))
    left_out = [(entry.team, _why_left_out(entry)) for entry in by_name if _why_left_out(entry) != "ranked"]
    return ComputedRanking(rule, tuple(placings), tuple(entry.team for entry in contestants), tuple(left_out))


def stand(rule: RankingRule, scores: Mapping[str, Floats], arrival: NDArray[np.int64] | None = None) -> Standings:
    """Apply the rule to `r` tables of `t` teams at once.

    scores: each input of the rule as (r, t), NaN or infinite = missing. arrival: (t,) order of submission, 0 the
    earliest, equal numbers for equal times (default: all equal). A missing score takes the worst rank, shared by all
    that miss it; a missing total the worst place, shared, with no tie-break.
    """
    table = _with_derived(rule, {name: _finite(scores[name]) for name in rule.inputs})
    ranks = {name: rank_rows(_key(table[name], rule.direction(name)), rule.ties) for name in rule.by}
    totals = _totals(rule, table, ranks)
    total_key = _key(totals, "lower" if rule.lower_total_wins else "higher")
    code = rank_rows(total_key, "dense")
    teams = totals.shape[-1]
    for name in rule.tie_break:
        if name == SUBMITTED_AT:
            key = np.zeros(teams) if arrival is None else np.asarray(arrival, dtype=np.float64)
            key = np.broadcast_to(key, totals.shape)
        else:
            key = _key(table[name], rule.direction(name))
        key = np.where(np.isinf(total_key), 0.0, rank_rows(key, "dense"))
        code = rank_rows(code * (teams + 1) + key, "dense")
    return Standings(table, ranks, totals, rank_rows(code, rule.ties))


def rank_rows(keys: Floats, ties: Ties = "min") -> Floats:
    """Ranks along the last axis, 1 for the smallest key; ties are exact equality. Keys hold no NaN (infinity is
    allowed).
    """
    keys = np.asarray(keys, dtype=np.float64)
    if keys.shape[-1] == 0:
        return keys.copy()
    order = np.argsort(keys, axis=-1, kind="stable")
    ordered = np.take_along_axis(keys, order, axis=-1)
    first = np.ones(keys.shape, dtype=bool)
    first[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    position = np.arange(1, keys.shape[-1] + 1, dtype=np.float64)
    if ties == "dense":
        ranks = np.cumsum(first, axis=-1).astype(np.float64)
    else:
        lowest = np.maximum.accumulate(np.where(first, position, 0.0), axis=-1)
        last = np.ones(keys.shape, dtype=bool)
        last[..., :-1] = first[..., 1:]
        highest = np.minimum.accumulate(np.where(last, position, np.inf)[..., ::-1], axis=-1)[..., ::-1]
        ranks = {"min": lowest, "max": highest, "average": (lowest + highest) / 2}[ties]
    result = np.empty_like(ranks)
    np.put_along_axis(result, order, ranks, axis=-1)
    return result


def arrival_order(times: Sequence[datetime | None]) -> NDArray[np.int64]:
    """Dense order of submission times, 0 the earliest; no time is later than any."""
    stamps = [None if time is None else _aware(time) for time in times]
    distinct = sorted({stamp for stamp in stamps if stamp is not None})
    place = {stamp: index for index, stamp in enumerate(distinct)}
    return np.array([len(distinct) if stamp is None else place[stamp] for stamp in stamps], dtype=np.int64)


def _aware(time: datetime) -> datetime:
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)


def _refuse_duplicates(entries: Sequence[RankingEntry]) -> None:
    counts = Counter((entry.team, entry.baseline) for entry in entries)
    twice = next((team for (team, _), count in counts.items() if count > 1), None)
    if twice is not None:
        raise DuplicateTeamError(f"Team '{twice}' stands twice; mark all but one of its submissions as superseded.")


def _status(entry: RankingEntry) -> Status:
    if entry.baseline:
        return "baseline"
    if entry.status == "excluded":
        return "excluded"
    values = (entry.scores or {}).values()
    return "ranked" if any(value is not None and math.isfinite(value) for value in values) else "N.S."


def _why_left_out(entry: RankingEntry) -> str:
    return "superseded" if entry.status == "superseded" else _status(entry)


def _shown(rule: RankingRule, entry: RankingEntry) -> dict[str, float | None]:
    scores = entry.scores or {}
    return {name: _value(scores.get(name)) for name in {**dict.fromkeys(rule.inputs), **dict.fromkeys(sorted(scores))}}


def _value(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _ranked_placings(rule: RankingRule, contestants: Sequence[RankingEntry]) -> list[ComputedPlacing]:
    if not contestants:
        return []
    scores = {
        name: np.array([[_as_float((entry.scores or {}).get(name)) for entry in contestants]]) for name in rule.inputs
    }
    standings = stand(rule, scores, arrival_order([entry.submitted_at for entry in contestants]))
    return [
        ComputedPlacing(
            place=_number(standings.places[0, index]),
            team=entry.team,
            status="ranked",
            ranks={name: _number(ranks[0, index]) for name, ranks in standings.ranks.items()},
            total=_total(rule, standings.totals[0, index]),
            scores={
                **_shown(rule, entry),
                **{derived.name: _value(float(standings.scores[derived.name][0, index])) for derived in rule.derived},
            },
        )
        for index, entry in enumerate(contestants)
    ]


def _as_float(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _number(value: float) -> Number:
    """A rank as it is written: 3, or 3.5 where ties are averaged."""
    return int(value) if float(value).is_integer() else float(value)


def _total(rule: RankingRule, value: float) -> Number | None:
    if math.isnan(value):
        return None
    return _number(value) if rule.rule in RANK_RULES else float(value)


def _finite(values: Floats) -> Floats:
    values = np.asarray(values, dtype=np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def _key(values: Floats, direction: Direction) -> Floats:
    """Smaller is better, missing is infinite: the worst of all, equal among themselves."""
    return np.where(np.isnan(values), np.inf, values if direction == "lower" else -values)


def _with_derived(rule: RankingRule, table: dict[str, Floats]) -> dict[str, Floats]:
    for derived in rule.derived:
        if any(part not in table for part in derived.of):
            continue  # nothing that is ranked asks for it
        parts = [table[part] for part in derived.of]
        if derived.how == "one_minus_over_worst":
            table[derived.name] = _one_minus_over_worst(parts[0])
        elif derived.how == "one_minus":
            table[derived.name] = 1.0 - parts[0]
        elif derived.how == "divide":
            table[derived.name] = parts[0] / derived.by
        else:
            table[derived.name] = _sum(parts) / len(parts)
    return table


def _one_minus_over_worst(errors: Floats) -> Floats:
    worst = np.max(np.where(np.isnan(errors), -np.inf, errors), axis=-1, keepdims=True)
    divisor = np.where(worst > 0, worst, 1.0)
    return 1.0 - errors / divisor


def _sum(terms: Sequence[Floats]) -> Floats:
    """Sum in order of size, so that the same terms give the same bits whichever score they belong to."""
    ordered = np.sort(np.stack(terms), axis=0)
    total: Floats = np.zeros_like(ordered[0])
    for term in ordered:
        total = total + term
    return total


def _totals(rule: RankingRule, table: Mapping[str, Floats], ranks: Mapping[str, Floats]) -> Floats:
    if rule.rule == ONE_SCORE:
        return table[rule.by[0]]
    if rule.rule == "mean_of":
        return _sum([table[name] for name in rule.by]) / len(rule.by)
    if rule.rule == "weighted":
        return _sum([table[name] * rule.weights[name] for name in rule.by])
    whole, scale = _whole_weights(rule)
    total = _sum([ranks[name] * whole[name] for name in rule.by])
    # The sum is of whole numbers and halves, hence exact: 0.7 x 1 + 1.4 x 2 ties with 0.7 x 3 + 1.4 x 1, as on paper.
    divisor = scale if rule.rule == "rank_sum" else sum(whole.values())
    return total / divisor


def _whole_weights(rule: RankingRule) -> tuple[dict[str, int], int]:
    exact = {name: Fraction(str(rule.weights.get(name, 1))) for name in rule.by}
    scale = math.lcm(*(weight.denominator for weight in exact.values()))
    return {name: int(weight * scale) for name, weight in exact.items()}, scale
