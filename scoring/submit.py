"""Stage 7, submit: a stored upload becomes a team's submission, in time and within its quota, exactly once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from challenges.models import Phase, Question, Team
from concours.formats.fault import Fault, plural_noop
from concours.formats.json import Json
from core.actors import Actor
from core.audit import record
from core.clock import database_now
from core.errors import ClosedError, InvalidInputError, LostRaceError, QuotaError, StepError
from core.locks import locked
from core.moves import move
from core.storage import Blob, erase, put_file
from core.work import enqueue
from scoring.declared import declared_in, read_figures
from scoring.models import Submission
from scoring.quota import remaining
from scoring.repeats import under_key
from scoring.take_back import cancel_submission  # noqa: F401  (the other half of this step)
from uploads import staging
from uploads.models import Upload
from uploads.permissions import require_member

ZONED = "%Y-%m-%d %H:%M:%S.%f %Z"
DUPLICATE = "duplicate_file"
NEVER_FINAL = (Submission.State.REJECTED, Submission.State.CANCELLED)
REASONS = {"closed": "late_submission", "quota": "quota_exceeded"}


class LateSubmissionError(ClosedError):
    """Outside the phase: the words name both edges with the site's zone."""


class SubmissionRefusedError(InvalidInputError):
    """The upload was refused before; its faults say why."""

    reason = "refused"


# What a second call is answered of an upload that the first one refused. `not_allowed` stands for several refusals.
REPEATED: dict[str, type[StepError]] = {"late_submission": LateSubmissionError, "quota_exceeded": QuotaError}


def submissions_phases(question: Question) -> list[Phase]:
    """The question's phases that accept submissions, in the order of their opening."""
    return list(question.phases.accepting("submissions").order_by("opens", "id"))


def submit(
    *,
    upload: Upload,
    actor: Actor,
    description: str = "",
    declared: Mapping[str, Json] | None = None,
    idempotency_key: str = "",
) -> Submission:
    """The submission that this upload is. Asking twice, from wherever, gives the same row.

    In time means that the upload's last byte was durable at `opens <= stored_at < closes`. Raises ClosedError, QuotaError or
    NotAllowedError, having refused the upload with that reason in words; nothing half-made stays.
    """
    if upload.kind != Upload.Kind.SUBMISSION or upload.team is None:
        raise InvalidInputError(gettext_noop("This upload is not a submission. Send it with kind 'submission'."))
    key = idempotency_key[:80]
    try:
        submission = _settled(upload, actor, key) or _take(upload, actor, description, declared or {}, key)
    except (FileNotFoundError, LostRaceError):
        # A worker and a request may do this at once. Whoever is second reads what the first one wrote.
        settled = _settled(upload, actor, key)
        if settled is None:
            raise
        submission = settled
    return _complete(submission, description, declared)


def _settled(upload: Upload, actor: Actor, key: str) -> Submission | None:
    """What an earlier call made of the upload; None where it still waits. Raises what `_refusal_of` gives."""
    existing = Submission.objects.filter(upload=upload).first()
    if existing is not None:
        return under_key(existing, actor, key)
    upload.refresh_from_db(fields=["state", "stored_at", "reason", "faults"])
    if upload.state != Upload.State.REFUSED:
        return None
    key = key or _key_of(upload)
    if upload.reason == DUPLICATE and key:
        first = Submission.objects.filter(team=upload.team, idempotency_key=key).first()
        if first is not None:
            return first
    raise _refusal_of(upload)


def _refusal_of(upload: Upload) -> StepError:
    """Why the upload was refused, as whoever refused it was answered: a request and a worker may come in either order."""
    faults = [Fault.from_json(fault) for fault in upload.faults]
    if len(faults) == 1 and upload.reason in REPEATED:
        return REPEATED[upload.reason](faults[0].template, **faults[0].values)
    return SubmissionRefusedError(gettext_noop("This upload was refused; see its errors."), faults)


def _key_of(upload: Upload) -> str:
    return str(upload.metadata.get("idempotency_key", ""))[:80]


def _take(upload: Upload, actor: Actor, description: str, declared: Mapping[str, Json], key: str) -> Submission:
    """The upload becomes a submission, or is refused in the step's words. Raises LostRaceError where another call was first."""
    assert upload.team is not None
    if upload.state != Upload.State.STORED or upload.stored_at is None:
        raise InvalidInputError(gettext_noop("This upload is incomplete. Send the remaining bytes first."))
    blob: Blob | None = None
    try:
        require_member(upload.owner, upload.target_question, upload.team)
        declared = read_figures(declared or declared_in(upload.metadata))
        phase = phase_at(upload.target_question, upload.stored_at, str(upload.metadata.get("phase", "")))
        blob = put_file("submissions", f"upload-{upload.pk}", staging.staging_path(upload.pk))
        submission = _create(upload, phase, blob, actor, description, declared, key or _key_of(upload))
    except StepError as error:
        if not isinstance(error, LostRaceError):
            _refuse(upload, error)
        if blob is not None and Upload.objects.filter(pk=upload.pk, state=Upload.State.REFUSED).exists():
            erase("submissions", blob.key)
        raise
    staging.discard(staging.staging_path(upload.pk))
    if submission.upload_id != upload.pk:  # set aside under its key
        erase("submissions", blob.key)
    return submission


