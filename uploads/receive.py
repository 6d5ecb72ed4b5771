"""Stage 1, receive: what a centre sent becomes exams, each with its originals in the quarantine."""

from __future__ import annotations

import uuid
from pathlib import Path, PurePosixPath

from django.utils.translation import gettext_noop

from challenges.frame import spec_of
from concours.formats.child import ChildFailedError, run_limited
from concours.formats.fault import Fault, FormatError
from concours.questions.schema import QuestionSpec
from concours.study.grouping import GroupedExam, SetAside, group_exams, header_of
from concours.study.originals import pack_originals
from concours.study.sent import SentFile
from core.claims import Claim
from core.erasure import erase_after_commit
from core.locks import locked, next_number
from core.moves import move
from core.progress import tell, tell_fault
from core.scanner import scan_file
from core.storage import Blob, put_file
from core.temporary import lease_folder
from core.work import enqueue
from uploads import staging
from uploads.cases import read_cases
from uploads.exams import refuse_exam
from uploads.models import Consent, Exam, Upload
from uploads.new_exam import NewExam, ReceivedUpload, content_hash, form_values
from uploads.prepared import is_prepared
from uploads.store import complete_group, settled_metadata

LIMITS = {"bytes": 20_000_000_000, "unpacked_bytes": 40_000_000_000, "entries": 20_000}
FOLDER_LENGTH = 255

NO_LETTER = gettext_noop(
    "The information letter was not given, or the patient refused. Only exams of informed patients can be included."
)
DUPLICATE = gettext_noop("The same exam has already been sent. Nothing to do; this copy is not counted.")
DUPLICATE_OWN = gettext_noop(
    "The same exam has already been sent: it is your exam %(number)s. Nothing to do; this copy is not counted."
)
CENTRE_LEFT = gettext_noop("This centre has left the challenge; nothing was kept of this upload.")
CONFLICT = gettext_noop(
    "Two files have the same instance UID but different contents. An organiser will review them; "
    "keep the original in the PACS."
)


class StrayFileError(RuntimeError):
    """A child that read a stranger's bytes answered with a path of somebody else's."""


def receive_upload(claim: Claim) -> None:
    """The stage's function: one upload, or all uploads of a group of loose files."""
    upload = Upload.objects.select_related("question__challenge", "centre", "owner").get(pk=claim.subject_id)
    uploads = complete_group(upload)
    if upload.state != Upload.State.STORED or uploads is None:
        with claim.finish():
            return
    upload = uploads[0]  # whichever of a group's uploads asked: two workers write the same exams
    with lease_folder("receive") as folder:
        spec = spec_of(upload.target_question)
        try:
            for row in uploads:
                scan_file(staging.staging_path(row.pk), row.source_name or "upload")
            read = _read_images if spec.data.images else read_cases
            delivery = read(uploads, folder, spec, LIMITS)
        except FormatError as error:
            _refuse(claim, uploads, list(error.faults), [])
            return
        if not delivery.exams:
            _refuse(claim, uploads, delivery.faults, delivery.notes)
            return
        with claim.finish():
            if not _still_stored(uploads):
                return
            if upload.centre is not None and locked(upload.centre).withdrawn_at is not None:
                erase_after_commit(("quarantine", f"exam-{new.id}/") for new in delivery.exams)
                _refuse_rows(uploads, [Fault("centre_withdrawn", "", CENTRE_LEFT)], [])
            else:
                _receive_rows(uploads, delivery)
    for row in uploads:
        staging.discard(staging.staging_path(row.pk))


def _receive_rows(uploads: list[Upload], delivery: ReceivedUpload) -> None:
    for new in delivery.exams:
        _create_exam(uploads[0], new)
    for row in uploads:
        first = row.pk == uploads[0].pk  # what is said of the delivery is said once
        move(
            row,
            Upload.State.RECEIVED,
            metadata=settled_metadata(row),
            faults=[fault.to_json() for fault in delivery.faults] if first else [],
            notes=[note.to_json() for note in delivery.notes] if first else [],
        )


def _still_stored(uploads: list[Upload]) -> bool:
    """Locks the uploads. False where another worker received or refused them meanwhile: its outcome stands."""
    rows = Upload.objects.select_for_update().filter(pk__in=[upload.pk for upload in uploads]).order_by("pk")
    return all(row.state == Upload.State.STORED for row in rows)


def _read_images(uploads: list[Upload], folder: Path, spec: QuestionSpec, limits: dict[str, int]) -> ReceivedUpload:
    """Exams by patient and study. Raises FormatError where nothing of the delivery can be read."""
    prepared = is_prepared(uploads)
    grouping = group_exams(_sort(uploads, folder, spec, limits), spec)
    exams = [_new_exam(uploads[0], draft, folder, spec, prepared) for draft in grouping.drafts]
    return ReceivedUpload(exams, grouping.faults, grouping.aside)


def _new_exam(upload: Upload, draft: GroupedExam, folder: Path, spec: QuestionSpec, prepared: bool) -> NewExam:
    exam_id, blob = _quarantine(upload, draft, folder, spec, prepared)
    parts = sorted(f"{header_of(file).instance} {file.sha256}" for file in draft.dicom)
    content = content_hash(upload.target_question, parts)
    called = "" if prepared else _folder_of(upload, draft)
    return NewExam(exam_id, blob, content, called, draft.faults, draft.conflicts)


