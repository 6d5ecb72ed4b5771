"""A ranking computed from one submission a team: its placings, their uncertainty and its document. Writes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from challenges.models import Phase, Team, TeamEntry
from concours.evaluation.evidence import sampled, testable
from concours.evaluation.parts import FINAL, deciding_part
from concours.evaluation.ranking import ComputedRanking, RankingEntry, arrival_order, rank_whole
from concours.evaluation.ranking_rule import RankingRule
from concours.evaluation.statistics.analysis import not_resampled, significance, uncertainty
from concours.evaluation.statistics.snapshot import canonical, snapshot
from concours.evaluation.versions import versions
from concours.questions.schema import QuestionSpec, RankingSpec
from leaderboard.columns import columns_of
from leaderboard.plot_data import Sides
from scoring.chosen import Chosen, chosen_submissions
from scoring.jury import jury_scores
from scoring.models import Score
from scoring.secret_seed import resampling_seed

REPLICATES = 1000
MOST_TESTED = 100  # teams: pairs grow with their square, and nobody reads a matrix of more


@dataclass(frozen=True)
class BoardLine:
    """A team of the question with what it is ranked by, if anything."""

    entry: TeamEntry
    chosen: Chosen | None

    @property
    def team(self) -> Team:
        return self.entry.team


@dataclass(frozen=True)
class Computed:
    """One part's ranking, ready to be written."""

    part: str
    scored: str  # the part whose cases it is made of: a final is of the deciding one's
    ranked: ComputedRanking
    lines: Mapping[str, BoardLine]
    entries: Sequence[RankingEntry]
    document: dict[str, Any]
    fingerprint: str
    statistics: dict[str, Any]


def lines_of(phase: Phase, among: frozenset[UUID] | None = None) -> list[BoardLine]:
    """Every team that entered the question and was let in, also when it has left since (then it is N.S.)."""
    chosen = chosen_submissions(phase, among)
    entries = TeamEntry.objects.filter(
        question=phase.question, team__state__in=[Team.State.APPROVED, Team.State.WITHDRAWN]
    ).select_related("team")
    return [
        BoardLine(entry, chosen.get(entry.team_id) if entry.team.state == Team.State.APPROVED else None)
        for entry in entries.order_by("team__name")
    ]


def finals_of(
    phase: Phase, spec: QuestionSpec, computed: Sequence[Computed], at: datetime, sides: Sides
) -> list[Computed]:
    """The second ranking, of the first few of the deciding part."""
    base = next((ranking for ranking in computed if ranking.part == deciding_part(spec)), None)
    if spec.final is None or base is None or not phase.decides:
        return []
    best = _finalists(spec, base)
    lines = [line for name, line in base.lines.items() if name in best]
    final = compute(phase, spec, lines, base.part, at, sides, ranking=spec.final.ranking) if lines else None
    return [] if final is None else [replace(final, part=FINAL)]


def _finalists(spec: QuestionSpec, base: Computed) -> set[str]:
    """The teams of the final: where one of them is excluded the next steps up, if the question says so (`steps_up`)."""
    assert spec.final is not None
    ranked = base.ranked
    if not spec.final.steps_up:
        ranked = rank_whole(ranked.rule, [replace(entry, status="entered") for entry in base.entries])
    first = {
        placing.team
        for placing in ranked.placings
        if placing.place is not None and placing.place <= spec.final.finalists
    }
    return {name for name in first if not base.lines[name].entry.excluded_reason}


def compute(
    phase: Phase,
    spec: QuestionSpec,
    lines: Sequence[BoardLine],
    part: str,
    at: datetime,
    sides: Sides,
    ranking: RankingSpec | None = None,
) -> Computed | None:
    """Placings and their uncertainty, from scores in full precision; None where nothing can be ranked by yet.

    `ranking` is another rule than the question's own, such as its final's.
    """
    rule, awaited = rule_of(spec, phase, ranking)
    if rule is None:
        return None
    table = _scores(lines, part)
    jury = jury_scores(phase.question) if spec.jury is not None and phase.decides else None
    for line in lines:
        if jury is not None and spec.jury is not None and line.chosen is not None:
            table[line.team.name][spec.jury.score] = jury.get(line.chosen.submission.pk)
    entries = [_entry(line, table[line.team.name]) for line in lines]
    ranked = rank_whole(rule, entries)
    by_name = {line.team.name: line for line in lines}
    statistics = _statistics(spec, ranked, by_name, table, part, sides)
    evaluations = {name: line.chosen.evaluation for name, line in by_name.items() if line.chosen is not None}
    done = snapshot(
        ranked,
        at=at,
        versions=versions(),
        seeds={"question": spec.seed, "bootstrap": resampling_seed(spec, "ranking")},
        hashes={
            "question": spec.sha256,
            **{f"submission of {name}": by_name[name].chosen.submission.sha256 for name in evaluations},  # type: ignore[union-attr]
            **{
                f"{kind} for {name}": evaluation.provenance["sha256"][kind]
                for name, evaluation in evaluations.items()
                for kind in ("truth", "scores")
                if kind in evaluation.provenance["sha256"]
            },
        },
        statistics=statistics,
    )
    document = json.loads(done.text)
    document["columns"] = columns_of(spec, rule)
    document["digits"] = spec.leaderboard.digits
    document["awaits_jury"] = awaited
    document["excluded"] = {line.team.name: line.entry.excluded_reason for line in lines if line.entry.excluded_reason}
    return Computed(part, part, ranked, by_name, entries, document, done.fingerprint, json.loads(canonical(statistics)))


