"""Stage 1, receive: what a centre sent becomes exams, each with its originals in the quarantine."""

from __future__ import annotations

import hashlib
import hmac
import json
import tempfile
import uuid
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_noop

from challenges.frame import spec_of
from challenges.keys import challenge_key
from challenges.models import Centre
from challenges.spec import QuestionSpec
from core.clock import database_now
from core.moves import move
from core.progress import tell, tell_fault
from core.storage import Blob, hash_file, put_file
from core.work import Claim, enqueue
from formats.child import run_limited
from formats.fault import Fault, FormatError
from formats.stored import CHUNK, Stored, pack
from uploads import staging
from uploads.models import Consent, Exam, Upload

MASK_ENDINGS = (".nii.gz", ".nii", ".seg.nrrd", ".nrrd", ".png", ".npy")
TABLE_ENDINGS = (".csv", ".xlsx")
LIMITS = {"bytes": 20_000_000_000, "unpacked_bytes": 40_000_000_000, "entries": 20_000}
ZIP_MOMENT = (1980, 1, 1, 0, 0, 0)

NO_EXAM = gettext_noop("No usable DICOM file was found. Send the folder that the PACS exports for one exam.")
NO_LETTER = gettext_noop(
    "The information letter was not given, or the patient refused. Only exams of patients who were informed may take part."
)
DUPLICATE = gettext_noop("The same images were sent before. Nothing needs to be done; this copy is not counted.")
CONFLICT = gettext_noop(
    "Two files carry the same instance UID but not the same bytes. An organiser will look; keep the original in the PACS."
)
UNPLACED = gettext_noop("'%(name)s' belongs to no single exam of this upload. Put it into the folder of its exam.")


class StrayFileError(RuntimeError):
    """A child that read a stranger's bytes answered with a path of somebody else's."""


@dataclass
class Draft:
    """One exam as the sorted files show it."""

    patient: str
    study: str
    dicom: list[dict[str, Any]] = field(default_factory=list)
    annotations: dict[str, dict[str, Any]] = field(default_factory=dict)  # field: file
    tables: list[dict[str, Any]] = field(default_factory=list)
    conflicts: int = 0
    instances: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # SOP instance UID: files that bear it
    faults: list[Fault] = field(default_factory=list)  # of its own annotations

    def folders(self) -> set[PurePosixPath]:
        return {PurePosixPath(file["name"]).parent for file in self.dicom}


def receive_upload(claim: Claim) -> None:
    """The stage's function: one upload, or all uploads of a group of loose files."""
    upload = Upload.objects.select_related("question__challenge", "centre", "owner").get(pk=claim.subject_id)
    uploads = _group(upload)
    if upload.state != Upload.State.STORED or uploads is None:
        with claim.finish():
            return
    with tempfile.TemporaryDirectory(prefix="concours-receive-") as folder:
        try:
            files, faults = _sort(uploads, folder)
        except FormatError as error:
            _refuse(claim, uploads, list(error.faults))
            return
        spec = spec_of(upload.question)
        drafts, more = group_exams(files, spec)
        faults += more
        if not drafts:
            _refuse(claim, uploads, faults or [Fault("not_dicom", "upload", NO_EXAM)])
            return
        blobs = [(draft, *_quarantine(upload, draft, Path(folder), spec)) for draft in drafts]
        with claim.finish():
            for draft, exam_id, blob in blobs:
                _create_exam(upload, draft, exam_id, blob, faults_of(draft, faults, drafts))
            for one in uploads:
                move(
                    one,
                    Upload.State.RECEIVED,
                    allowed=Upload.MOVES,
                    challenge_id=upload.question.challenge_id,
                    faults=[fault.to_json() for fault in faults],
                )
    for one in uploads:
        staging.discard(staging.staging_path(one.pk))


