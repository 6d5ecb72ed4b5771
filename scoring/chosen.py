"""The one submission a team is ranked by: its own final choice, else its last scored one that came in time; on a public board
with a step, its last one that was better by a step.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from challenges.models import Phase
from scoring.models import Evaluation, Submission

State = Submission.State


@dataclass(frozen=True)
class Chosen:
    """A team's submission and its newest evaluation."""

    submission: Submission
    evaluation: Evaluation


def counting_submissions(
    phase: Phase, *, scored: bool = False, among: frozenset[UUID] | None = None
) -> dict[int, Submission]:
    """By team id, the submission that counts among the checked ones, or among those that were scored at least once.

    `among`: the last of these counts for each team, whatever it chose (see `scoring.ladder`).
    """
    states = [
        State.SCORED,
        State.VALID,
        *([State.FAILED] if scored else []),
    ]  # one that failed when scored again keeps its scores
    rows = Submission.objects.filter(phase=phase, state__in=states).select_related("team")
    if scored:
        rows = rows.filter(evaluations__isnull=False).distinct()
    best: dict[int, Submission] = {}
    for submission in rows.order_by("received_at", "id"):
        counting = best.get(submission.team_id)
        if among is not None and submission.pk not in among:
            continue
        if counting is None or not counting.is_final or among is not None:
            best[submission.team_id] = submission
    return best


def chosen_submissions(phase: Phase, among: frozenset[UUID] | None = None) -> dict[int, Chosen]:
    """By team id, the scored submission that counts. Scored again, it keeps its last evaluation until the next is done."""
    best = counting_submissions(phase, scored=True, among=among)
    newest: dict[object, Evaluation] = {}
    for evaluation in Evaluation.objects.filter(submission__in=list(best.values())).order_by("number"):
        newest[evaluation.submission_id] = evaluation
    return {team: Chosen(submission, newest[submission.pk]) for team, submission in best.items()}
