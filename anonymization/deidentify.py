"""Stage 2, de-identify: originals leave the quarantine clean, are looked at a second time, or wait for a person."""

from __future__ import annotations

import tempfile
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext_noop

from anonymization.annotate import field_values, write_annotations
from anonymization.models import Deidentification, Review
from challenges.frame import spec_of
from challenges.keys import challenge_key
from challenges.spec import QuestionSpec
from core.moves import move
from core.progress import tell, tell_fault
from core.storage import Blob, local_copy, put_file
from core.work import Claim, enqueue
from formats.child import Limits, run_limited
from formats.fault import Fault, FormatError
from formats.stored import CHUNK, members, pack, whole
from uploads.models import Exam, Instance, Patient, Series
from uploads.receive import CONFLICT, ZIP_MOMENT, refuse_exam

ENGINE_VERSION = "1"
WHERE_THEY_LIE = ("dicom/", "annotations/")  # members that are large
LIMITS = Limits(memory_bytes=4 << 30, cpu_seconds=1800, wall_seconds=3600.0, file_bytes=4 << 30)

FILE_REFUSED = gettext_noop("%(file)s was refused: %(detail)s Export it from the PACS again and resend the exam.")
FILE_LEFT_OUT = gettext_noop("%(file)s was refused: %(detail)s The exam goes on without it.")
NOTHING_LEFT = gettext_noop("No file of this exam can be used. Export the exam from the PACS again and resend it.")
LOOK_TEXT = gettext_noop("There may be writing in the image. An organiser will look at it before the exam goes on.")
LOOK_LEFT = gettext_noop("Something identifying may be left in this exam. An organiser will look before it goes on.")
LOOK_KIND = gettext_noop("This kind of object is looked at by a person before the exam goes on.")
LOOK = {"burned_in_text": LOOK_TEXT, "residual_identifier": LOOK_LEFT}


@dataclass(frozen=True)
class Clean:
    """What the child left: where, and what it said; `sizes` in bytes of the files that were packed."""

    folder: Path
    answer: dict[str, Any]
    sizes: dict[str, int] = field(default_factory=dict)

    @property
    def usable(self) -> list[dict[str, Any]]:
        return [f for f in self.answer["files"] if f["outcome"] != "refused" and not f.get("annotation")]


def deidentify_exam(claim: Claim) -> None:
    """The stage's function: engine and second check in one limited child, then one short transaction."""
    exam = Exam.objects.select_related("question__challenge", "centre", "uploaded_by").get(pk=claim.subject_id)
    if exam.state != Exam.State.RECEIVED:
        with claim.finish():
            return
    spec = spec_of(exam.question)
    with tempfile.TemporaryDirectory(prefix="concours-deid-") as name:
        folder = Path(name)
        try:
            answer = _cleaned(exam, spec, folder)
        except FormatError as error:
            with claim.finish():
                refuse_exam(exam, stage="deidentify", faults=list(error.faults))
            return
        clean = Clean(folder / "clean", answer)
        faults = _faults(clean)
        if not clean.usable:
            with claim.finish():
                _record(exam, clean, "refused")
                refuse_exam(exam, stage="deidentify", faults=faults or [Fault("no_pixels", "exam", NOTHING_LEFT)])
            return
        bundle = _bundle(exam, clean)
        masks = write_annotations(exam, clean.folder / "annotations", answer["annotations"])
        with claim.finish():
            _settle(exam, clean, bundle, faults)
            field_values(exam, spec, masks, answer)


def _cleaned(exam: Exam, spec: QuestionSpec, folder: Path) -> dict[str, Any]:
    """Leaves `folder/clean` and says what was done. Raises FormatError.

    The zip is our own, under our own names; what the members hold is parsed by the child alone.
    """
    with local_copy("quarantine", exam.quarantine_key) as path:
        originals = members(path)
        files = [one for one in originals if one.name.startswith(WHERE_THEY_LIE)]
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder / "original", [one.name for one in originals if one not in files])
        answer: dict[str, Any] = run_limited(
            "anonymization.engine_run:run",
            [file.to_json() for file in files],
            str(folder),
            challenge_key(exam.question.challenge),
            exam.centre.slug,
            list(spec.deidentification.keep),
            [field.name for field in spec.data.fields.values() if field.type == "date"],
            limits=LIMITS,
            read=[folder, path],
            write=[folder],
        )
    return answer


def _faults(clean: Clean) -> list[Fault]:
    faults = []
    for file in clean.answer["files"]:
        if file["outcome"] == "refused":
            name = file.get("called") or file["source"]
            template = FILE_LEFT_OUT if clean.usable else FILE_REFUSED
            values = {"file": name, "detail": file.get("detail", "")}
            faults.append(Fault(file["reason"], name, template, values))
    return faults


