"""At the freeze: what teams have to predict leaves every table and store that a web process reads."""

from __future__ import annotations

from uuid import UUID

from anonymization.forget import forget_sealed_values
from anonymization.models import Correction
from batches.models import Split
from challenges.frame import spec_of
from core.claims import Claim
from core.work import enqueue
from grading.pictures import forget_exam
from uploads.models import Annotation, SealedAnnotation
from uploads.sealing import move_file, note_moved, seal_annotations


def seal_labels(split: Split) -> None:
    """In the transaction of the freeze. Files follow in the stage of the same name: a web process cannot write where they go."""
    exams = evaluation_exams(split)
    data = spec_of(split.question).data
    hidden = set(data.fields) - set(data.deliver.evaluation)
    rows = Annotation.objects.filter(exam__in=exams, sealed_at=None).exclude(field__in=data.deliver.evaluation)
    seal_annotations(rows.only("pk", "value", "blob_key", "sealed_at"))
    forget_sealed_values(exams, hidden)
    for exam in exams:
        forget_exam(str(exam))
    enqueue("seal_labels", split, challenge_id=split.question.challenge_id)


def seal_corrected(correction: Correction) -> None:
    """In the transaction of the decision: a label that is corrected after the freeze leaves the readable tables at once."""
    exam = correction.exam
    split = Split.objects.filter(state=Split.State.FROZEN, items__exam=exam).first()
    if split is None or exam.pk not in evaluation_exams(split):
        return
    if correction.field in spec_of(split.question).data.deliver.evaluation:
        return
    rows = Annotation.objects.filter(exam=exam, field=correction.field, sealed_at=None)
    if seal_annotations(rows.only("pk", "value", "blob_key", "sealed_at")):
        forget_sealed_values([exam.pk], {correction.field})
        forget_exam(str(exam.pk))
        enqueue("seal_labels", split, challenge_id=split.question.challenge_id)


def evaluation_exams(split: Split) -> list[UUID]:
    sets = spec_of(split.question).split.evaluation
    return list(split.items.filter(set_name__in=sets).values_list("exam_id", flat=True))


def move_label_files(claim: Claim) -> None:
    """The stage's function: moves the files to the sealed store one by one. After a crash it continues with those that remain."""
    split = Split.objects.get(pk=claim.subject_id)
    waiting = SealedAnnotation.objects.filter(annotation__exam__in=evaluation_exams(split)).exclude(store="sealed")
    moved = [(row, move_file(row)) for row in waiting.exclude(blob_key="").select_related("annotation")]
    with claim.finish():
        for row, blob in moved:
            note_moved(row, blob)