def _group(upload: Upload) -> list[Upload] | None:
    """The uploads that make one delivery; None while some of them are still on their way."""
    group = upload.metadata.get("group")
    if not group:
        return [upload]
    together = Upload.objects.filter(
        owner=upload.owner, question=upload.question, centre=upload.centre, kind=Upload.Kind.EXAM, metadata__group=group
    ).exclude(state=Upload.State.EXPIRED)
    rows = list(together.select_related("question__challenge", "centre", "owner").order_by("created_at", "id"))
    expected = str(upload.metadata.get("group_size", ""))
    complete = len(rows) == (int(expected) if expected.isdigit() else 0) and all(
        row.state == Upload.State.STORED for row in rows
    )
    return rows if complete else None


def _sort(uploads: list[Upload], folder: str) -> tuple[list[dict[str, Any]], list[Fault]]:
    paths = [str(staging.staging_path(upload.pk)) for upload in uploads]
    names = [upload.source_name or "upload" for upload in uploads]
    answer = run_limited(
        "uploads.sorting:sort",
        paths,
        names,
        folder,
        LIMITS,
        [*MASK_ENDINGS, *TABLE_ENDINGS, ".json"],
        read=paths,
        write=[folder],
    )
    for file in answer["files"]:
        if file["path"] not in paths and Path(folder).resolve() not in Path(file["path"]).resolve().parents:
            raise StrayFileError("the child names a file that is not of this upload")
    return answer["files"], [Fault.from_json(fault) for fault in answer["faults"]]


def group_exams(files: Iterable[Mapping[str, Any]], spec: QuestionSpec) -> tuple[list[Draft], list[Fault]]:
    """DICOM files by patient and study; masks and tables to the exam whose folder they share most of.

    A segmentation object (SEG) is an annotation of its study. The same instance with the same bytes is kept once.
    """
    drafts: dict[tuple[str, str], Draft] = {}
    faults: list[Fault] = []
    mask_fields = [name for name, field_ in spec.data.fields.items() if field_.type == "mask"]
    for file in files:
        if "dicom" not in file:
            continue
        header = file["dicom"]
        key = (header["PatientID"], header["StudyInstanceUID"])
        draft = drafts.setdefault(key, Draft(*key))
        if header["Modality"] == "SEG" and mask_fields:
            _annotate(draft, {**file, "other": ".dcm"}, mask_fields, faults)
        else:
            _add_instance(draft, dict(file))
    found = [draft for draft in drafts.values() if draft.dicom]
    for draft in drafts.values():
        if not draft.dicom:  # a segmentation whose images did not come with it
            strays = [file["name"] for file in draft.annotations.values()]
            faults += [Fault("extra_file", name, UNPLACED, {"name": name}) for name in strays]
    for file in files:
        if "other" not in file:
            continue
        owner = _owner(file["name"], found)
        if owner is None:
            faults.append(Fault("extra_file", file["name"], UNPLACED, {"name": file["name"]}))
        elif file["other"] in TABLE_ENDINGS or file["other"] == ".json":
            owner.tables.append(dict(file))
        else:
            _annotate(owner, dict(file), mask_fields, faults)
    return found, faults


def _add_instance(draft: Draft, file: dict[str, Any]) -> None:
    """The same instance with the same bytes is kept once; every other content of it stays, and is a conflict."""
    same = draft.instances.setdefault(file["dicom"]["SOPInstanceUID"], [])
    if same:
        if any(_digest(other) == _digest(file) for other in same):
            return
        draft.conflicts += 1
    same.append(file)
    draft.dicom.append(file)


def _digest(file: dict[str, Any]) -> str:
    if not file["sha256"]:
        file["sha256"] = hash_file(Path(file["path"]))[0]
    return str(file["sha256"])


def _owner(name: str, drafts: list[Draft]) -> Draft | None:
    """The one exam whose DICOM files share the deepest folder with `name`; None where several do."""
    if len(drafts) == 1:
        return drafts[0]
    folder = PurePosixPath(name).parent
    for ancestor in (folder, *folder.parents):
        near = [draft for draft in drafts if any(f == ancestor or ancestor in f.parents for f in draft.folders())]
        if near:
            return near[0] if len(near) == 1 else None
    return None