def _bundle(exam: Exam, clean: Clean) -> Blob:
    """All usable instances as one stored zip, the same bytes whenever it is made: `<image>/<series>/<sop>.dcm`."""
    path = clean.folder / "bundle.zip"
    piece = bytearray(CHUNK)
    left = Counter(
        file["output"] for file in clean.usable
    )  # originals that differed in what was removed are one file now
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted(clean.usable, key=lambda f: f["output"]):
            info = zipfile.ZipInfo(f"{file['image']}/{_series_of(file)}/{_sop_of(file)}.dcm", ZIP_MOMENT)
            source = whole(clean.folder / "dicom" / file["output"])
            pack(archive, info, source, piece)
            clean.sizes[file["output"]] = source.size
            left[file["output"]] -= 1
            if not left[file["output"]]:
                source.path.unlink()  # the next one takes its memory, and the exam its room on the disk once
    return put_file("exams", f"exam-{exam.pk}", path, move=True)


def _series_of(file: dict[str, Any]) -> str:
    return Path(file["output"]).parent.name


def _sop_of(file: dict[str, Any]) -> str:
    return Path(file["output"]).stem


def _settle(exam: Exam, clean: Clean, bundle: Blob, faults: list[Fault]) -> None:
    """Inside the last transaction: rows for what is there now, and the exam goes on or waits for a person."""
    patient, _ = Patient.objects.get_or_create(challenge=exam.question.challenge, pseudonym=clean.answer["pseudonym"])
    _write_instances(exam, clean)
    points = _points(clean)
    _record(exam, clean, "review" if points else "written")
    changes: dict[str, Any] = {
        "patient": patient,
        "bundle_key": bundle.key,
        "bundle_sha256": bundle.sha256,
        "bundle_bytes": bundle.size,
        "face_possible": any(file.get("face_possible") for file in clean.usable),
    }
    for fault in faults:
        tell_fault(exam, fault, stage="deidentify", state="fault")
    challenge_id = exam.question.challenge_id
    if points:
        boxes = [
            {"file": f"{_series_of(file)}/{_sop_of(file)}", **box}
            for file in clean.usable
            for box in file.get("boxes", [])
        ]
        move(
            exam, Exam.State.REVIEW, allowed=Exam.MOVES, code=points[0]["reason"], challenge_id=challenge_id, **changes
        )
        Review.objects.create(exam=exam, stage="deidentify", points=points, boxes=boxes)
        tell(exam, stage="deidentify", state="review", reason=points[0]["reason"], template=points[0]["template"])
        return
    move(exam, Exam.State.DEIDENTIFIED, allowed=Exam.MOVES, challenge_id=challenge_id, **changes)
    tell(exam, stage="deidentify", state="deidentified")
    enqueue("check_quality", exam, challenge_id=challenge_id)


def _points(clean: Clean) -> list[dict[str, Any]]:
    """Why a person must look: what the engine is not sure of, and every finding of the second check."""
    points = []
    for file in clean.answer["files"]:
        if file["outcome"] == "review":
            where = f"{_series_of(file)}/{_sop_of(file)}"
            template = LOOK.get(file["reason"], LOOK_KIND)
            points.append({"reason": file["reason"], "where": where, "template": template, "values": {}})
    for file in clean.usable:
        if file.get("second_content"):
            where = f"{_series_of(file)}/{_sop_of(file)}"
            points.append({"reason": "duplicate_file", "where": where, "template": CONFLICT, "values": {}})
    for finding in clean.answer["findings"]:
        where = f"{finding['where']} ({finding['kind']})"
        points.append({"reason": "residual_identifier", "where": where, "template": LOOK_LEFT, "values": {}})
    return points


def _write_instances(exam: Exam, clean: Clean) -> None:
    exam.series.all().delete()
    by_series: dict[str, list[dict[str, Any]]] = {}
    for file in sorted(clean.usable, key=lambda f: f["output"]):
        by_series.setdefault(_series_of(file), []).append(file)
    for uid, files in by_series.items():
        series = Series.objects.create(
            exam=exam,
            series_uid=uid,
            role="" if files[0]["image"] == "-" else files[0]["image"],
            instance_count=len(files),
        )
        Instance.objects.bulk_create(
            Instance(
                series=series,
                sop_uid=_sop_of(file),
                position=number,
                sha256=file["sha256"],
                size=clean.sizes[file["output"]],
            )
            for number, file in enumerate(files)
        )


def _record(exam: Exam, clean: Clean, outcome: str) -> None:
    newest = exam.deidentifications.aggregate(n=Max("number"))["n"] or 0
    Deidentification.objects.create(
        exam=exam,
        number=newest + 1,
        outcome=outcome,
        engine_version=ENGINE_VERSION,
        profile_sha256="",
        report={"files": [_without_name(file) for file in clean.answer["files"]]},
        findings=clean.answer["findings"],
    )


def _without_name(file: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in file.items() if key != "called"}


def deidentification_failed(subject_id: str, reason: str) -> None:
    """The platform's own fault after every try: the exam stays where it is, and a person can try again."""
    exam = Exam.objects.get(pk=subject_id)
    template = gettext_noop("The platform could not de-identify this exam. Nothing is lost; the organisers were told.")
    tell(exam, stage="deidentify", state="failed", template=template)
