"""Copies of sealed values that web code can reach, and their end."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from anonymization.forget import forget_sealed_values
from batches.models import Batch, BatchItem
from concours.questions.schema import QuestionSpec
from core.clock import database_now
from core.erasure import erase_after_commit
from scoring.correct_truth import exams_not_sealed
from uploads.models import Annotation
from uploads.sealing import erase_sealed


def reachable_annotations(batch: Batch, spec: QuestionSpec) -> list[Annotation]:
    """Annotations of the batch's exams that nothing but the scorer needs any more: of an evaluation set, of fields that its
    teams do not receive, once every truth that is made of them is sealed, with every correction that is confirmed.
    """
    if not batch.is_evaluation:
        return []
    exams = list(batch.items.values_list("exam_id", flat=True))
    unsealed = (
        Q(batch__is_evaluation=True) | Q(batch__set_name__in=spec.split.truth),
        Q(exam__in=exams, batch__truths=None) & ~Q(batch__state=Batch.State.REVOKED),
    )
    awaited = set(BatchItem.objects.filter(*unsealed).values_list("exam_id", flat=True)) | exams_not_sealed(exams)
    return list(
        Annotation.objects.filter(exam__in=[exam for exam in exams if exam not in awaited])
        .exclude(sealed=None, sealed_at__isnull=False)
        .exclude(field__in=spec.data.deliver.evaluation)
    )


def forget_annotations(gone: Collection[Annotation]) -> None:
    """They are blanked, their files erased, and what quality control noted of them with them. In the caller's transaction."""
    erase_sealed(gone)
    erase_after_commit([("exams", annotation.blob_key) for annotation in gone])
    unsealed = Annotation.objects.filter(pk__in=[annotation.pk for annotation in gone], sealed_at=None)
    unsealed.update(value=None, blob_key="", sealed_at=database_now())
    forget_sealed_values({row.exam_id for row in gone}, {row.field for row in gone})