def _sort(uploads: list[Upload], folder: str | Path, spec: QuestionSpec, limits: dict[str, int]) -> list[SentFile]:
    paths = [str(staging.staging_path(upload.pk)) for upload in uploads]
    names = [upload.source_name or "upload" for upload in uploads]
    modalities = sorted({modality.upper() for image in spec.data.images.values() for modality in image.modality})
    try:
        answer = run_limited(
            "concours.study.sorting:sort", paths, names, str(folder), limits, modalities, read=paths, write=[folder]
        )
    except ChildFailedError as error:
        if not all(Path(path).exists() for path in paths):  # another worker received the group meanwhile
            raise FileNotFoundError from error
        raise
    files = [SentFile.from_json(file) for file in answer]
    for file in files:
        if file.path not in paths and Path(folder).resolve() not in Path(file.path).resolve().parents:
            raise StrayFileError("the child names a file that is not of this upload")
    return files


def _quarantine(
    upload: Upload, draft: GroupedExam, folder: Path, spec: QuestionSpec, prepared: bool
) -> tuple[uuid.UUID, Blob]:
    """One stored zip with originals under our own names, byte for byte the same whenever it is made again."""
    digests = sorted(file.sha256 for file in draft.dicom)
    exam_id = uuid.uuid5(upload.pk, "\n".join([draft.patient, draft.study, *digests]))
    path = folder / f"{exam_id}.zip"
    pack_originals(path, draft, spec, form_values(upload), prepared=prepared)
    return exam_id, put_file("quarantine", f"exam-{exam_id}", path, move=True)


def _duplicate_of(exam: Exam, first: Exam | None) -> Fault:
    """The exam is a copy of `first`; None where its first copy came from another centre, of which this one may know nothing."""
    where = f"exam {exam.number}"
    if first is None:
        return Fault("duplicate_exam", where, DUPLICATE)
    return Fault("duplicate_exam", where, DUPLICATE_OWN, {"number": first.number})


def _create_exam(upload: Upload, new: NewExam) -> None:
    """Inside the last transaction: the exam, its consent, its first progress, and what comes next."""
    assert upload.centre is not None
    # One exam of a question at a time: two workers that received the same images would both find none of them before.
    number = next_number(
        Exam.objects.filter(question=upload.target_question, centre=upload.centre), parent=upload.target_question
    )
    exam = Exam.objects.create(
        id=new.id,
        question=upload.target_question,
        centre=upload.centre,
        upload=upload,
        uploaded_by=upload.owner,
        number=number,
        quarantine_key=new.blob.key,
        sent_folder=new.called[:FOLDER_LENGTH],
    )
    informed = upload.metadata.get("letter_given") == "1"
    refused = upload.metadata.get("refused") == "1"
    Consent.objects.create(exam=exam, letter_given=informed or refused, refused=refused, recorded_by=upload.owner)
    tell(exam, stage="receive", state="received")
    for fault in new.faults:
        tell_fault(exam, fault, stage="receive", state="fault")
    living = Exam.objects.filter(question=upload.target_question, content_hash=new.content).exclude(
        state__in=["refused", "withdrawn"]
    )
    if not informed or refused:
        refuse_exam(exam, stage="receive", faults=[Fault("consent_missing", f"exam {exam.number}", NO_LETTER)])
    elif living.exists():
        refuse_exam(
            exam,
            stage="receive",
            faults=[_duplicate_of(exam, living.filter(centre=exam.centre).order_by("number").first())],
        )
    else:
        Exam.objects.filter(pk=exam.pk).update(content_hash=new.content)
        if new.conflicts:
            tell(exam, stage="receive", state="fault", reason="duplicate_file", template=CONFLICT)
        enqueue("deidentify", exam, challenge_id=upload.challenge_id)


def _folder_of(upload: Upload, draft: GroupedExam) -> str:
    """What its centre calls the exam: the name of the upload without its ending, and the folder in it."""
    name = PurePosixPath(upload.source_name).name
    stem = name[: -len(".zip")] if name.lower().endswith(".zip") else ""
    return "/".join(part for part in (stem, draft.folder()) if part)[:FOLDER_LENGTH]


def _refuse(claim: Claim, uploads: list[Upload], faults: list[Fault], notes: list[SetAside]) -> None:
    """Nothing of this delivery can be used: every reason at once, and the bytes go."""
    with claim.finish():
        if not _still_stored(uploads):
            return
        _refuse_rows(uploads, faults, notes)
    for upload in uploads:
        staging.discard(staging.staging_path(upload.pk))


def _refuse_rows(uploads: list[Upload], faults: list[Fault], notes: list[SetAside]) -> None:
    for upload in uploads:
        first = upload.pk == uploads[0].pk
        move(
            upload,
            Upload.State.REFUSED,
            code=faults[0].reason,
            metadata=settled_metadata(upload),
            faults=[fault.to_json() for fault in faults] if first else [],
            notes=[note.to_json() for note in notes] if first else [],
        )


def receive_failed(subject_id: str, reason: str) -> None:
    """The platform's own fault, after every try: the centre is told, the bytes stay, a person can try again."""
    upload = Upload.objects.get(pk=subject_id)
    template = gettext_noop(
        "The platform could not read this upload. Nothing is lost; the organisers have been informed."
    )
    tell(upload, stage="receive", state="failed", template=template)
