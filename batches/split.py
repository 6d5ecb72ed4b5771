"""Stage 5, split: kept exams are divided by patient, stratified, from a seed."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_noop

from batches.labels import seal_labels
from batches.models import Batch, Split, SplitItem
from batches.plan import plan_batches
from batches.readiness import freeze_obstacles
from batches.stratify import StratifiedExam, balance, digest, draw, quartile_bins, set_sizes
from challenges.frame import spec_of
from challenges.models import Question
from concours.formats.fault import plural_noop
from concours.questions.derive import any_row
from concours.questions.schema import QuestionSpec
from core.actors import Actor, person_of
from core.audit import record
from core.errors import MoveNotAllowedError
from core.locks import next_number
from core.moves import done_before, move
from core.readiness import require_ready
from uploads.models import Annotation, Exam


class NothingToSplitError(MoveNotAllowedError):
    reason = "nothing_to_split"


class SplitFrozenError(MoveNotAllowedError):
    reason = "split_frozen"


class SplitOutOfDateError(MoveNotAllowedError):
    reason = "split_out_of_date"


def members_of(question: Question, spec: QuestionSpec) -> list[StratifiedExam]:
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
        StratifiedExam(
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


def draft_split(*, question: Question, actor: Actor, seed: int | None = None) -> Split:
    """A split to look at: it replaces an earlier draft, and nothing is released from it until it is frozen."""
    spec = spec_of(question)
    _replaceable(question)
    members = members_of(question, spec)
    if not members:
        raise NothingToSplitError(gettext_noop("No exam of this question is graded A to C yet. Wait for the readers."))
    seed = spec.split.seed if seed is None else seed
    sizes = set_sizes(len(members), spec.split.sets, spec.split.shares)
    drawn = draw(members, sizes, seed)
    with transaction.atomic():
        number = next_number(question.splits, parent=question)
        current = _replaceable(question)  # again, now that nobody else can draft
        if current is not None:
            move(current, Split.State.REPLACED, actor=actor)
        split = Split.objects.create(
            question=question,
            number=number,
            seed=seed,
            rule={
                "asked": dict(spec.split.sets or spec.split.shares),
                "sizes": sizes,
                "stratify": list(spec.split.stratify),
            },
            balance=balance(members, drawn),
            sha256=digest(drawn),
            created_by=person_of(actor),
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


def _replaceable(question: Question) -> Split | None:
    """The draft that a new one replaces, if there is one. Raises SplitFrozenError."""
    current = question.splits.exclude(state=Split.State.REPLACED).first()
    if current is not None and current.state == Split.State.FROZEN:
        raise SplitFrozenError(
            gettext_noop(
                "The split of this question is frozen, and a batch may already be released. It cannot be drawn again."
            )
        )
    return current


def freeze_split(*, split: Split, actor: Actor, face: str = "") -> list[Batch]:
    """From here on sets cannot change; the question's batches are planned and their archives built beforehand. Labels of the
    evaluation exams leave the tables that web processes read.

    `face`: keep or blank in every batch; empty is what the question file says.
    Raises SplitOutOfDateError where an exam was withdrawn or regraded since the draft, and NotReadyError with everything that
    `freeze_obstacles` finds to block it; then nothing is frozen.
    """
    if done_before(split, Split.State.FROZEN):
        return list(Batch.objects.filter(split=split).order_by("released_at", "name"))
    with transaction.atomic():
        _require_kept(split)
        require_ready(freeze_obstacles(split))
        move(split, Split.State.FROZEN, actor=actor)
        seal_labels(split)
        return plan_batches(split=split, actor=actor, face=face)


def _require_kept(split: Split) -> None:
    """The rows are held until the batches have their items: who withdraws meanwhile waits, and then takes the exam out."""
    exams = Exam.objects.select_for_update().filter(pk__in=split.items.values("exam")).order_by("pk")
    gone = sum(state != Exam.State.KEPT for state in exams.values_list("state", flat=True))
    if gone:
        raise SplitOutOfDateError(
            plural_noop(
                "%(count)s exam of this draft is no longer included (withdrawn or regraded). Draw the sets "
                "again before you freeze them.",
                "%(count)s exams of this draft are no longer included (withdrawn or regraded). Draw the sets "
                "again before you freeze them.",
            ),
            count=gone,
        )


def is_in_frozen_set(exam: Exam) -> bool:
    """Whether the exam's set is fixed: its grade can no longer be changed."""
    return exam.split_items.filter(split__state=Split.State.FROZEN).exists()
