"""Stage 5, split: kept exams are divided by patient, stratified, from a seed."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_noop

from batches.models import Batch, Split, SplitItem
from batches.release import plan_batches
from batches.stratify import Member, balance, digest, draw, quartile_bins, set_sizes
from challenges.derive import any_row
from challenges.frame import spec_of
from challenges.models import Question
from challenges.spec import QuestionSpec
from core.audit import record
from core.errors import MoveNotAllowedError
from core.moves import move
from uploads.models import Annotation, Exam


class NothingToSplitError(MoveNotAllowedError):
    reason = "nothing_to_split"


class SplitFrozenError(MoveNotAllowedError):
    reason = "split_frozen"


class SplitOutOfDateError(MoveNotAllowedError):
    reason = "split_out_of_date"


def members_of(question: Question, spec: QuestionSpec) -> list[Member]:
    """Every kept exam with its patient and stratum.

    Patients are told by their pseudonym and exams come in the order of their contents, so that the same exams give the same sets
    whatever row numbers they have.
    """
    exams = list(
        Exam.objects.filter(question=question, state=Exam.State.KEPT)
        .select_related("centre", "adjudication", "patient")
        .order_by("content_hash", "id")
    )
    strata = [_stratum(name, exams, spec) for name in spec.split.stratify]
    return [
        Member(
            id=str(exam.pk),
            group=exam.patient.pseudonym if exam.patient else f"exam {exam.pk}",
            stratum=tuple(by_exam[str(exam.pk)] for by_exam in strata),
        )
        for exam in exams
    ]


def _stratum(name: str, exams: list[Exam], spec: QuestionSpec) -> dict[str, str]:
    if name == "centre":
        return {str(exam.pk): exam.centre.slug for exam in exams}
    if name == "grade":
        return {str(exam.pk): exam.adjudication.grade if hasattr(exam, "adjudication") else "" for exam in exams}
    field = spec.data.fields.get(name)
    derive = field.derive if field is not None else None
    rows = Annotation.objects.filter(exam__in=exams, field=derive.of if derive else name, is_chosen=True)
    values = {str(row.exam_id): row.value for row in rows.only("exam_id", "value")}
    if derive is not None:
        values = {key: int(any_row(value or [], derive)) for key, value in values.items()}
    if field is not None and field.type in ("number", "integer") and len(set(map(str, values.values()))) > 8:
        numbers = {key: float(value) for key, value in values.items() if isinstance(value, int | float)}
        binned = quartile_bins(numbers)
        return {str(exam.pk): binned.get(str(exam.pk), "none") for exam in exams}
    return {str(exam.pk): str(values.get(str(exam.pk), "none")) for exam in exams}


def draft_split(*, question: Question, actor: Any, seed: int | None = None) -> Split:
    """A split to look at: it replaces an earlier draft, and nothing is released from it until it is frozen."""
    spec = spec_of(question)
    current = question.splits.exclude(state=Split.State.REPLACED).first()
    if current is not None and current.state == Split.State.FROZEN:
        raise SplitFrozenError(
            gettext_noop("The split of this question is frozen; a batch may be out. It cannot be drawn again.")
        )
    members = members_of(question, spec)
    if not members:
        raise NothingToSplitError(gettext_noop("No exam of this question is graded A to C yet. Wait for the readers."))
    seed = spec.split.seed if seed is None else seed
    sizes = set_sizes(len(members), spec.split.sets, spec.split.shares)
    drawn = draw(members, sizes, seed)
    with transaction.atomic():
        if current is not None:
            move(current, Split.State.REPLACED, allowed=Split.MOVES, actor=actor, challenge_id=question.challenge_id)
        newest = question.splits.aggregate(n=Max("number"))["n"] or 0
        split = Split.objects.create(
            question=question,
            number=newest + 1,
            seed=seed,
            rule={
                "asked": dict(spec.split.sets or spec.split.shares),
                "sizes": sizes,
                "stratify": list(spec.split.stratify),
            },
            balance=balance(members, drawn),
            sha256=digest(drawn),
            created_by=actor,
        )
        SplitItem.objects.bulk_create(
            [SplitItem(split=split, exam_id=exam, set_name=name) for exam, name in drawn.items()], batch_size=2000
        )
        record(
            verb="split drafted",
            subject=split,
            actor=actor,
            detail={"seed": seed, "sizes": sizes, "sha256": split.sha256},
            challenge_id=question.challenge_id,
        )
    return split


def freeze_split(*, split: Split, actor: Any, face: str = "") -> list[Batch]:
    """From here on sets cannot change; the question's batches are planned and their archives built beforehand.

    `face`: keep or blank in every batch; empty is what the question file says.
    Raises SplitOutOfDateError where an exam was withdrawn or regraded since the draft; then nothing is frozen.
    """
    with transaction.atomic():
        _require_kept(split)
        move(split, Split.State.FROZEN, allowed=Split.MOVES, actor=actor, challenge_id=split.question.challenge_id)
        return plan_batches(split=split, actor=actor, face=face)


def _require_kept(split: Split) -> None:
    """The rows are held until the batches have their items: who withdraws meanwhile waits, and then takes the exam out."""
    exams = Exam.objects.select_for_update().filter(pk__in=split.items.values("exam")).order_by("pk")
    gone = sum(state != Exam.State.KEPT for state in exams.values_list("state", flat=True))
    if gone:
        raise SplitOutOfDateError(
            gettext_noop(
                "Exams of this draft that are no longer kept: %(count)s (withdrawn, or graded again). Draw the sets again, then "
                "freeze them."
            ),
            count=gone,
        )
