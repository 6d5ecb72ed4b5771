"""Submissions that are taken back: by their team before they are scored, by an organiser at any time."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_noop

from challenges.permissions import require_organiser
from core.actors import Actor
from core.audit import record
from core.clock import database_now
from core.errors import InvalidInputError, MoveNotAllowedError
from core.locks import locked
from core.models import Progress
from core.moves import done_before, move
from core.progress import tell
from core.work import cancel, enqueue
from scoring.models import Submission

REFUNDED = "refunded"
REFUNDED_WORDS = gettext_noop("An organiser cancelled this submission; it uses no attempt. Reason: %(reason)s")


def cancel_submission(*, submission: Submission, actor: Actor) -> None:
    """The team takes back what is not scored yet; it costs no attempt."""
    if done_before(submission, Submission.State.CANCELLED):
        return
    with transaction.atomic():
        current = hold_submission(submission)
        if current.state == Submission.State.SCORED or current.evaluations.exists():
            raise MoveNotAllowedError(gettext_noop("This submission is scored already; it cannot be taken back."))
        cancel_held(current, actor, "")
    submission.refresh_from_db()


def refund_submission(*, submission: Submission, actor: Actor, reason: str) -> None:
    """An organiser cancels a submission, scored or not, and gives its attempt back; the team reads the reason."""
    require_organiser(actor, submission.team.challenge)
    if not reason.strip():
        raise InvalidInputError(gettext_noop("Give the reason for cancelling the submission; the team reads it."))
    if done_before(submission, Submission.State.CANCELLED):
        return
    with transaction.atomic():
        current = hold_submission(submission)
        cancel_held(current, actor, REFUNDED)
        record(
            verb="submission refunded", subject=current, actor=actor, reason=reason, challenge_id=current.challenge_id
        )
        tell(
            current,
            stage="score_submission",
            state="note",
            template=REFUNDED_WORDS,
            values={"reason": reason.strip()[:300]},
            audience=Progress.Audience.TEAM,
        )
    submission.refresh_from_db()


def hold_submission(submission: Submission) -> Submission:
    """The submission, held, with its work cancelled."""
    cancel("validate_submission", submission)
    cancel("score_submission", submission)
    return locked(submission)


def cancel_held(submission: Submission, actor: Actor, reason: str) -> None:
    """Inside the caller's transaction, its work being cancelled already. The board is computed again where it was scored."""
    challenge_id = submission.team.challenge_id
    move(submission, Submission.State.CANCELLED, actor=actor, code=reason, decided_at=database_now(), is_final=None)
    if submission.evaluations.exists():
        enqueue("rank_phase", str(submission.phase_id), challenge_id=challenge_id)