def _annotate(draft: Draft, file: dict[str, Any], mask_fields: list[str], faults: list[Fault]) -> None:
    """A mask by its name: `<field>.nii.gz`, `…_<field>.nrrd`; with a single mask field, any mask file is that one."""
    stem = PurePosixPath(file["name"]).name.lower().removesuffix(file["other"])
    named = [name for name in mask_fields if stem == name or stem.endswith((f"_{name}", f"-{name}"))]
    free = [name for name in mask_fields if name not in draft.annotations]
    target = named[0] if named else free[0] if len(mask_fields) == 1 and free else ""
    if not target or target in draft.annotations:
        template = gettext_noop("'%(name)s' is a mask, but of which field? Name it after its field: %(fields)s.")
        values = {"name": file["name"], "fields": ", ".join(mask_fields)}
        draft.faults.append(Fault("extra_file", file["name"], template, values))
        faults.append(draft.faults[-1])
        return
    draft.annotations[target] = file


def faults_of(draft: Draft, faults: list[Fault], drafts: list[Draft]) -> list[Fault]:
    """Those of this exam, by its annotations or by the folder of the file, and those that no single exam owns."""
    others = [fault for other in drafts if other is not draft for fault in other.faults]
    return [
        fault
        for fault in faults
        if fault in draft.faults or (fault not in others and _owner(fault.where, drafts) in (None, draft))
    ]


def image_of(name: str, spec: QuestionSpec) -> str:
    """Which image of the question a file belongs to: the folder that bears the image's name, or the only image; else `-`."""
    images = list(spec.data.images)
    folders = [part.lower() for part in PurePosixPath(name).parts[:-1]]
    named = [image for image in images if image.lower() in folders]
    return named[-1] if named else images[0] if len(images) == 1 else "-"


def _quarantine(upload: Upload, draft: Draft, folder: Path, spec: QuestionSpec) -> tuple[uuid.UUID, Blob]:
    """One stored zip with originals under our own names, byte for byte the same whenever it is made again."""
    digests = sorted(_digest(file) for file in draft.dicom)
    exam_id = uuid.uuid5(upload.pk, "\n".join([draft.patient, draft.study, *digests]))
    values = _values(upload)
    path = folder / f"{exam_id}.zip"
    names = {}
    piece = bytearray(CHUNK)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
        for number, file in enumerate(sorted(draft.dicom, key=lambda f: f["dicom"]["SOPInstanceUID"])):
            own = f"dicom/{image_of(file['name'], spec)}/{number:06d}.dcm"
            names[own] = PurePosixPath(file["name"]).name
            pack(archive, zipfile.ZipInfo(own, ZIP_MOMENT), _place(file), piece)
        for name, file in sorted(draft.annotations.items()):
            info = zipfile.ZipInfo(f"annotations/{name}{file['other']}", ZIP_MOMENT)
            pack(archive, info, _place(file), piece)
        for number, file in enumerate(draft.tables):
            stem = PurePosixPath(file["name"]).name.lower().removesuffix(file["other"])
            info = zipfile.ZipInfo(f"tables/{number:02d}-{_plain(stem)}{file['other']}", ZIP_MOMENT)
            pack(archive, info, _place(file), piece)
        for name, document in (("values.json", values), ("names.json", names)):
            archive.writestr(zipfile.ZipInfo(name, ZIP_MOMENT), json.dumps(document, sort_keys=True))
    return exam_id, put_file("quarantine", f"exam-{exam_id}", path, move=True)


def _plain(stem: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in stem)[:40]


def _place(file: dict[str, Any]) -> Stored:
    return Stored(Path(file["path"]), file["name"], file["offset"], file["size"])


