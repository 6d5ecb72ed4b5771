"""Labels of evaluation exams leave the tables and the store that web processes read. Stages that make truths read them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from concours.formats.json import Json
from core.clock import database_now
from core.erasure import erase_after_commit
from core.storage import Blob, local_copy, put_file
from uploads.models import Annotation, Exam, SealedAnnotation

AT_ONCE = 500


@dataclass(frozen=True)
class AnnotationContent:
    """What an annotation says, wherever it is kept: a value, or an object of a store and its format."""

    value: Json
    store: str
    blob_key: str
    blob_name: str


def seal_annotations(annotations: Iterable[Annotation]) -> int:
    """Moves values and keys of files out of these rows, in the caller's transaction. How many were moved.

    Needs no right to read the sealed table: nothing is returned by the database.
    """
    rows = [row for row in annotations if row.sealed_at is None]
    sealed = [SealedAnnotation(annotation_id=row.pk, value=row.value, blob_key=row.blob_key) for row in rows]
    SealedAnnotation.objects.bulk_create(sealed, batch_size=AT_ONCE)
    for start in range(0, len(rows), AT_ONCE):
        keys = [row.pk for row in rows[start : start + AT_ONCE]]
        Annotation.objects.filter(pk__in=keys).update(value=None, blob_key="", sealed_at=database_now())
    return len(rows)


def contents_of(exam: Exam) -> dict[str, AnnotationContent]:
    """The chosen annotations of an exam by field, sealed ones included. For stages that may read truth."""
    contents = {}
    for row in exam.annotations.filter(is_chosen=True).select_related("sealed"):
        sealed: SealedAnnotation | None = getattr(row, "sealed", None)
        store = sealed.store if sealed is not None else "exams"
        source = sealed or row
        contents[row.field] = AnnotationContent(source.value, store, source.blob_key, row.blob_name)
    return contents


def move_file(row: SealedAnnotation) -> Blob:
    """A copy of the annotation's file in the sealed store. The row is the caller's to change."""
    with local_copy(row.store, row.blob_key) as path:
        return put_file("sealed", f"exam-{row.annotation.exam_id}", path)


def note_moved(row: SealedAnnotation, blob: Blob) -> None:
    """In the transaction that ends the move. A row that is gone meanwhile leaves no object behind."""
    rows = SealedAnnotation.objects.filter(pk=row.pk, store=row.store, blob_key=row.blob_key)
    if rows.update(store="sealed", blob_key=blob.key):
        erase_after_commit([(row.store, row.blob_key)])
    elif not SealedAnnotation.objects.filter(store="sealed", blob_key=blob.key).exists():
        erase_after_commit([("sealed", blob.key)])


def erase_sealed(annotations: Iterable[Annotation]) -> None:
    """Truth holds them now: rows and objects go, in the caller's transaction."""
    rows = SealedAnnotation.objects.filter(annotation__in=[annotation.pk for annotation in annotations])
    erase_after_commit(list(rows.exclude(blob_key="").values_list("store", "blob_key")))
    rows.delete()
