"""Stage 2, de-identify: originals leave the quarantine clean, are looked at a second time, or wait for a person."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from anonymization.annotate import write_annotations, write_values
from anonymization.models import Deidentification, Review
from anonymization.points import ReviewPoint
from anonymization.texts import apply_early_decisions, keep_texts
from challenges.frame import spec_of
from challenges.keys import key_of_centre
from concours.deid.provenance import engine_version, profile_sha256
from concours.formats.fault import Fault, FormatError
from concours.formats.json import Json
from concours.study.clean_exam import Clean, clean_exam, pack_clean
from concours.study.cleaned import CleanedFile
from core.claims import Claim
from core.locks import next_number
from core.moves import move
from core.progress import tell, tell_fault
from core.storage import Blob, erase_owner, local_copy, put_file
from core.temporary import lease_folder
from core.work import enqueue
from uploads.exams import refuse_exam
from uploads.models import Exam, Instance, Patient, Series
from uploads.receive import CONFLICT

FILE_REFUSED = gettext_noop("%(file)s was refused: %(detail)s Export it from the PACS again and resend the exam.")
FILE_LEFT_OUT = gettext_noop("%(file)s was refused: %(detail)s The rest of the exam is processed.")
NOTHING_LEFT = gettext_noop("No file of this exam can be used. Export the exam from the PACS again and resend it.")
MERGED = gettext_noop(
    "Files that differed from another one only in what de-identification removes were kept once: %(count)s."
)
LOOK_TEXT = gettext_noop("The image may contain burned-in text. An organiser will review it.")
LOOK_LEFT = gettext_noop("This exam may still contain identifying information. An organiser will review it.")
LOOK_KIND = gettext_noop("This type of object requires manual review.")
LOOK_WORDS = gettext_noop(
    "A text of this exam has words that may identify somebody. An organiser will decide about them."
)
LOOK = {"burned_in_text": LOOK_TEXT, "residual_identifier": LOOK_LEFT}


def deidentify_exam(claim: Claim) -> None:
    """The stage's function: engine and second check in one limited child, then one short transaction."""
    exam = Exam.objects.select_related("question__challenge", "centre", "uploaded_by").get(pk=claim.subject_id)
    if exam.state != Exam.State.RECEIVED:
        if exam.state == Exam.State.WITHDRAWN:  # perhaps while an earlier try was writing
            erase_owner("exams", f"exam-{exam.pk}")
        with claim.finish():
            return
    spec = spec_of(exam.question)
    with lease_folder("deidentify") as folder:
        try:
            with local_copy("quarantine", exam.quarantine_key) as path:
                clean = clean_exam(path, folder, key_of_centre(exam.centre).secret, spec)
        except FormatError as error:
            with claim.finish():
                refuse_exam(exam, stage="deidentify", faults=list(error.faults))
            return
        faults = _faults(clean)
        if not clean.usable and spec.data.images:
            with claim.finish():
                _record(exam, clean, "refused")
                refuse_exam(exam, stage="deidentify", faults=faults or [Fault("no_pixels", "exam", NOTHING_LEFT)])
            return
        bundle = put_file("exams", f"exam-{exam.pk}", pack_clean(clean), move=True)
        masks = write_annotations(exam, clean.folder / "annotations", clean.answer.annotations)
        with claim.finish():
            write_values(exam, spec, masks, clean.answer.values)
            _settle(exam, clean, bundle, faults)


def _faults(clean: Clean) -> list[Fault]:
    faults = []
    for file in clean.answer.files:
        if file.is_refused:
            name = file.called or file.source
            template = FILE_LEFT_OUT if clean.usable else FILE_REFUSED
            faults.append(Fault(file.reason, name, template, {"file": name, "detail": file.detail}))
    return faults


