"""Stage 9, rank: all placings of a phase recomputed whole from one submission a team, and kept as a numbered snapshot."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from django.db.models import Max

import metrics
from challenges.frame import spec_of
from challenges.models import Phase, Team, TeamEntry
from challenges.spec import QuestionSpec, RankingSpec
from core.audit import record
from core.clock import database_now
from core.work import Claim
from leaderboard.models import Placing, Ranking
from leaderboard.parts import ALL, FINAL, PUBLIC, deciding_part, parts_of
from leaderboard.plot_data import Sides, case_arrays, plot_data
from leaderboard.rounding import rounded
from scoring.chosen import Chosen, chosen_submissions
from scoring.evidence import sampled, testable
from scoring.jury import jury_scores
from scoring.models import Score
from scoring.ranking import Entry, arrival_order, rank_whole
from scoring.ranking import Ranking as Ranked
from scoring.ranking_rule import SUBMITTED_AT, RankingRule
from scoring.statistics.analysis import significance, uncertainty
from scoring.statistics.snapshot import canonical, snapshot
from scoring.versions import versions

REPLICATES = 1000
MOST_TESTED = 100  # teams: pairs grow with their square, and nobody reads a matrix of more


@dataclass(frozen=True)
class Line:
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
    ranked: Ranked
    lines: Mapping[str, Line]
    document: dict[str, Any]
    fingerprint: str
    statistics: dict[str, Any]


def rank_phase(claim: Claim) -> None:
    """The stage's function; its subject is the phase. A result that is byte for byte the last one makes no new ranking."""
    phase = Phase.objects.select_related("question__challenge").get(pk=claim.subject_id)
    spec = spec_of(phase.question)
    at = database_now()
    lines = lines_of(phase)
    sides = cache(case_arrays)  # opened once for all parts
    found = [one for part in parts_of(spec) if (one := compute(phase, spec, lines, part, at, sides)) is not None]
    found += finals_of(phase, spec, found, at, sides)
    changed = [_with_plots(phase, spec, one, sides) for one in found if not _is_known(phase, one)]
    with claim.finish():
        for one in changed:
            _write(phase, spec, one, at)


def lines_of(phase: Phase) -> list[Line]:
    """Every team that entered the question and was let in, also when it has left since (then it is N.S.)."""
    chosen = chosen_submissions(phase)
    entries = TeamEntry.objects.filter(
        question=phase.question, team__state__in=[Team.State.APPROVED, Team.State.WITHDRAWN]
    ).select_related("team")
    return [
        Line(entry, chosen.get(entry.team_id) if entry.team.state == Team.State.APPROVED else None)
        for entry in entries.order_by("team__name")
    ]


def finals_of(
    phase: Phase, spec: QuestionSpec, found: Sequence[Computed], at: datetime, sides: Sides
) -> list[Computed]:
    """The second ranking, of the first few of the deciding part: where one of them is excluded, the next steps up."""
    base = next((one for one in found if one.part == deciding_part(spec)), None)
    if spec.final is None or base is None or not phase.decides:
        return []
    best = {one.team for one in base.ranked.placings if one.place is not None and one.place <= spec.final.finalists}
    lines = [line for name, line in base.lines.items() if name in best]
    final = compute(phase, spec, lines, base.part, at, sides, ranking=spec.final.ranking) if lines else None
    return [] if final is None else [replace(final, part=FINAL)]


def compute(
    phase: Phase,
    spec: QuestionSpec,
    lines: Sequence[Line],
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
        seeds={"question": spec.seed, "bootstrap": spec.seed},
        hashes={
            "question": spec.sha256,
            **{f"submission of {name}": by_name[name].chosen.submission.sha256 for name in evaluations},  # type: ignore[union-attr]
            **{f"truth for {name}": one.provenance["sha256"]["truth"] for name, one in evaluations.items()},
        },
        statistics=statistics,
    )
    document = json.loads(done.text)
    document["columns"] = columns_of(spec, rule)
    document["digits"] = spec.leaderboard.digits
    document["awaits_jury"] = awaited
    document["excluded"] = {line.team.name: line.entry.excluded_reason for line in lines if line.entry.excluded_reason}
    return Computed(part, part, ranked, by_name, document, done.fingerprint, json.loads(canonical(statistics)))


