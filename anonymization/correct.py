"""Corrects a value, a table or a mask: who may, what waits for whom, and what follows.

Before the sets are frozen the centre or an organiser corrects, and it holds at once. From the freeze on only an organiser does.
Once a truth of the exam is sealed a second organiser confirms. See docs/decisions/0014-corrections-and-withdrawal.md.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext_noop

from anonymization.apply_correction import INCLUDED, SCOPE, STATE, apply_correction, settle_correction
from anonymization.examine_correction import ExaminedCorrection, SentCorrection, examine_correction
from anonymization.models import Correction, Review
from challenges.frame import spec_of
from challenges.models import Role
from challenges.permissions import has_role, require_organiser
from concours.deid.values import examine_text
from concours.questions.schema import FieldSpec, QuestionSpec
from core.actors import Actor, person_of, require_person
from core.audit import record
from core.clock import database_now
from core.erasure import erase_after_commit, keep_object
from core.errors import InvalidInputError, MoveNotAllowedError, NotAllowedError
from core.locks import locked
from core.progress import tell
from core.registry import call_hook
from core.storage import Blob, put_file
from core.temporary import lease_folder
from uploads.models import Annotation, Exam

LONGEST_REASON = 300

NO_FIELD = gettext_noop("This question has no field '%(field)s' that can be corrected.")
NO_DATE = gettext_noop(
    "A date cannot be corrected: it is shifted by a number of days that is not kept. Withdraw the exam and send it again."
)
NO_REASON = gettext_noop("Explain why the value is corrected. The reason is recorded.")
LONG_REASON = gettext_noop("The reason may have %(limit)d characters. Shorten it.")
NAMES_IN_REASON = gettext_noop("The reason may identify somebody. Write it without names, numbers and dates.")
NOT_YOURS = gettext_noop("Only people of the exam's centre and organisers correct its values.")
FROZEN = gettext_noop("The sets are frozen: only an organiser can correct this exam now. Write to the organisers.")
NOT_NOW = gettext_noop(
    "This exam cannot be corrected in its present state. Wait until it is decided, or send it again."
)
SENT_AGAIN = gettext_noop("This exam was sent again meanwhile. Correct the newer one.")
WAITS = gettext_noop("A correction of this field waits for an organiser. It is decided first.")
NOTHING_NEW = gettext_noop("This is the value that the exam already has. Nothing was changed.")
DECIDED = gettext_noop("This correction is already decided. Reload the page to see the decision.")
SAME_PERSON = gettext_noop("You proposed this correction. A second organiser has to confirm it.")
NO_NOTE = gettext_noop("Explain why the correction is rejected.")
REJECTED = gettext_noop("The correction of “%(field)s” was rejected: %(note)s")


class CorrectionWaitsError(MoveNotAllowedError):
    reason = "correction_waits"


def correctable_fields(spec: QuestionSpec) -> list[FieldSpec]:
    """What a person can correct; what is derived from a table or measured on a mask follows by itself."""
    return [field for field in spec.data.fields.values() if field.derive is None and not field.measured_from]


def scope_of(exam: Exam) -> Correction.Scope:
    """What is fixed of the exam at this moment."""
    if any(call_hook("truth_is_sealed", exam)):
        return SCOPE.SEALED
    return SCOPE.FROZEN if any(call_hook("exam_is_fixed", exam)) else SCOPE.OPEN


def may_correct(user: Actor, exam: Exam, scope: Correction.Scope) -> bool:
    if has_role(user, exam.question.challenge, Role.Kind.ORGANISER):
        return True
    return scope == SCOPE.OPEN and exam.centre.memberships.filter(user=person_of(user)).exists()


def is_correctable(exam: Exam) -> bool:
    """Whether its state allows a correction: it is included, it waits at quality control, or only its values were refused."""
    if not exam.bundle_key:
        return False
    if exam.state in INCLUDED:
        return True
    if exam.state == Exam.State.REVIEW:
        waiting = list(exam.reviews.filter(state=Review.State.OPEN))
        return bool(waiting) and all(review.stage == "check_quality" and not review.choices for review in waiting)
    return exam.state == Exam.State.REFUSED and _only_values_are_wrong(exam)


def _only_values_are_wrong(exam: Exam) -> bool:
    """The exam was refused by quality control, for nothing but its values, tables and masks."""
    newest = exam.quality_checks.order_by("-number").first()
    if newest is None or newest.outcome != "refuse":
        return False
    fields = spec_of(exam.question).data.fields
    return all(judgement["where"] in fields for judgement in newest.judgements if judgement["outcome"] == "refuse")


def correct(*, exam: Exam, field: str, actor: Actor, reason: str, sent: SentCorrection) -> Correction:
    """A new value or file for `field`. It holds at once, or waits for an organiser: see `Correction.state` of what is returned.

    Raises NotAllowedError, InvalidInputError with every reason, MoveNotAllowedError, CorrectionWaitsError.
    """
    _require_may_correct(actor, exam, scope_of(exam))
    _require_correctable(exam)
    _checked_field(spec_of(exam.question), field)
    words = _checked_reason(reason)
    with lease_folder("correct") as folder:
        examined = examine_correction(exam, field, sent, folder)
        blob = put_file("exams", f"exam-{exam.pk}", examined.file, move=True) if examined.file else None
    try:
        return _record(exam, field, actor, words, examined, blob)
    except BaseException:
        _drop(exam, blob)
        raise


def _checked_field(spec: QuestionSpec, field: str) -> FieldSpec:
    declared = next((candidate for candidate in correctable_fields(spec) if candidate.name == field), None)
    if declared is None:
        raise InvalidInputError(NO_FIELD, field=field)
    if declared.type == "date":
        raise InvalidInputError(NO_DATE)
    return declared


def _checked_reason(reason: str) -> str:
    """Teams read the reason, and the audit trail keeps it: it tells of nobody."""
    words = " ".join(reason.split())
    if not words:
        raise InvalidInputError(NO_REASON)
    if len(words) > LONGEST_REASON:
        raise InvalidInputError(LONG_REASON, limit=LONGEST_REASON)
    if any(piece.state == "removed" for piece in examine_text(words)):
        raise InvalidInputError(NAMES_IN_REASON)
    return words


def _require_may_correct(actor: Actor, exam: Exam, scope: Correction.Scope) -> None:
    if may_correct(actor, exam, scope):
        return
    own = exam.centre.memberships.filter(user=person_of(actor)).exists()
    raise NotAllowedError(FROZEN if own else NOT_YOURS)


def _require_correctable(exam: Exam) -> None:
    if not is_correctable(exam):
        raise MoveNotAllowedError(NOT_NOW)
    same = Exam.objects.filter(question=exam.question, content_hash=exam.content_hash).exclude(pk=exam.pk)
    living = same.exclude(content_hash="").exclude(state__in=[Exam.State.REFUSED, Exam.State.WITHDRAWN])
    if exam.state == Exam.State.REFUSED and living.exists():
        raise MoveNotAllowedError(SENT_AGAIN)


def _record(
    exam: Exam, field: str, actor: Actor, reason: str, examined: ExaminedCorrection, blob: Blob | None
) -> Correction:
    """The row, and what follows where nobody else has to decide. The exam is held: corrections of one exam go one by one."""
    with transaction.atomic():
        current = _held(exam)
        scope = scope_of(current)
        _require_may_correct(actor, current, scope)
        _require_correctable(current)
        if current.corrections.filter(field=field, state=STATE.PROPOSED).exists():
            raise CorrectionWaitsError(WAITS)
        newest = current.annotations.filter(field=field, is_chosen=True).first()
        _require_new(newest, examined, blob)
        if blob is not None:
            keep_object("exams", blob.key)
        correction = Correction.objects.create(
            exam=current,
            field=field,
            value=examined.value,
            blob_key=blob.key if blob else "",
            blob_name=examined.ending,
            sha256=blob.sha256 if blob else "",
            texts=[text.to_json() for text in examined.texts],
            points=[point.to_json() for point in examined.points],
            before=newest.version if newest else 0,
            reason=reason,
            scope=scope,
            proposed_by=require_person(actor),
            proposed_at=database_now(),
        )
        record(
            verb="correction proposed",
            subject=correction,
            actor=actor,
            reason=reason,
            detail={"exam": str(exam.pk), "field": field, "scope": str(scope)},
            challenge_id=current.challenge_id,
        )
        if scope != SCOPE.SEALED and not examined.waits:
            apply_correction(correction, actor, keep=(), rechecked=examined.rechecked)
    return correction


def _held(exam: Exam) -> Exam:
    """The exam as it is now, held, its open reviews first. Workers that read its annotations this moment are overtaken, so that a
    truth which is being sealed is either seen by `scope_of`, or made with what is decided here.
    """
    list(exam.reviews.filter(state=Review.State.OPEN).select_for_update(of=("self",), no_key=True).order_by("pk"))
    current = locked(exam, "question__challenge", "centre")
    call_hook("correction_begins", str(exam.pk))
    return current


def _require_new(newest: Annotation | None, examined: ExaminedCorrection, blob: Blob | None) -> None:
    if newest is None:
        return
    same_file = blob is not None and newest.sha256 == blob.sha256
    same_value = blob is None and newest.sealed_at is None and newest.value == examined.value
    if same_file or same_value:
        raise InvalidInputError(NOTHING_NEW)


def _drop(exam: Exam, blob: Blob | None) -> None:
    """The file of a correction that was not recorded goes, unless an annotation or another correction has the same bytes."""
    if blob is None:
        return
    with transaction.atomic():
        locked(exam)
        held = (
            exam.annotations.filter(blob_key=blob.key).exists() or exam.corrections.filter(blob_key=blob.key).exists()
        )
        if not held:
            erase_after_commit([("exams", blob.key)])


def confirm_correction(*, correction: Correction, actor: Actor, note: str = "", keep: Collection[str] = ()) -> None:
    """An organiser decides that it holds; of the unsure words of its texts those in `keep` stay. The first decision counts.

    Raises NotAllowedError where the truth is sealed and the actor is who proposed it.
    """
    require_organiser(actor, correction.exam.question.challenge)
    with transaction.atomic():
        exam = _held(correction.exam)
        current = _undecided(correction)
        current.exam = exam
        _require_correctable(exam)
        current.scope, current.note = scope_of(exam), note.strip()[:LONGEST_REASON]
        if current.scope == SCOPE.SEALED and require_person(actor).pk == current.proposed_by_id:
            raise NotAllowedError(SAME_PERSON)
        apply_correction(current, actor, keep=keep)
    correction.refresh_from_db()


def reject_correction(*, correction: Correction, actor: Actor, note: str) -> None:
    """Nothing changes; the value that was proposed is erased."""
    require_organiser(actor, correction.exam.question.challenge)
    words = " ".join(note.split())[:LONGEST_REASON]
    if not words:
        raise InvalidInputError(NO_NOTE)
    with transaction.atomic():
        exam = locked(correction.exam, "question__challenge")
        current = _undecided(correction)
        key = current.blob_key
        settle_correction(current, STATE.REJECTED, actor, note=words)
        if key and not Annotation.objects.filter(exam=exam, blob_key=key).exists():
            erase_after_commit([("exams", key)])
        values = {"field": current.field, "note": words}
        tell(exam, stage="correct", state="rejected", template=REJECTED, values=values)
    correction.refresh_from_db()


def _undecided(correction: Correction) -> Correction:
    """The proposed correction, held. Raises MoveNotAllowedError where it is decided."""
    current = locked(correction, "exam__question__challenge", "proposed_by")
    if current.state != STATE.PROPOSED:
        raise MoveNotAllowedError(DECIDED)
    return current
