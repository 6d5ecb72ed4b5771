"""What came with an exam becomes annotations: masks in the store, clinical values and lists in rows, a version each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db.models import Max

from challenges.spec import FieldSpec, QuestionSpec
from core.storage import Blob, put_file
from uploads.models import Annotation, Exam

TRUE, FALSE = ("1", "true", "yes", "oui", "vrai"), ("0", "false", "no", "non", "faux")


def write_annotations(exam: Exam, folder: Path, names: Mapping[str, str]) -> dict[str, tuple[Blob, str]]:
    """Moves cleaned mask files into the store; field -> object and format."""
    stored = {}
    for field, name in names.items():
        stored[field] = (put_file("exams", f"exam-{exam.pk}", folder / name, move=True), name.partition(".")[2])
    return stored


def field_values(
    exam: Exam, spec: QuestionSpec, masks: Mapping[str, tuple[Blob, str]], answer: Mapping[str, Any]
) -> None:
    """Rows for every field the question declares and the centre sent. The same content again is the same version."""
    given = _given(spec, answer)
    for name, field in spec.data.fields.items():
        if name in masks:
            blob, ending = masks[name]
            add_version(exam, name, author=exam.uploaded_by, blob=blob, blob_name=ending)
        elif name in given and field.type != "mask":
            add_version(exam, name, author=exam.uploaded_by, value=typed(field, given[name]))


def _given(spec: QuestionSpec, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Values sent with the upload, then those of tables: a list for its field, a row (or field,value pairs) for the others."""
    given: dict[str, Any] = dict(answer["values"])
    for name, rows in answer["tables"].items():
        stem = name.partition("-")[2].rpartition(".")[0]
        field = spec.data.fields.get(stem)
        if field is not None and field.type == "table":
            given[stem] = rows
        elif rows and set(rows[0]) >= {"field", "value"}:
            given.update({str(row["field"]): row["value"] for row in rows})
        elif rows:
            given.update(rows[0])
    return given


def typed(field: FieldSpec, value: Any) -> Any:
    """The value as its field's type where it can be; otherwise as it came, for quality control to refuse with words."""
    if field.type == "table":
        return [_row(field, row) for row in value] if isinstance(value, list) else value
    return _scalar(field.type, value)


def _row(field: FieldSpec, row: Any) -> Any:
    if not isinstance(row, dict):
        return row
    return {
        name: _scalar(field.columns[name].type, value) if name in field.columns else value
        for name, value in row.items()
    }


def _scalar(kind: str, value: Any) -> Any:
    text = str(value).strip() if value is not None else ""
    if text == "":
        return None
    if kind in ("number", "integer") and not isinstance(value, bool):
        try:
            number = float(text.replace(",", "."))
        except ValueError:
            return text
        return int(number) if kind == "integer" and number.is_integer() else number
    if kind == "boolean":
        return True if text.lower() in TRUE else False if text.lower() in FALSE else text
    return text


def add_version(
    exam: Exam,
    field: str,
    *,
    author: Any,
    value: Any = None,
    blob: Blob | None = None,
    blob_name: str = "",
    source: str = "upload",
) -> Annotation:
    """A new version, which becomes the chosen one; nothing new, no version."""
    newest = exam.annotations.filter(field=field, is_chosen=True).first()
    if newest is not None and newest.value == value and newest.sha256 == (blob.sha256 if blob else ""):
        return newest
    number = exam.annotations.filter(field=field).aggregate(n=Max("version"))["n"] or 0
    exam.annotations.filter(field=field, is_chosen=True).update(is_chosen=False)
    return Annotation.objects.create(
        exam=exam,
        field=field,
        version=number + 1,
        value=value,
        blob_key=blob.key if blob else "",
        blob_name=blob_name,
        sha256=blob.sha256 if blob else "",
        author=author,
        source=source,
    )
