"""What came with an exam becomes annotations: masks in the store, clinical values and lists in rows, a version each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from concours.formats.json import Json
from concours.questions.schema import QuestionSpec
from core.actors import Actor, person_of
from core.locks import next_number
from core.storage import Blob, put_file
from uploads.models import Annotation, Exam


def write_annotations(exam: Exam, folder: Path, names: Mapping[str, str]) -> dict[str, tuple[Blob, str]]:
    """Moves cleaned mask files into the store; field -> object and format."""
    stored = {}
    for field, name in names.items():
        stored[field] = (put_file("exams", f"exam-{exam.pk}", folder / name, move=True), name.partition(".")[2])
    return stored


def write_values(
    exam: Exam, spec: QuestionSpec, masks: Mapping[str, tuple[Blob, str]], values: Mapping[str, Json]
) -> None:
    """Rows for every field the question declares and the centre sent. The same content again is the same version."""
    for name in spec.data.fields:
        if name in masks:
            blob, ending = masks[name]
            add_version(exam, name, author=exam.uploaded_by, blob=blob, blob_name=ending)
        elif name in values:
            add_version(exam, name, author=exam.uploaded_by, value=values[name])


def replace_text(exam: Exam, place: str, text: str) -> None:
    """The text at `place` (a field, or field.row.column) becomes this, in the row itself: no version that identifies stays."""
    field, _, inside = place.partition(".")
    current = exam.annotations.filter(field=field, is_chosen=True).first()
    if current is None:  # corrected or withdrawn meanwhile
        return
    value: Json = text
    if inside:
        row, _, column = inside.partition(".")
        value = [dict(cells) for cells in current.value or []]
        if int(row) >= len(value):
            return
        value[int(row)][column] = text
    Annotation.objects.filter(pk=current.pk).update(value=value)


def add_version(
    exam: Exam,
    field: str,
    *,
    author: Actor,
    value: Json = None,
    blob: Blob | None = None,
    blob_name: str = "",
    source: str = "upload",
) -> Annotation:
    """A new version, which becomes the chosen one; nothing new, no version."""
    newest = exam.annotations.filter(field=field, is_chosen=True).first()
    if newest is not None and newest.value == value and newest.sha256 == (blob.sha256 if blob else ""):
        return newest
    number = next_number(exam.annotations.filter(field=field), parent=exam, field="version")
    exam.annotations.filter(field=field, is_chosen=True).update(is_chosen=False)
    return Annotation.objects.create(
        exam=exam,
        field=field,
        version=number,
        value=value,
        blob_key=blob.key if blob else "",
        blob_name=blob_name,
        sha256=blob.sha256 if blob else "",
        author=person_of(author),
        source=source,
    )