def _settle(exam: Exam, clean: Clean, bundle: Blob, faults: list[Fault]) -> None:
    """Inside the last transaction: rows for what is there now, and the exam goes on or waits for a person."""
    patient, _ = Patient.objects.get_or_create(challenge=exam.question.challenge, pseudonym=clean.answer.pseudonym)
    _write_instances(exam, clean)
    points = _points(clean)
    texts = list(clean.answer.texts)
    if keep_texts(exam, texts):
        points.append(ReviewPoint("residual_identifier", LOOK_WORDS, "text"))
    apply_early_decisions(exam, texts)
    _record(exam, clean, "review" if points else "written")
    changes: dict[str, Json] = {
        "patient": patient,
        "bundle_key": bundle.key,
        "bundle_sha256": bundle.sha256,
        "bundle_bytes": bundle.size,
        "study_uid": next((file.study for file in clean.usable), ""),
        "face_possible": any(file.face_possible for file in clean.usable),
    }
    for fault in [*faults, *clean.answer.faults]:
        tell_fault(exam, fault, stage="deidentify", state="fault")
    if clean.merged:
        tell(exam, stage="deidentify", state="note", template=MERGED, values={"count": clean.merged})
    challenge_id = exam.question.challenge_id
    if points:
        boxes = [{"file": file.place, **box} for file in clean.usable for box in file.boxes]
        move(exam, Exam.State.REVIEW, code=points[0].reason, **changes)
        listed = [point.to_json() for point in points]
        Review.objects.create(exam=exam, stage="deidentify", points=listed, boxes=boxes)
        tell(exam, stage="deidentify", state="review", reason=points[0].reason, template=points[0].template)
        return
    move(exam, Exam.State.DEIDENTIFIED, **changes)
    tell(exam, stage="deidentify", state="deidentified")
    enqueue("check_quality", exam, challenge_id=challenge_id)


def _points(clean: Clean) -> list[ReviewPoint]:
    """Why a person must look: what the engine is not sure of, and every finding of the second check."""
    points = []
    for file in clean.answer.files:
        if file.needs_review:
            points.append(ReviewPoint(file.reason, LOOK.get(file.reason, LOOK_KIND), file.place))
    for file in clean.usable:
        if file.has_second_content:
            points.append(ReviewPoint("duplicate_file", CONFLICT, file.place))
    for finding in clean.answer.findings:
        where = f"{finding['where']} ({finding['kind']})"
        points.append(ReviewPoint("residual_identifier", LOOK_LEFT, where))
    return points


def _write_instances(exam: Exam, clean: Clean) -> None:
    exam.series.all().delete()
    by_series: dict[str, list[CleanedFile]] = {}
    for file in sorted(clean.usable, key=lambda file: file.output):
        by_series.setdefault(file.series, []).append(file)
    for uid, files in by_series.items():
        series = Series.objects.create(
            exam=exam,
            series_uid=uid,
            role="" if files[0].image == "-" else files[0].image,
            instance_count=len(files),
        )
        Instance.objects.bulk_create(
            Instance(
                series=series,
                sop_uid=file.sop,
                position=number,
                sha256=file.sha256,
                size=clean.sizes[file.output],
            )
            for number, file in enumerate(files)
        )


def _record(exam: Exam, clean: Clean, outcome: str) -> None:
    Deidentification.objects.create(
        exam=exam,
        number=next_number(exam.deidentifications, parent=exam),
        outcome=outcome,
        engine_version=engine_version(),
        profile_sha256=profile_sha256(keep=spec_of(exam.question).deidentification.keep),
        report={
            "files": [file.without_name().to_json() for file in clean.answer.files],
            "values": [fault.to_json() for fault in clean.answer.faults],
        },
        findings=[dict(finding) for finding in clean.answer.findings],
    )


def deidentification_failed(subject_id: str, reason: str) -> None:
    """The platform's own fault after every try: the exam stays where it is, and a person can try again."""
    exam = Exam.objects.get(pk=subject_id)
    template = gettext_noop(
        "The platform could not de-identify this exam. Nothing is lost; the organisers have been informed."
    )
    tell(exam, stage="deidentify", state="failed", template=template)