def rule_of(spec: QuestionSpec, phase: Phase, ranking: RankingSpec | None = None) -> tuple[RankingRule | None, bool]:
    """The question's rule; while its jury has not finished, without what depends on the jury (True: provisional).

    None where nothing but the jury ranks.
    """
    rule = RankingRule.from_spec(spec, ranking)
    if spec.jury is None or (phase.decides and jury_scores(phase.question) is not None):
        return rule, False
    parts_by_score = {score.name: score.of for score in rule.derived}
    jury = spec.jury.score

    def depends(name: str) -> bool:
        return name == jury or any(depends(part) for part in parts_by_score.get(name, ()))

    by = tuple(name for name in rule.by if not depends(name))
    if by == rule.by:
        return rule, False
    if not by:
        return None, True
    weights = {name: weight for name, weight in rule.weights.items() if name in by}
    tie_break = tuple(name for name in rule.tie_break if not depends(name))
    derived = tuple(score for score in rule.derived if not depends(score.name))
    return replace(rule, by=by, weights=weights, tie_break=tie_break, derived=derived), True


def _scores(lines: Sequence[BoardLine], part: str) -> dict[str, dict[str, float | None]]:
    """By team: every score of the part, as it was computed."""
    by_team: dict[str, dict[str, float | None]] = {line.team.name: {} for line in lines}
    names = {line.chosen.evaluation.pk: line.team.name for line in lines if line.chosen is not None}
    for row in Score.objects.filter(evaluation_id__in=list(names), part=part).order_by("name"):
        by_team[names[row.evaluation_id]][row.name] = row.value
    return by_team


def _entry(line: BoardLine, scores: Mapping[str, float | None]) -> RankingEntry:
    return RankingEntry(
        team=line.team.name,
        scores=scores if line.chosen is not None else None,
        submitted_at=line.chosen.submission.received_at if line.chosen is not None else None,
        baseline=line.team.is_baseline,
        status="excluded" if line.entry.excluded_reason else "entered",
    )


def _statistics(
    spec: QuestionSpec,
    ranked: ComputedRanking,
    lines: Mapping[str, BoardLine],
    table: Mapping[str, Mapping[str, float | None]],
    part: str,
    sides: Sides,
) -> dict[str, Any]:
    """Bootstrap over cases by the board's own rule, and paired tests of the scores that are made of cases."""
    rule, teams = ranked.rule, list(ranked.ranked_set)
    if not teams:
        return {}
    chosen = [lines[name].chosen for name in teams]
    arrays = [sides(chosen_of_team.evaluation) if chosen_of_team is not None else {} for chosen_of_team in chosen]
    scores = {
        name: sampled(spec, name, arrays, [table[team].get(name) for team in teams], part) for name in rule.inputs
    }
    arrival = arrival_order(
        [chosen_of_team.submission.received_at if chosen_of_team is not None else None for chosen_of_team in chosen]
    )
    statistics: dict[str, Any] = {}
    seed = resampling_seed(spec, "ranking")
    if fixed := not_resampled(scores):
        statistics["not_resampled"] = fixed
    if len(fixed) < len(scores):
        resampled = uncertainty(rule, teams, scores, seed=seed, replicates=REPLICATES, arrival=arrival)
        statistics["bootstrap"] = resampled.as_dict()
    tests = {}
    for name in rule.inputs:
        if 1 < len(teams) <= MOST_TESTED and testable(scores[name]):
            tests[name] = significance(
                teams, name, scores[name], rule.direction(name), seed=seed, permutations=2000
            ).as_dict()
    if tests:
        statistics["significance"] = tests
    return statistics