def rule_of(spec: QuestionSpec, phase: Phase, ranking: RankingSpec | None = None) -> tuple[RankingRule | None, bool]:
    """The question's rule; while its jury has not finished, without what depends on the jury (True: provisional).

    None where nothing but the jury ranks.
    """
    rule = RankingRule.from_spec(spec, ranking)
    if spec.jury is None or (phase.decides and jury_scores(phase.question) is not None):
        return rule, False
    made = {one.name: one.of for one in rule.derived}
    jury = spec.jury.score

    def depends(name: str) -> bool:
        return name == jury or any(depends(part) for part in made.get(name, ()))

    by = tuple(name for name in rule.by if not depends(name))
    if by == rule.by:
        return rule, False
    if not by:
        return None, True
    weights = {name: weight for name, weight in rule.weights.items() if name in by}
    tie_break = tuple(name for name in rule.tie_break if not depends(name))
    derived = tuple(one for one in rule.derived if not depends(one.name))
    return replace(rule, by=by, weights=weights, tie_break=tie_break, derived=derived), True


def _scores(lines: Sequence[Line], part: str) -> dict[str, dict[str, float | None]]:
    """By team: every score of the part, as it was computed."""
    found: dict[str, dict[str, float | None]] = {line.team.name: {} for line in lines}
    names = {line.chosen.evaluation.pk: line.team.name for line in lines if line.chosen is not None}
    for row in Score.objects.filter(evaluation_id__in=list(names), part=part).order_by("name"):
        found[names[row.evaluation_id]][row.name] = row.value
    return found


def _entry(line: Line, scores: Mapping[str, float | None]) -> Entry:
    return Entry(
        team=line.team.name,
        scores=scores if line.chosen is not None else None,
        submitted_at=line.chosen.submission.received_at if line.chosen is not None else None,
        baseline=line.team.is_baseline,
        status="excluded" if line.entry.excluded_reason else "entered",
    )


def _statistics(
    spec: QuestionSpec,
    ranked: Ranked,
    lines: Mapping[str, Line],
    table: Mapping[str, Mapping[str, float | None]],
    part: str,
    sides: Sides,
) -> dict[str, Any]:
    """Bootstrap over cases by the board's own rule, and paired tests of the scores that are made of cases."""
    rule, teams = ranked.rule, list(ranked.ranked_set)
    if not teams:
        return {}
    chosen = [lines[name].chosen for name in teams]
    arrays = [sides(one.evaluation) if one is not None else {} for one in chosen]
    scores = {
        name: sampled(spec, name, arrays, [table[team].get(name) for team in teams], part) for name in rule.inputs
    }
    arrival = arrival_order([one.submission.received_at if one is not None else None for one in chosen])
    found: dict[str, Any] = {}
    if any(one.how != "fixed" for one in scores.values()):
        known = uncertainty(rule, teams, scores, seed=spec.seed, replicates=REPLICATES, arrival=arrival)
        found["bootstrap"] = known.as_dict()
    tests = {}
    for name in rule.inputs:
        if 1 < len(teams) <= MOST_TESTED and testable(scores[name]):
            tests[name] = significance(
                teams, name, scores[name], rule.direction(name), seed=spec.seed, permutations=2000
            ).as_dict()
    if tests:
        found["significance"] = tests
    return found


def _is_known(phase: Phase, one: Computed) -> bool:
    newest = _newest(phase, one.part)
    return newest is not None and newest.sha256 == one.fingerprint


def _newest(phase: Phase, part: str) -> Ranking | None:
    return phase.rankings.filter(part=part).order_by("-number").first()


