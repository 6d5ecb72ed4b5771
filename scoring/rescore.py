"""Scores once more what was scored: after a withdrawal, a corrected truth, or because an organiser asks for it."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_noop

from batches.models import Batch
from challenges.frame import spec_of
from challenges.models import Phase
from challenges.permissions import require_organiser
from core.actors import Actor, person_of
from core.audit import record
from core.claims import Claim
from core.clock import database_now
from core.errors import InvalidInputError, LostRaceError
from core.moves import move
from core.work import enqueue
from scoring.models import Rescore, Submission
from scoring.opened_truth import is_external


def rescore_phase(*, phase: Phase, actor: Actor, reason: str) -> int:
    """Every scored submission is scored again; earlier evaluations stay on record, and the next ranking tells the reason."""
    require_organiser(actor, phase.question.challenge)
    if is_external(phase):
        raise InvalidInputError(gettext_noop("The scores of this question are computed elsewhere. Enter a new table."))
    if not reason.strip():
        raise InvalidInputError(gettext_noop("Give the reason for scoring the phase again; it is recorded."))
    with transaction.atomic():
        rescore = _order(phase, Rescore.Cause.REQUEST, actor=actor, reason=reason.strip())
    return _score_again(rescore)


def rescore_dependents(batch: Batch, *, cause: str, reason: str = "", actor: Actor = None) -> None:
    """The truth of this batch changed: the phases that are scored against it are scored again. In the caller's transaction."""
    for phase in phases_scored_on(batch):
        if phase.submissions.filter(state__in=[Submission.State.SCORED, Submission.State.VALID]).exists():
            rescore = _order(phase, cause, actor=actor, reason=reason)
            enqueue("rescore_phase", str(rescore.pk), challenge_id=batch.question.challenge_id)


def phases_scored_on(batch: Batch) -> list[Phase]:
    """Those that name the batch, and those that name none where the batch is of a set that all are scored on."""
    named = Q(batch=batch.name)
    if batch.set_name in spec_of(batch.question).split.truth:
        named |= Q(batch="")
    phases = Phase.objects.accepting("submissions").filter(named, question=batch.question)
    return list(phases.select_related("question__challenge"))


def _order(phase: Phase, cause: str, *, actor: Actor, reason: str) -> Rescore:
    rescore = Rescore.objects.create(
        phase=phase,
        cause=cause,
        reason=reason[:300],
        ordered_by=person_of(actor),
        ordered_at=database_now(),
    )
    record(
        verb="phase rescored",
        subject=phase,
        actor=actor,
        reason=reason or cause,
        detail={"cause": cause, "rescore": rescore.pk},
        challenge_id=phase.question.challenge_id,
    )
    return rescore


def carry_out_rescore(claim: Claim) -> None:
    """The stage's function; submissions go one by one, so that it can stop and start anywhere."""
    rescore = Rescore.objects.select_related("phase__question").get(pk=claim.subject_id)
    _score_again(rescore)
    with claim.finish():
        return


def _score_again(rescore: Rescore) -> int:
    """Offers every scored submission for scoring that has not been scored since the order."""
    fresh = Q(evaluations__done_at__gt=rescore.ordered_at)
    scored = rescore.phase.submissions.filter(state=Submission.State.SCORED).exclude(fresh)
    count = 0
    for submission in scored.select_related("team"):
        try:
            with transaction.atomic():
                enqueue("score_submission", submission, challenge_id=submission.team.challenge_id)
                move(
                    submission,
                    Submission.State.VALID,
                    actor=rescore.ordered_by,
                    reason=rescore.reason or rescore.cause,
                )
        except LostRaceError:  # cancelled this moment, or offered by another worker
            continue
        count += 1
    Rescore.objects.filter(pk=rescore.pk).update(done_at=database_now())
    return count


def is_being_rescored(phase: Phase) -> bool:
    """Whether some of the phase's scores are of the truth before: boards of that moment mix both."""
    again = phase.submissions.filter(state=Submission.State.VALID, evaluations__isnull=False)
    return again.exists() or phase.rescores.filter(done_at=None).exists()
