"""A second submission under one idempotency key gives way to the first, whichever of worker and request was faster."""

from __future__ import annotations

from django.db import transaction

from core.actors import Actor
from core.clock import database_now
from core.locks import locked
from scoring.models import Submission
from scoring.models.submission import REPEATED_COPY, REPEATED_SCORED
from scoring.take_back import cancel_held, hold_submission


def under_key(submission: Submission, actor: Actor, key: str) -> Submission:
    """The worker may have taken the upload before its key was known: a second try gives way to the first under the key."""
    if not key or submission.idempotency_key:
        return submission
    with transaction.atomic():
        team = locked(submission.team)
        first = Submission.objects.filter(team=team, idempotency_key=key).first()
        if first is None:
            Submission.objects.filter(pk=submission.pk, idempotency_key=None).update(idempotency_key=key)
            submission.refresh_from_db()
            return submission
        if submission.pk == first.pk or not _give_way(submission, first, actor):
            return submission
    return first


def _give_way(second: Submission, first: Submission, actor: Actor) -> bool:
    """Cancels a repeated submission. One whose score another file won stands once its phase is closed: nobody chooses afterwards.

    The same answer again costs no attempt. Another answer does, once it was compared with the truth.
    """
    second = hold_submission(second)
    if second.state in (Submission.State.REJECTED, Submission.State.CANCELLED):
        return True
    scored, copy = second.evaluations.exists(), _same_answer(second, first)
    if scored and not second.phase.is_open(database_now()) and not (copy and _next_to(second, first)):
        return False
    reason = REPEATED_COPY if copy or not scored else REPEATED_SCORED
    cancel_held(second, actor, reason)
    return True


def _same_answer(second: Submission, first: Submission) -> bool:
    """The same bytes, or the same scores: an archive packed a second time differs in its times alone."""
    if second.sha256 == first.sha256:
        return True
    scores = [_scores_of(submission) for submission in (second, first)]
    return bool(scores[0]) and scores[0] == scores[1]


def _scores_of(submission: Submission) -> list[tuple[str, str, float | None]]:
    newest = submission.evaluations.order_by("-number").first()
    return list(newest.scores.order_by("name", "part").values_list("name", "part", "value")) if newest else []


def _next_to(second: Submission, first: Submission) -> bool:
    """Whether the team sent nothing in between: then the board is the same with either of the two."""
    between = Submission.objects.filter(
        team=first.team_id, phase=first.phase_id, received_at__gt=first.received_at, received_at__lt=second.received_at
    )
    return first.phase_id == second.phase_id and not second.is_final and not between.exists()
