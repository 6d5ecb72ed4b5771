"""Stage 9, rank: all placings of a phase recomputed whole from one submission a team, and kept as a numbered snapshot."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import cache

from challenges.frame import spec_of
from challenges.models import Phase
from concours.evaluation.parts import ALL, PUBLIC, deciding_part, parts_of
from concours.questions.schema import QuestionSpec
from core.audit import record
from core.claims import Claim
from core.clock import database_now
from core.locks import next_number
from leaderboard.compute import Computed, compute, finals_of, lines_of
from leaderboard.models import Placing, Ranking
from leaderboard.plot_data import Sides, case_arrays, plot_data
from leaderboard.rounding import rounded
from scoring.ladder import shown_in_public
from scoring.models import Rescore
from scoring.rescore import is_being_rescored


def rank_phase(claim: Claim) -> None:
    """The stage's function; its subject is the phase. A result that is byte for byte the last one makes no new ranking."""
    phase = Phase.objects.select_related("question__challenge").get(pk=claim.subject_id)
    spec = spec_of(phase.question)
    at = database_now()
    lines = lines_of(phase)
    sides = cache(case_arrays)  # opened once for all parts
    shown = shown_in_public(phase)
    public = lines if shown is None else lines_of(phase, shown)
    lines_by_part = [(part, public if part == PUBLIC else lines) for part in parts_of(spec)]
    computed = [
        ranking for part, rows in lines_by_part if (ranking := compute(phase, spec, rows, part, at, sides)) is not None
    ]
    computed += finals_of(phase, spec, computed, at, sides)
    changed = [_with_plots(phase, spec, ranking, sides) for ranking in computed if not _is_known(phase, ranking)]
    # While submissions are scored once more a ranking mixes two truths: it is kept for organisers and not shown.
    settled = not is_being_rescored(phase)
    with claim.finish():
        for ranking in changed:
            _write(phase, spec, ranking, at, settled=settled)
        if settled:
            _show_public(phase, at)


def _is_known(phase: Phase, ranking: Computed) -> bool:
    newest = _newest(phase, ranking.part)
    return newest is not None and newest.sha256 == ranking.fingerprint


def _newest(phase: Phase, part: str) -> Ranking | None:
    return phase.rankings.filter(part=part).order_by("-number").first()


def _with_plots(phase: Phase, spec: QuestionSpec, ranking: Computed, sides: Sides) -> Computed:
    """Its statistics with what pictures of single cases are drawn from: the ranked teams', in the order of the board."""
    ranked = {
        placing.team: chosen
        for placing in ranking.ranked.placings
        if placing.place is not None and (chosen := ranking.lines[placing.team].chosen) is not None
    }
    newest = _newest(phase, ranking.part)
    earlier = newest.statistics.get("plots", {}) if newest is not None else {}
    names = [column["name"] for column in ranking.document["columns"]]
    plots = plot_data(phase.question, spec, ranked, names, ranking.scored, sides, earlier)
    return replace(ranking, statistics={**ranking.statistics, "plots": plots}) if plots else ranking


def _drop_plots(phase: Phase, part: str, number: int, *, withdrawn: bool) -> None:
    """Of rankings that this one replaces: a running board has one for every submission, and nobody is shown those again.

    Where cases were withdrawn also of published ones: what is drawn from single cases shows them.
    """
    replaced = phase.rankings.filter(part=part, number__lt=number, statistics__has_key="plots")
    if part != PUBLIC and not withdrawn:
        replaced = replaced.filter(published_at=None)
    for ranking in replaced:
        ranking.statistics.pop("plots")
        ranking.save(update_fields=["statistics"])


def _show_public(phase: Phase, at: datetime) -> None:
    """The newest ranking of the public part, where it was computed while submissions were scored once more."""
    newest = _newest(phase, PUBLIC)
    if newest is not None and newest.published_at is None:
        Ranking.objects.filter(pk=newest.pk).update(published_at=at)


def _order_behind(phase: Phase, part: str) -> Rescore | None:
    """The order of scoring once more that this ranking follows, if the last one that people saw was computed before it."""
    order = phase.rescores.order_by("-ordered_at", "-pk").first()
    rows = phase.rankings.filter(part=part).order_by("-number")
    seen = rows.exclude(published_at=None).first() or rows.first()
    return order if order is not None and seen is not None and order.ordered_at > seen.computed_at else None


def _write(phase: Phase, spec: QuestionSpec, ranking_computed: Computed, at: datetime, *, settled: bool) -> None:
    order = _order_behind(phase, ranking_computed.part)
    number = next_number(phase.rankings.filter(part=ranking_computed.part), parent=phase)
    ranking = Ranking.objects.create(
        question=phase.question,
        phase=phase,
        part=ranking_computed.part,
        number=number,
        snapshot=ranking_computed.document,
        sha256=ranking_computed.fingerprint,
        statistics=ranking_computed.statistics,
        computed_at=at,
        published_at=_out_at(spec, ranking_computed, at) if settled else None,
        cause=order.cause if order is not None else "",
        reason=order.reason if order is not None else "",
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
        for position, placing in enumerate(ranking_computed.ranked.placings)
        for line in [ranking_computed.lines[placing.team]]
    )
    _drop_plots(
        phase, ranking_computed.part, number, withdrawn=order is not None and order.cause == Rescore.Cause.WITHDRAWAL
    )
    record(
        verb="ranking computed",
        subject=ranking,
        detail={
            "phase": phase.name,
            "part": ranking_computed.part,
            "number": number,
            "sha256": ranking_computed.fingerprint,
        },
        challenge_id=phase.question.challenge_id,
    )


def _out_at(spec: QuestionSpec, ranking: Computed, at: datetime) -> datetime | None:
    """The public part shows at once; the deciding one when the question file says so, or an organiser publishes it."""
    if ranking.part == PUBLIC:
        return at
    revealed = spec.leaderboard.reveal_at
    if ranking.part == deciding_part(spec) and ranking.part != ALL and not ranking.document["awaits_jury"]:
        return revealed
    return None