def _with_plots(phase: Phase, spec: QuestionSpec, one: Computed, sides: Sides) -> Computed:
    """Its statistics with what pictures of single cases are drawn from: the ranked teams', in the order of the board."""
    ranked = {
        placing.team: chosen
        for placing in one.ranked.placings
        if placing.place is not None and (chosen := one.lines[placing.team].chosen) is not None
    }
    newest = _newest(phase, one.part)
    known = newest.statistics.get("plots", {}) if newest is not None else {}
    names = [column["name"] for column in one.document["columns"]]
    plots = plot_data(phase.question, spec, ranked, names, one.scored, sides, known)
    return replace(one, statistics={**one.statistics, "plots": plots}) if plots else one


def _drop_plots(phase: Phase, part: str, number: int) -> None:
    """Of rankings that this one replaces: a running board has one for every submission, and nobody is shown those again."""
    replaced = phase.rankings.filter(part=part, number__lt=number, statistics__has_key="plots")
    if part != PUBLIC:
        replaced = replaced.filter(published_at=None)
    for ranking in replaced:
        ranking.statistics.pop("plots")
        ranking.save(update_fields=["statistics"])


def columns_of(spec: QuestionSpec, rule: RankingRule) -> list[dict[str, Any]]:
    """What a board shows of each score, in the order of the rule: derived scores after what they are made of."""
    made = {one.name: one.of for one in rule.derived}
    ordered: dict[str, None] = {}

    def visit(name: str) -> None:
        for one in made.get(name, ()):
            visit(one)
        if name != SUBMITTED_AT:
            ordered[name] = None

    for name in (*rule.by, *rule.tie_break):
        visit(name)
    return [_column(spec, rule, name) for name in ordered]


def _column(spec: QuestionSpec, rule: RankingRule, name: str) -> dict[str, Any]:
    one = spec.metrics.get(name)
    title: Any = name.replace("_", " ").capitalize()
    unit = ""
    if one is not None and one.metric in metrics.names():
        title = metrics.find(one.metric).title
        unit = metrics.find(one.metric).unit_with(one.params)
    made = one or spec.ranking.derived.get(name)
    if made is not None and made.title is not None:
        title = {"en": made.title.en, "fr": made.title.fr}
    return {
        "name": name,
        "title": title,
        "unit": unit,
        "direction": rule.direction(name),
        "derived": name in {d.name for d in rule.derived},
        "ranked_by": name in rule.by,
    }


def _write(phase: Phase, spec: QuestionSpec, one: Computed, at: datetime) -> None:
    number = (phase.rankings.filter(part=one.part).aggregate(n=Max("number"))["n"] or 0) + 1
    ranking = Ranking.objects.create(
        question=phase.question,
        phase=phase,
        part=one.part,
        number=number,
        snapshot=one.document,
        sha256=one.fingerprint,
        statistics=one.statistics,
        computed_at=at,
        published_at=_out_at(spec, one, at),
    )
    Placing.objects.bulk_create(
        Placing(
            ranking=ranking,
            team=line.team,
            evaluation=line.chosen.evaluation if line.chosen is not None else None,
            position=position,
            place=None if placing.place is None else int(placing.place),
            status=placing.status,
            total=None if placing.total is None else float(placing.total),
            scores={name: rounded(value, spec.leaderboard.digits) for name, value in placing.scores.items()},
            ranks=dict(placing.ranks),
            reason=line.entry.excluded_reason,
        )
        for position, placing in enumerate(one.ranked.placings)
        for line in [one.lines[placing.team]]
    )
    _drop_plots(phase, one.part, number)
    record(
        verb="ranking computed",
        subject=ranking,
        detail={"phase": phase.name, "part": one.part, "number": number, "sha256": one.fingerprint},
        challenge_id=phase.question.challenge_id,
    )


def _out_at(spec: QuestionSpec, one: Computed, at: datetime) -> datetime | None:
    """The public part shows at once; the deciding one when the question file says so, or an organiser publishes it."""
    if one.part == PUBLIC:
        return at
    revealed = spec.leaderboard.reveal_at
    if one.part == deciding_part(spec) and one.part != ALL and not one.document["awaits_jury"]:
        return revealed
    return None