def _values(upload: Upload) -> dict[str, Any]:
    """Clinical values that came with the upload itself, as a JSON object."""
    try:
        values = json.loads(upload.metadata.get("values") or "{}")
    except json.JSONDecodeError:
        return {}
    return values if isinstance(values, dict) else {}


def _content_hash(upload: Upload, draft: Draft) -> str:
    """The exam's content under the challenge's key: equal for equal originals, telling nothing of them."""
    parts = sorted(f"{file['dicom']['SOPInstanceUID']} {_digest(file)}" for file in draft.dicom)
    key = challenge_key(upload.question.challenge)
    return hmac.new(key, ("content\n" + "\n".join(parts)).encode(), hashlib.sha256).hexdigest()


def _create_exam(upload: Upload, draft: Draft, exam_id: uuid.UUID, blob: Blob, faults: list[Fault]) -> None:
    """Inside the last transaction: the exam, its consent, its first progress, and what comes next."""
    assert upload.centre is not None
    Centre.objects.select_for_update().get(pk=upload.centre.pk)  # one running number at a time
    newest = Exam.objects.filter(question=upload.question, centre=upload.centre).aggregate(n=Max("number"))["n"] or 0
    content = _content_hash(upload, draft)
    exam = Exam.objects.create(
        id=exam_id,
        question=upload.question,
        centre=upload.centre,
        upload=upload,
        uploaded_by=upload.owner,
        number=newest + 1,
        quarantine_key=blob.key,
    )
    informed = upload.metadata.get("letter_given") == "1"
    refused = upload.metadata.get("refused") == "1"
    Consent.objects.create(exam=exam, letter_given=informed or refused, refused=refused, recorded_by=upload.owner)
    tell(exam, stage="receive", state="received")
    for fault in faults:
        tell_fault(exam, fault, stage="receive", state="fault")
    living = Exam.objects.filter(question=upload.question, content_hash=content).exclude(
        state__in=["refused", "withdrawn"]
    )
    if not informed or refused:
        refuse_exam(exam, stage="receive", faults=[Fault("consent_missing", f"exam {exam.number}", NO_LETTER)])
    elif living.exists():
        refuse_exam(exam, stage="receive", faults=[Fault("duplicate_exam", f"exam {exam.number}", DUPLICATE)])
    else:
        Exam.objects.filter(pk=exam.pk).update(content_hash=content)
        if draft.conflicts:
            tell(exam, stage="receive", state="fault", reason="duplicate_file", template=CONFLICT)
        enqueue("deidentify", exam, challenge_id=upload.question.challenge_id)


def refuse_exam(exam: Exam, *, stage: str, faults: list[Fault], actor: Any = None) -> None:
    """Refuses an exam with every reason, in words for its centre. What stays in quarantine is erased by the sweep."""
    with transaction.atomic():
        for fault in faults:
            tell_fault(exam, fault, stage=stage, state="refused")
        move(
            exam,
            Exam.State.REFUSED,
            allowed=Exam.MOVES,
            actor=actor,
            code=faults[0].reason,
            challenge_id=exam.question.challenge_id,
            decided_at=database_now(),
        )


def _refuse(claim: Claim, uploads: list[Upload], faults: list[Fault]) -> None:
    """Nothing of this delivery can be used: every reason at once, and the bytes go."""
    listed = [fault.to_json() for fault in faults]
    with claim.finish():
        for upload in uploads:
            move(
                upload,
                Upload.State.REFUSED,
                allowed=Upload.MOVES,
                code=faults[0].reason,
                faults=listed,
                challenge_id=upload.question.challenge_id,
            )
    for upload in uploads:
        staging.discard(staging.staging_path(upload.pk))


def receive_failed(subject_id: str, reason: str) -> None:
    """The platform's own fault, after every try: the centre is told, the bytes stay, a person can try again."""
    upload = Upload.objects.get(pk=subject_id)
    template = gettext_noop("The platform could not read this upload. Nothing is lost; the organisers were told.")
    tell(upload, stage="receive", state="failed", template=template)
