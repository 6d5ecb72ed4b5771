"""Reception of questions without images: rows and text files become exams, with their originals in the quarantine."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

from concours.deid.values import declared_fields, parse_apart
from concours.deid.values.apart import PARSED
from concours.formats.child import run_limited
from concours.formats.fault import Fault
from concours.formats.json import JsonObject
from concours.formats.stored import StoredArchive
from concours.questions.schema import QuestionSpec
from concours.study.cases import SentCase, parsed_by
from concours.study.grouping import SetAside
from concours.study.sent import SentFile
from core.storage import Blob, put_file
from uploads import staging
from uploads.models import Upload
from uploads.new_exam import NewExam, ReceivedUpload, content_hash, form_values


def read_cases(uploads: list[Upload], folder: Path, spec: QuestionSpec, limits: dict[str, int]) -> ReceivedUpload:
    """The exams of one delivery. Raises FormatError where nothing of it can be read."""
    paths = [str(staging.staging_path(upload.pk)) for upload in uploads]
    names = [upload.source_name or "upload" for upload in uploads]
    sent = run_limited(
        "concours.study.cases:list_sources", paths, names, str(folder), limits, read=paths, write=[folder]
    )
    parsed = [parsed_by(parse_apart, SentFile.from_json(file)) for file in sent]
    answer = run_limited(
        "concours.study.cases:build_cases",
        sent,
        parsed,
        [field.to_json() for field in declared_fields(spec.data.fields).values()],
        spec.data.patient,
    )
    form = form_values(uploads[0])
    cases = [SentCase.from_json(case) for case in answer["cases"]]
    exams = {new.id: new for new in (_new_exam(uploads[0], case, form, folder) for case in cases)}
    return ReceivedUpload(
        list(exams.values()),
        [Fault.from_json(fault) for fault in answer["faults"]],
        [SetAside.from_json(note) for note in answer["aside"]],
    )


def _new_exam(upload: Upload, case: SentCase, form: JsonObject, folder: Path) -> NewExam:
    """Equal rows are one exam: its id derives from its content."""
    values = {**form, **{name: value for name, value in case.values.items() if value not in (None, "")}}
    content = json.dumps([case.patient, values], sort_keys=True, ensure_ascii=False)
    exam_id = uuid.uuid5(upload.pk, content)
    return NewExam(
        id=exam_id,
        blob=_quarantine(exam_id, case, form, folder),
        content=content_hash(upload.target_question, [upload.centre.slug if upload.centre else "", content]),
        called=case.called,
    )


def _quarantine(exam_id: uuid.UUID, case: SentCase, form: JsonObject, folder: Path) -> Blob:
    """The form and each row or text as it was sent: values that contradict each other are found by the gate."""
    case_values = case.to_json()
    identities = {name: case_values[name] for name in ("patient", "people", "numbers", "places")}
    path = folder / f"{exam_id}.zip"
    with StoredArchive(path) as archive:
        for name, document in (("values.json", form), ("identities.json", identities)):
            archive.add(name, json.dumps(document, sort_keys=True).encode())
        for number, source in enumerate(case.sources):
            archive.add(f"{PARSED}/{number:02d}.json", json.dumps(source.to_json(), sort_keys=True).encode())
    return put_file("quarantine", f"exam-{exam_id}", path, move=True)
