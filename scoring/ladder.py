"""The Ladder (Blum and Hardt 2015): while a phase runs, a team's public scores are replaced only when its leading score is better
by the question's step, so that small answers which probe single labels show nothing.
"""

from __future__ import annotations

from uuid import UUID

from challenges.frame import spec_of
from challenges.models import Phase
from concours import metrics
from concours.evaluation.parts import PUBLIC
from core.clock import database_now
from scoring.models import Score


def shown_in_public(phase: Phase) -> frozenset[UUID] | None:
    """The submissions whose public scores show now: of each team the first one and each that was a step better.

    None where all do: the question has no step, or the phase is over.
    """
    spec = spec_of(phase.question)
    step = spec.leaderboard.step
    if step is None or phase.closes <= database_now():
        return None
    leading = spec.ranking.by[0]
    sign = -1.0 if metrics.find(spec.metrics[leading].metric).direction == "lower" else 1.0
    rows = Score.objects.filter(evaluation__submission__phase=phase, part=PUBLIC, name=leading).exclude(value=None)
    ordered = rows.order_by("evaluation__submission__received_at", "evaluation__submission_id", "evaluation__number")
    columns = ("evaluation__submission__team", "evaluation__submission", "value")
    newest: dict[tuple[int, UUID], float] = {}
    for team, submission, value in ordered.values_list(*columns):
        newest[team, submission] = sign * value
    best: dict[int, float] = {}
    shown = set()
    for (team, submission), value in newest.items():
        if team not in best or value - best[team] >= step - 1e-12:
            best[team] = value
            shown.add(submission)
    return frozenset(shown)
