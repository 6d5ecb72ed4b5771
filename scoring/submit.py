"""Stage 7, submit: a stored upload becomes a team's submission, in time and within its quota, exactly once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from challenges.frame import spec_of
from challenges.models import Phase, Question, Team
from core.audit import record
from core.clock import database_now
from core.errors import ClosedError, InvalidInputError, QuotaError, StepError
from core.moves import move
from core.storage import put_file
from core.work import cancel, enqueue
from formats.fault import Fault
from scoring.models import Submission
from scoring.quota import remaining
from uploads import staging
from uploads.models import Upload
from uploads.permissions import require_member

ZONED = "%Y-%m-%d %H:%M:%S.%f %Z"
REASONS = {"closed": "late_submission", "quota": "quota_exceeded"}


class LateSubmissionError(ClosedError):
    """Outside the phase: the words name both edges with the site's zone."""


class SubmissionRefusedError(InvalidInputError):
    """The upload was refused before; its faults say why."""

    reason = "refused"


def submissions_phases(question: Question) -> list[Phase]:
    """The question's phases that accept submissions, in the order of their opening."""
    accepting = [phase.name for phase in spec_of(question).phases.values() if phase.accepts == "submissions"]
    return list(question.phases.filter(name__in=accepting).order_by("opens", "id"))


def submit(
    *,
    upload: Upload,
    actor: Any,
    description: str = "",
    declared: Mapping[str, Any] | None = None,
    idempotency_key: str = "",
) -> Submission:
    """The submission that this upload is. Asking twice, from wherever, gives the same row.

    In time means that the upload's last byte was durable at `opens <= stored_at < closes`. Raises ClosedError, QuotaError or
    NotAllowedError, having refused the upload with that reason in words; nothing half-made stays.
    """
    existing = Submission.objects.filter(upload=upload).first()
    if existing is not None:
        return _told_more(_under_key(existing, actor, idempotency_key[:80]), description, declared)
    if upload.kind != Upload.Kind.SUBMISSION or upload.team is None:
        raise InvalidInputError(gettext_noop("This upload is no submission. Send it with kind 'submission'."))
    if upload.state == Upload.State.REFUSED:
        faults = [Fault.from_json(fault) for fault in upload.faults]
        raise SubmissionRefusedError(gettext_noop("This upload was refused; see its errors."), faults)
    if upload.state != Upload.State.STORED or upload.stored_at is None:
        raise InvalidInputError(gettext_noop("This upload is not complete. Send the rest of it first."))
    key = idempotency_key or str(upload.metadata.get("idempotency_key", ""))
    try:
        require_member(upload.owner, upload.question, upload.team)
        phase = phase_at(upload.question, upload.stored_at, str(upload.metadata.get("phase", "")))
        submission = _create(upload, phase, actor, description, declared or {}, key[:80])
    except StepError as error:
        _refuse(upload, error)
        raise
    staging.discard(staging.staging_path(upload.pk))
    return submission


def phase_at(question: Question, moment: datetime, name: str = "") -> Phase:
    """The named phase, or the one that is open, if it accepts submissions at `moment`. Raises LateSubmissionError."""
    phases = submissions_phases(question)
    named = [phase for phase in phases if phase.name == name] if name else phases
    if not named:
        raise InvalidInputError(
            gettext_noop("No phase of this question named '%(name)s' takes submissions."), name=name
        )
    opened = [phase for phase in named if phase.is_open(moment)]
    if opened:
        return opened[-1]
    nearest = min(named, key=lambda phase: min(abs(phase.opens - moment), abs(phase.closes - moment)))
    template = (
        gettext_noop(
            "The last byte arrived at %(at)s; '%(phase)s' takes submissions from %(opens)s to just before %(closes)s."
        )
        if moment >= nearest.opens
        else gettext_noop("It is %(at)s; '%(phase)s' takes submissions only from %(opens)s to just before %(closes)s.")
    )
    raise LateSubmissionError(
        template, at=_zoned(moment), phase=nearest.name, opens=_zoned(nearest.opens), closes=_zoned(nearest.closes)
    )


def _zoned(moment: datetime) -> str:
    """To the microsecond that decides, in the site's zone, which it names."""
    text = moment.astimezone(timezone.get_default_timezone()).strftime(ZONED)
    return text.replace(".000000 ", " ")


def _create(
    upload: Upload, phase: Phase, actor: Any, description: str, declared: Mapping[str, Any], key: str
) -> Submission:
    assert upload.stored_at is not None and upload.team is not None
    blob = put_file("submissions", f"upload-{upload.pk}", staging.staging_path(upload.pk))
    with transaction.atomic():
        # One at a time for each team: PostgreSQL locks the row, SQLite's write lock holds from BEGIN IMMEDIATE.
        team = Team.objects.select_for_update().get(pk=upload.team.pk)
        meanwhile = Submission.objects.filter(upload=upload).first()
        if meanwhile is not None:
            return meanwhile
        same = Submission.objects.filter(team=team, idempotency_key=key).first() if key else None
        if same is not None:
            _set_aside(upload)
            return same
        _require_place(team, phase, upload.stored_at)
        submission = Submission.objects.create(
            team=team,
            phase=phase,
            upload=upload,
            sent_by=upload.owner,
            received_at=upload.stored_at,
            blob_key=blob.key,
            sha256=blob.sha256,
            size=blob.size,
            idempotency_key=key or None,
            description=description or str(upload.metadata.get("description", "")),
            declared=dict(declared),
        )
        challenge_id = upload.question.challenge_id
        move(
            upload,
            Upload.State.RECEIVED,
            allowed=Upload.MOVES,
            actor=actor,
            challenge_id=challenge_id,
            blob_key=blob.key,
            sha256=blob.sha256,
        )
        record(
            verb="submission received",
            subject=submission,
            actor=actor,
            after=submission.state,
            detail={"sha256": blob.sha256, "bytes": blob.size, "phase": phase.name},
            challenge_id=challenge_id,
        )
        enqueue("validate_submission", submission, challenge_id=challenge_id)
    return submission


