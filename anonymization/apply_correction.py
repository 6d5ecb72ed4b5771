"""A correction that is decided takes effect: the next version of the annotation, and whatever is made of it is made again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_noop

from anonymization.annotate import add_version
from anonymization.models import Correction, QualityCheck, Review
from anonymization.texts import replace_texts
from concours.deid.values import GatedText
from concours.formats.json import Json
from concours.inclusion import Judgement, overall
from core.actors import Actor
from core.clock import database_now
from core.locks import next_number
from core.moves import move
from core.progress import tell
from core.registry import call_hook
from core.storage import Blob
from core.work import enqueue
from uploads.models import Exam

STATE, SCOPE = Correction.State, Correction.Scope
INCLUDED = (Exam.State.ACCEPTED, Exam.State.KEPT, Exam.State.DROPPED)
CORRECTED = gettext_noop("“%(field)s” was corrected: %(reason)s")


@dataclass(frozen=True)
class Rechecked:
    """What the criteria say of the exam with the new content: `ExamFacts` as JSON, and every judgement."""

    facts: Mapping[str, Json]
    judgements: Sequence[Judgement]


def apply_correction(
    correction: Correction, actor: Actor, *, keep: Collection[str], rechecked: Rechecked | None = None
) -> None:
    """It becomes the chosen version, and whatever is made of the field is made again. The exam is held."""
    exam, sealed = correction.exam, correction.scope == SCOPE.SEALED
    blob = Blob(correction.blob_key, correction.sha256, 0) if correction.blob_key else None
    annotation = add_version(
        exam,
        correction.field,
        author=correction.proposed_by,
        value=correction.value,
        blob=blob,
        blob_name=correction.blob_name,
        source="correction",
    )
    replace_texts(exam, correction.field, map(GatedText.from_json, correction.texts), keep, actor)
    if rechecked is not None and correction.scope == SCOPE.OPEN:  # afterwards the criteria keep nothing of a label
        _note_check(exam, rechecked)
    settle_correction(
        correction,
        STATE.CONFIRMED if sealed else STATE.CORRECTED,
        actor,
        note=correction.note,
        scope=correction.scope,
        version=annotation.version,
        applied_at=None if sealed else database_now(),
    )
    values = {"field": correction.field, "reason": correction.reason}
    tell(exam, stage="correct", state="corrected", template=CORRECTED, values=values)
    call_hook("annotation_corrected", correction)
    _check_again(exam, actor)


def settle_correction(correction: Correction, state: str, actor: Actor, **changes: Json) -> None:
    """The decision is on record; no value stays in the row."""
    move(
        correction,
        state,
        actor=actor,
        reason=changes.get("note") or correction.reason,
        value=None,
        blob_key="",
        texts=[],
        points=[],
        decided_by=actor,
        decided_at=database_now(),
        detail={"exam": str(correction.exam_id), "field": correction.field, "scope": str(correction.scope)},
        **changes,
    )


def _note_check(exam: Exam, rechecked: Rechecked) -> None:
    """An included exam keeps its state; what the criteria know of it is up to date."""
    if exam.state not in INCLUDED:
        return
    QualityCheck.objects.create(
        exam=exam,
        number=next_number(exam.quality_checks, parent=exam),
        outcome=overall(rechecked.judgements),
        question_revision=exam.question.current().number,
        judgements=[judgement.to_json() for judgement in rechecked.judgements],
        facts=dict(rechecked.facts),
    )


def _check_again(exam: Exam, actor: Actor) -> None:
    """An exam that was refused for its values, or waits for a review, is judged by quality control with the new one."""
    if exam.state not in (Exam.State.REFUSED, Exam.State.REVIEW):
        return
    for review in exam.reviews.filter(state=Review.State.OPEN):
        move(review, Review.State.CONFIRMED, actor=actor, decided_by=actor, decided_at=database_now())
    move(exam, Exam.State.DEIDENTIFIED, actor=actor, decided_at=None)
    Exam.objects.filter(pk=exam.pk).update(reason="")
    enqueue("check_quality", exam, challenge_id=exam.challenge_id)
