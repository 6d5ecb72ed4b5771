"""An exam or a whole centre leaves: what is kept of it is erased, and each app above answers the event for its own rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from challenges.models import Centre, Role
from challenges.permissions import has_role
from concours.formats.json import Json, JsonObject
from core.actors import Actor, person_of
from core.audit import record
from core.claims import Claim
from core.clock import database_now
from core.erasure import erase_after_commit, is_erased
from core.errors import InvalidInputError, NotAllowedError
from core.locks import locked
from core.moves import done_before, move
from core.progress import progress_of, tell
from core.registry import call_hook
from core.work import cancel_all, enqueue
from uploads.models import Exam, Patient, Upload
from uploads.store import settled_metadata

# A list and no free text: what is typed about a patient who leaves would stay for ever.
REASONS: dict[str, str | Promise] = {
    "patient_objects": _("The patient objects or withdrew consent"),
    "consent_missing": _("The information letter was not given"),
    "wrong_patient": _("The images or values are of another patient"),
    "sent_by_mistake": _("The exam was sent by mistake"),
    "faulty_data": _("The images, annotations or values are faulty"),
    "centre_leaves": _("The centre leaves the challenge"),
    "other": _("Another reason"),
}


@dataclass(frozen=True)
class BatchWithdrawal:
    """What one app has done and has still to do about an exam that left a batch: of its archive, its truth, its downloads."""

    name: str
    ready: bool  # the batch is made again without the exam
    erased: bool
    requests: int = 0  # people who were asked to delete their copy
    attested: int = 0


@dataclass(frozen=True)
class ExamWithdrawal:
    """What the page of a withdrawn exam may claim. `batches` and `ready` count the batches that it left and those made again.

    `named` is the same for each batch, whose names tell its part: for organisers, None for everybody else.
    """

    reason: str
    erased: bool
    batches: int
    ready: int
    requests: int
    attested: int
    named: tuple[BatchWithdrawal, ...] | None = None

    def to_json(self) -> JsonObject:
        document = asdict(self)
        if self.named is None:
            del document["named"]
        return document


def withdraw_exam(*, exam: Exam, actor: Actor, reason: str) -> None:
    """Withdraws the exam for one of `REASONS`; other words are not kept and count as `other`.

    Its rows are emptied in this transaction and its objects entered for erasure. Batches, truths and boards follow: those of
    apps above answer "exam_withdrawn". The pseudonym stays in the audit trail alone.
    """
    code = _code_of(reason)
    if done_before(exam, Exam.State.WITHDRAWN):
        return
    with transaction.atomic():
        cancel_all(exam)
        current = locked(exam, "question", "patient", "upload")
        pseudonym = current.patient.pseudonym if current.patient else ""
        move(
            current,
            Exam.State.WITHDRAWN,
            actor=actor,
            code=code,
            detail={"pseudonym": pseudonym} if pseudonym else None,
            decided_at=database_now(),
        )
        call_hook("exam_withdrawn", str(exam.pk))
        _empty_rows(current)
        tell(current, stage="withdraw", state="withdrawn", reason=code)
        erase_after_commit((store, _owner(exam)) for store in ("quarantine", "exams", "sealed"))
    exam.refresh_from_db()


def _code_of(reason: str) -> str:
    if not reason.strip():
        raise InvalidInputError(gettext_noop("Choose the reason of the withdrawal from the list."))
    return reason if reason in REASONS else "other"


def _owner(exam: Exam) -> str:
    return f"exam-{exam.pk}/"


def _empty_rows(exam: Exam) -> None:
    """What this app keeps of the exam: values, series, hashes, names, and the patient once no other exam is of the same one."""
    exam.annotations.all().delete()
    exam.series.all().delete()
    progress_of(exam).delete()
    patient_id = exam.patient_id
    texts = ("content_hash", "similarity_hash", "quarantine_key", "bundle_key", "bundle_sha256", "sent_folder")
    changes: dict[str, Json] = dict.fromkeys(texts, "")
    Exam.objects.filter(pk=exam.pk).update(**changes, patient=None, bundle_bytes=0, face_possible=False)
    if patient_id is not None and not Exam.objects.filter(patient_id=patient_id).exists():
        Patient.objects.filter(pk=patient_id).delete()
    if exam.upload is not None and exam.upload_id is not None:
        Upload.objects.filter(pk=exam.upload_id).update(
            metadata=settled_metadata(exam.upload), source_name="", faults=[], notes=[]
        )


def withdrawal_of(exam: Exam, *, by_batch: bool) -> ExamWithdrawal | None:
    """The withdrawal of an exam as far as it got, with its batches for organisers; None for an exam that was not withdrawn."""
    if exam.state != Exam.State.WITHDRAWN:
        return None
    named: list[BatchWithdrawal] = [row for rows in call_hook("withdrawal_progress", str(exam.pk)) for row in rows]
    batches = {row.name for row in named}
    return ExamWithdrawal(
        reason=str(REASONS.get(exam.reason, exam.reason)),
        erased=is_erased([_owner(exam)]) and all(row.erased for row in named),
        batches=len(batches),
        ready=len(batches - {row.name for row in named if not row.ready}),
        requests=sum(row.requests for row in named),
        attested=sum(row.attested for row in named),
        named=tuple(named) if by_batch else None,
    )


def withdraw_centre(*, centre: Centre, actor: Actor, reason: str) -> None:
    """Every exam of the centre leaves, for one reason, and it sends nothing more. Its own people or an organiser decide."""
    code = _code_of(reason)
    if not (
        centre.memberships.filter(user=person_of(actor)).exists()
        or has_role(actor, centre.challenge, Role.Kind.ORGANISER)
    ):
        raise NotAllowedError(gettext_noop("Only people of this centre or an organiser can withdraw it."))
    with transaction.atomic():
        enqueue("withdraw_centre", str(centre.pk), challenge_id=centre.challenge_id)
        current = locked(centre)
        if current.withdrawn_at is not None:  # asked for again: whatever came since leaves as well
            centre.refresh_from_db()
            return
        Centre.objects.filter(pk=centre.pk).update(
            withdrawn_at=database_now(), withdrawn_by=actor, withdrawal_reason=code
        )
        record(verb="centre withdrawn", subject=centre, actor=actor, reason=code, challenge_id=centre.challenge_id)
    centre.refresh_from_db()


def withdraw_exams_of_centre(claim: Claim) -> None:
    """The stage's function: one exam after the other, each in its own transaction, so that it can stop and start anywhere."""
    centre = Centre.objects.select_related("withdrawn_by").get(pk=claim.subject_id)
    living = Exam.objects.filter(centre=centre).exclude(state=Exam.State.WITHDRAWN)
    while (exam := living.select_related("question").order_by("pk").first()) is not None:
        withdraw_exam(exam=exam, actor=centre.withdrawn_by, reason=centre.withdrawal_reason)
        claim.beat()
    with claim.finish():
        return