def _set_aside(upload: Upload) -> None:
    """The same submission under the same key: the client had not heard our answer. The second copy is not counted."""
    template = gettext_noop("This submission had arrived before; the second copy is not counted.")
    move(
        upload,
        Upload.State.REFUSED,
        allowed=Upload.MOVES,
        code="duplicate_file",
        faults=[Fault("duplicate_file", "submission", template).to_json()],
        challenge_id=upload.question.challenge_id,
    )


def _require_place(team: Team, phase: Phase, moment: datetime) -> None:
    left = remaining(team=team, phase=phase, now=moment)
    if left.per_phase is not None and left.used_in_phase >= left.per_phase:
        raise QuotaError(
            gettext_noop("Your team has used its %(limit)s submissions of '%(phase)s'. Nothing more can be sent."),
            limit=left.per_phase,
            phase=phase.name,
        )
    if left.per_day is not None and left.used_today >= left.per_day and left.resets_at is not None:
        raise QuotaError(
            gettext_noop("Your team has used its %(limit)s submissions of today. Send again after %(resets)s."),
            limit=left.per_day,
            resets=_zoned(left.resets_at),
        )


def _refuse(upload: Upload, error: StepError) -> None:
    """The upload is refused with the step's own words. Somebody else may have been first; then theirs stand."""
    reason = REASONS.get(error.reason, "not_allowed")
    changed = Upload.objects.filter(pk=upload.pk).values_list("state", flat=True).first()
    if changed != Upload.State.STORED:
        return
    move(
        upload,
        Upload.State.REFUSED,
        allowed=Upload.MOVES,
        code=reason,
        faults=[Fault(reason, "submission", error.template, error.values).to_json()],
        challenge_id=upload.question.challenge_id,
    )
    staging.discard(staging.staging_path(upload.pk))


def _under_key(submission: Submission, actor: Any, key: str) -> Submission:
    """The worker may have taken the upload before its key was told: a second try gives way to the first, and costs nothing."""
    if not key or submission.idempotency_key:
        return submission
    with transaction.atomic():
        team = Team.objects.select_for_update().get(pk=submission.team_id)
        first = Submission.objects.filter(team=team, idempotency_key=key).first()
        if first is None:
            Submission.objects.filter(pk=submission.pk).update(idempotency_key=key)
            submission.idempotency_key = key
            return submission
        if submission.state in (Submission.State.SCORED, Submission.State.REJECTED):
            return submission  # decided already: what was computed stands
        if submission.state != Submission.State.CANCELLED:
            cancel_submission(submission=submission, actor=actor)
        return first


def _told_more(submission: Submission, description: str, declared: Mapping[str, Any] | None) -> Submission:
    """What the team says of it may come after the bytes; what it said once stands."""
    changes: dict[str, Any] = {}
    if description and not submission.description:
        changes["description"] = description
    if declared and not submission.declared:
        changes["declared"] = dict(declared)
    if changes:
        Submission.objects.filter(pk=submission.pk).update(**changes)
        submission.refresh_from_db()
    return submission


def cancel_submission(*, submission: Submission, actor: Any) -> None:
    """The team takes back what is not scored yet; it costs no attempt."""
    with transaction.atomic():
        move(
            submission,
            Submission.State.CANCELLED,
            allowed=Submission.MOVES,
            actor=actor,
            challenge_id=submission.team.challenge_id,
            decided_at=database_now(),
            is_final=None,
        )
        cancel("validate_submission", submission)
        cancel("score_submission", submission)


def choose_final(*, submission: Submission, actor: Any) -> None:
    """The one submission of the phase that the team wants to be ranked by, while the phase is open."""
    phase, moment = submission.phase, database_now()
    if not phase.is_open(moment):
        raise ClosedError(
            gettext_noop("The phase '%(phase)s' closed at %(closes)s; the choice stands as it was then."),
            phase=phase.name,
            closes=_zoned(phase.closes),
        )
    if submission.state in (Submission.State.REJECTED, Submission.State.CANCELLED):
        raise InvalidInputError(gettext_noop("A submission that is rejected or cancelled cannot be the final one."))
    with transaction.atomic():
        Team.objects.select_for_update().get(pk=submission.team_id)
        Submission.objects.filter(team=submission.team_id, phase=phase, is_final=True).update(is_final=None)
        Submission.objects.filter(pk=submission.pk).update(is_final=True)
        record(
            verb="final submission chosen", subject=submission, actor=actor, challenge_id=submission.team.challenge_id
        )
        enqueue("rank_phase", str(phase.pk), challenge_id=submission.team.challenge_id)
    submission.is_final = True


def retry_submission(*, submission: Submission, actor: Any) -> None:
    """A person asks for a failed submission again, from its first check."""
    with transaction.atomic():
        move(
            submission,
            Submission.State.RECEIVED,
            allowed=Submission.MOVES,
            actor=actor,
            challenge_id=submission.team.challenge_id,
            reason="",
        )
        enqueue("validate_submission", submission, challenge_id=submission.team.challenge_id)
