"""Who is told what became of a submission."""

from __future__ import annotations

from django.urls import reverse

from core.notices import notify
from scoring.models import Submission

KINDS = {"scored": "submission_scored", "rejected": "submission_rejected", "failed": "submission_failed"}


def tell_submission(submission: Submission, reason: str) -> None:
    """To the person who sent it. The page has the scores that may be seen, every error, and what to do."""
    kind = KINDS.get(submission.state)
    if kind is None:
        return
    question = submission.phase.question
    notify(
        kind,
        [submission.sent_by],
        about=f"{submission.pk}:{submission.state}",
        values={"question": question.title, "team": submission.team.name, "count": len(submission.faults)},
        path=reverse("scoring:submission", args=[submission.pk]),
        challenge_id=submission.team.challenge_id,
    )
