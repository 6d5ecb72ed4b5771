"""Scores what was scored once more: a corrected truth, a mended metric."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop

from challenges.models import Phase
from challenges.people import require_organiser
from core.audit import record
from core.errors import InvalidInputError
from core.moves import move
from core.work import enqueue
from scoring.models import Submission


def rescore_phase(*, phase: Phase, actor: Any, reason: str) -> int:
    """Every scored submission is scored again (a corrected truth, a mended metric); earlier evaluations stay on record."""
    require_organiser(actor, phase.question.challenge)
    if not reason.strip():
        raise InvalidInputError(gettext_noop("Say why the phase is scored again; the reason stays on record."))
    count = 0
    for submission in phase.submissions.filter(state=Submission.State.SCORED).select_related("team"):
        _rescore(submission, actor, reason)
        count += 1
    record(
        verb="phase rescored",
        subject=phase,
        actor=actor,
        reason=reason,
        detail={"submissions": count},
        challenge_id=phase.question.challenge_id,
    )
    return count


def _rescore(submission: Submission, actor: Any, reason: str) -> None:
    with transaction.atomic():
        move(
            submission,
            Submission.State.VALID,
            allowed=Submission.MOVES,
            actor=actor,
            reason=reason,
            challenge_id=submission.team.challenge_id,
        )
        enqueue("score_submission", submission, challenge_id=submission.team.challenge_id)