def phase_at(question: Question, moment: datetime, name: str = "") -> Phase:
    """The named phase, or the one that is open, if it accepts submissions at `moment`. Raises LateSubmissionError."""
    phases = submissions_phases(question)
    named = [phase for phase in phases if phase.name == name] if name else phases
    if not named:
        raise InvalidInputError(
            gettext_noop("No phase of this question named '%(name)s' accepts submissions."), name=name
        )
    opened = [phase for phase in named if phase.is_open(moment)]
    if opened:
        return opened[-1]
    nearest = min(named, key=lambda phase: min(abs(phase.opens - moment), abs(phase.closes - moment)))
    template = (
        gettext_noop(
            "The last byte arrived at %(at)s; '%(phase)s' accepts submissions from %(opens)s until just "
            "before %(closes)s."
        )
        if moment >= nearest.opens
        else gettext_noop(
            "It is %(at)s; '%(phase)s' accepts submissions only from %(opens)s until just before %(closes)s."
        )
    )
    raise LateSubmissionError(
        template, at=_zoned(moment), phase=nearest.name, opens=_zoned(nearest.opens), closes=_zoned(nearest.closes)
    )


def _zoned(moment: datetime) -> str:
    """To the microsecond that decides, in the site's zone, which it names."""
    text = moment.astimezone(timezone.get_default_timezone()).strftime(ZONED)
    return text.replace(".000000 ", " ")


def _create(
    upload: Upload,
    phase: Phase,
    blob: Blob,
    actor: Actor,
    description: str,
    declared: Mapping[str, Json],
    key: str,
) -> Submission:
    assert upload.stored_at is not None and upload.team is not None
    with transaction.atomic():
        team = locked(upload.team)
        if locked(upload).state != Upload.State.STORED:
            raise LostRaceError(gettext_noop("This upload has already been processed by another request."))
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
        challenge_id = upload.challenge_id
        move(upload, Upload.State.RECEIVED, actor=actor, blob_key=blob.key, sha256=blob.sha256)
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
    template = gettext_noop("Duplicate submission; it was not counted.")
    move(upload, Upload.State.REFUSED, code=DUPLICATE, faults=[Fault(DUPLICATE, "submission", template).to_json()])


def _require_place(team: Team, phase: Phase, moment: datetime) -> None:
    left = remaining(team=team, phase=phase, now=moment)
    if left.per_phase is not None and left.used_in_phase >= left.per_phase:
        raise QuotaError(
            plural_noop(
                "Your team has used its %(limit)s submission of '%(phase)s'. No more can be sent.",
                "Your team has used its %(limit)s submissions of '%(phase)s'. No more can be sent.",
                "limit",
            ),
            limit=left.per_phase,
            phase=phase.name,
        )
    if left.per_day is not None and left.used_today >= left.per_day and left.resets_at is not None:
        raise QuotaError(
            plural_noop(
                "Your team has used its %(limit)s submission of today. Submit again after %(resets)s.",
                "Your team has used its %(limit)s submissions of today. Submit again after %(resets)s.",
                "limit",
            ),
            limit=left.per_day,
            resets=_zoned(left.resets_at),
        )


def _refuse(upload: Upload, error: StepError) -> None:
    """The upload is refused with the step's own words. Raises LostRaceError where another call decided first."""
    reason = REASONS.get(error.reason, "not_allowed")
    move(
        upload,
        Upload.State.REFUSED,
        code=reason,
        faults=[Fault(reason, "submission", error.template, error.values).to_json()],
    )
    staging.discard(staging.staging_path(upload.pk))


def _complete(submission: Submission, description: str, declared: Mapping[str, Json] | None) -> Submission:
    """A description and declared figures may come after the bytes; the first that came stand."""
    rows = Submission.objects.filter(pk=submission.pk)
    if description and not submission.description:
        rows.filter(description="").update(description=description)
    if declared and not submission.declared:
        rows.filter(declared={}).update(declared=read_figures(declared))
    submission.refresh_from_db()
    return submission


def choose_final(*, submission: Submission, actor: Actor) -> None:
    """The one submission of the phase that the team wants to be ranked by, while the phase is open."""
    phase, moment = submission.phase, database_now()
    if not phase.is_open(moment):
        raise ClosedError(
            gettext_noop("The phase '%(phase)s' closed at %(closes)s; the final choice can no longer be changed."),
            phase=phase.name,
            closes=_zoned(phase.closes),
        )
    with transaction.atomic():
        locked(submission.team)
        if locked(submission).state in NEVER_FINAL:
            raise InvalidInputError(gettext_noop("A submission that is rejected or cancelled cannot be the final one."))
        Submission.objects.filter(team=submission.team_id, phase=phase, is_final=True).update(is_final=None)
        Submission.objects.filter(pk=submission.pk).update(is_final=True)
        record(
            verb="final submission chosen", subject=submission, actor=actor, challenge_id=submission.team.challenge_id
        )
        enqueue("rank_phase", str(phase.pk), challenge_id=submission.team.challenge_id)
    submission.is_final = True


def retry_submission(*, submission: Submission, actor: Actor) -> None:
    """A person asks for a failed submission again, from its first check."""
    with transaction.atomic():
        enqueue("validate_submission", submission, challenge_id=submission.team.challenge_id)
        move(submission, Submission.State.RECEIVED, actor=actor, reason="")


def has_submissions(phase: Phase) -> bool:
    """Whether a team has sent anything in this phase: it then stays, whatever its question file says."""
    return phase.submissions.exists()


def team_has_sent(team: Team) -> bool:
    """Whether the team has submitted anything in its challenge."""
    return Submission.objects.filter(team=team).exists()
