"""The scores of its own submission that a team may see: rounded, of parts that are out, never case by case."""

from __future__ import annotations

from challenges.frame import spec_of
from scoring.models import Submission
from scoring.revealed import revealed_parts


def scores_for_team(submission: Submission) -> dict[str, dict[str, float | None]]:
    """`{part: {score: value}}`, to the digits that the question file shows on its board."""
    parts = revealed_parts(submission.phase)
    if not parts:
        return {}
    evaluation = submission.evaluations.order_by("-number").first()
    if evaluation is None:
        return {}
    digits = spec_of(submission.phase.question).leaderboard.digits
    found: dict[str, dict[str, float | None]] = {}
    for row in evaluation.scores.filter(part__in=parts).order_by("part", "name"):
        found.setdefault(row.part, {})[row.name] = None if row.value is None else round(row.value, digits)
    return found
