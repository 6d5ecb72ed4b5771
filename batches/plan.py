"""Batches as the question file plans them: rows with their cases under random public ids, drawn from a secret."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter

from django.utils.translation import gettext_noop

from batches.models import Batch, BatchItem, Split
from challenges.frame import plan_milestone, spec_of
from challenges.keys import challenge_key
from core.actors import Actor
from core.audit import record
from core.errors import InvalidInputError
from core.work import enqueue
from uploads.models import Exam


def plan_batches(*, split: Split, actor: Actor, face: str = "") -> list[Batch]:
    """The question file's batches as rows, with their items under random public ids; their building is queued.

    `face`: keep or blank in every batch; empty is what the question file says."""
    question, spec = split.question, spec_of(split.question)
    batches = []
    for planned in spec.batches:
        batch, created = Batch.objects.get_or_create(
            question=question,
            name=planned.name,
            defaults={
                "split": split,
                "set_name": planned.set,
                "is_evaluation": planned.set in spec.split.evaluation,
                "released_at": planned.released_at,
                "face": checked_face(face or spec.data.deliver.face),
                "seed": _seed(split, planned.name),
            },
        )
        if created:
            _place_items(batch)
            record(verb="batch planned", subject=batch, actor=actor, challenge_id=question.challenge_id)
        plan_release(batch)
        enqueue("build_batch", batch, challenge_id=question.challenge_id)
        batches.append(batch)
    return batches


def checked_face(face: str) -> str:
    if face not in Batch.Face.values:
        raise InvalidInputError(gettext_noop("Choose 'keep' or 'blank' for faces."))
    return face


def _group_id(batch: Batch, exam: Exam) -> str:
    return f"patient-{secret_of(batch, f'patient {exam.patient.pseudonym}')[:10]}" if exam.patient else ""


def _seed(split: Split, name: str) -> str:
    """A secret that only the holder of the challenge's key can draw again."""
    key = challenge_key(split.question.challenge)
    return hmac.new(key, f"batch {split.question.slug} {name} {split.number}".encode(), hashlib.sha256).hexdigest()


def plan_release(batch: Batch) -> None:
    plan_milestone(
        challenge=batch.question.challenge,
        question=batch.question,
        key=f"batch:{batch.name}",
        title={"en": f"Release of {batch.name}", "fr": f"Mise à disposition de {batch.name}"},
        run_at=batch.released_at,
    )
    enqueue("tell_release", batch, run_at=batch.released_at, challenge_id=batch.question.challenge_id)


def secret_of(batch: Batch, purpose: str) -> str:
    return hmac.new(bytes.fromhex(batch.seed), purpose.encode(), hashlib.sha256).hexdigest()


def _place_items(batch: Batch) -> None:
    """Public ids and order are drawn from the batch's secret seed: they say nothing of centre, arrival, grade or label."""
    assert batch.split is not None
    rows = batch.split.items.filter(set_name=batch.set_name).select_related("exam__patient")
    exams = [item.exam for item in rows]
    several = any(count > 1 for count in Counter(exam.patient_id for exam in exams if exam.patient_id).values())
    drawn = sorted(
        ((secret_of(batch, f"case {exam.content_hash or exam.pk}"), exam) for exam in exams), key=lambda pair: pair[0]
    )
    BatchItem.objects.bulk_create(
        BatchItem(
            batch=batch,
            exam=exam,
            public_id=f"case-{digest[:10]}",
            patient_group=_group_id(batch, exam) if several else "",
            position=number,
        )
        for number, (digest, exam) in enumerate(drawn)
    )
