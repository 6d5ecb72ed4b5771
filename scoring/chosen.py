"""The one submission a team is ranked by: its own final choice, else its last scored one that came in time."""

from __future__ import annotations

from dataclasses import dataclass

from challenges.models import Phase
from scoring.models import Evaluation, Submission

State = Submission.State


@dataclass(frozen=True)
class Chosen:
    """A team's submission and its newest evaluation."""

    submission: Submission
    evaluation: Evaluation


def chosen_submissions(phase: Phase) -> dict[int, Chosen]:
    """By team id. A submission that is scored again keeps its last evaluation until the next is done."""
    rows = (
        Submission.objects.filter(phase=phase, state__in=[State.SCORED, State.VALID], evaluations__isnull=False)
        .distinct()
        .order_by("received_at", "id")
    )
    best: dict[int, Submission] = {}
    for submission in rows:
        known = best.get(submission.team_id)
        if known is None or not known.is_final:
            best[submission.team_id] = submission
    newest: dict[object, Evaluation] = {}
    for evaluation in Evaluation.objects.filter(submission__in=list(best.values())).order_by("number"):
        newest[evaluation.submission_id] = evaluation
    return {team: Chosen(one, newest[one.pk]) for team, one in best.items()}
