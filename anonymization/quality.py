"""Stage 3, control quality: the question's inclusion criteria on the de-identified exam, every reason at once."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext_noop

from anonymization.accept import accept_exam
from anonymization.criteria import ExamFacts, Judgement, examine, overall
from anonymization.criteria.exam.perceptual import NEAR
from anonymization.models import QualityCheck, Review
from challenges.frame import spec_of
from challenges.spec import QuestionSpec
from core.moves import move
from core.progress import tell
from core.storage import local_copy
from core.work import Claim
from formats.child import Limits, run_limited
from formats.fault import Fault, FormatError
from formats.stored import members
from uploads.models import Exam
from uploads.receive import refuse_exam

LIMITS = Limits(memory_bytes=3 << 30, cpu_seconds=900, wall_seconds=1800.0)
LOOK_ALIKE = gettext_noop("These images look almost the same as another exam's. An organiser will look at both.")


def check_quality(claim: Claim) -> None:
    """The stage's function: facts are read in a limited child, judged here, written in one short transaction."""
    exam = Exam.objects.select_related("question__challenge", "centre").get(pk=claim.subject_id)
    if exam.state != Exam.State.DEIDENTIFIED:
        with claim.finish():
            return
    revision = exam.question.current()
    spec = spec_of(exam.question)
    try:
        document = read_facts(exam, spec)
    except FormatError as error:
        with claim.finish():
            refuse_exam(exam, stage="check_quality", faults=list(error.faults))
        return
    facts = ExamFacts.from_json(document)
    judgements = examine(facts, {criterion.name: criterion.params for criterion in spec.inclusion})
    likeness = _hash_of(facts)
    with claim.finish():
        newest = exam.quality_checks.aggregate(n=Max("number"))["n"] or 0
        QualityCheck.objects.create(
            exam=exam,
            number=newest + 1,
            outcome=overall(judgements),
            question_revision=revision.number,
            judgements=[judgement.to_json() for judgement in judgements],
            facts=document,
        )
        _settle(exam, judgements, likeness)


def read_facts(exam: Exam, spec: QuestionSpec) -> dict[str, Any]:
    """Reads the exam's bundle where it lies, and its annotations, in a limited child: `ExamFacts` as JSON. Raises FormatError."""
    with ExitStack() as held:
        bundle = held.enter_context(local_copy("exams", exam.bundle_key))
        fields = _fields(exam, spec, held)
        document: dict[str, Any] = run_limited(
            "anonymization.criteria.exam.read:read_exam_json",
            by_image(bundle, list(spec.data.images)),
            fields,
            limits=LIMITS,
            read=[bundle, *(given["path"] for given in fields.values() if "path" in given)],
        )
    return document


def by_image(bundle: Path, images: list[str]) -> dict[str, list[dict[str, Any]]]:
    """The bundle's files by image, as the criteria read them. Files that no folder placed belong to the first image."""
    files: dict[str, list[dict[str, Any]]] = {image: [] for image in images}
    for one in members(bundle):
        image = one.name.split("/")[0]
        files[image if image in files else images[0]].append(one.to_json())
    return files


def _fields(exam: Exam, spec: QuestionSpec, held: ExitStack) -> dict[str, dict[str, Any]]:
    """Each declared field with what is known of it, as the criteria read it; files stay where they are while `held` is open."""
    chosen = {row.field: row for row in exam.annotations.filter(is_chosen=True)}
    fields: dict[str, dict[str, Any]] = {}
    for name, field in spec.data.fields.items():
        given: dict[str, Any] = {"declared": _declared(field)}
        row = chosen.get(name)
        if row is not None and row.blob_key:
            given["path"] = str(held.enter_context(local_copy("exams", row.blob_key)))
            given["called"] = f"{name}.{row.blob_name}"
        elif row is not None:
            given["value"] = row.value
        fields[name] = given
    return fields


def _declared(field: Any) -> Mapping[str, Any]:
    """The field's block of the question file, as JSON."""
    return {
        "type": field.type,
        "of": field.of,
        "values": list(field.values),
        "unit": field.unit,
        "min": field.min,
        "max": field.max,
        "allowed": list(field.allowed),
        "required": field.required,
        "measured_from": field.measured_from,
    }


def _hash_of(facts: ExamFacts) -> str:
    largest = max(facts.series, key=lambda one: len(one.slices), default=None)
    return largest.perceptual_hash if largest else ""


def _settle(exam: Exam, judgements: list[Judgement], likeness: str) -> None:
    """Inside the last transaction: accepted, refused with every reason, or for a person to look at."""
    challenge_id = exam.question.challenge_id
    open_points = [judgement for judgement in judgements if judgement.outcome != "accept"]
    outcome = overall(judgements)
    if outcome == "refuse":
        faults = [Fault(j.reason, j.where, j.template, j.values) for j in open_points]
        Exam.objects.filter(pk=exam.pk).update(similarity_hash=likeness)
        refuse_exam(exam, stage="check_quality", faults=faults)
        return
    points: list[dict[str, Any]] = [
        {"reason": j.reason, "where": j.where, "template": j.template, "values": dict(j.values)} for j in open_points
    ]
    if _looks_like_another(exam, likeness):
        points.append({"reason": "duplicate_exam", "where": "exam", "template": LOOK_ALIKE, "values": {}})
    if points:
        for point in points:
            tell(exam, stage="check_quality", state="review", **point)
        move(
            exam,
            Exam.State.REVIEW,
            allowed=Exam.MOVES,
            code=points[0]["reason"],
            challenge_id=challenge_id,
            similarity_hash=likeness,
        )
        Review.objects.create(exam=exam, stage="check_quality", points=points)
        return
    accept_exam(exam, similarity_hash=likeness)


def _looks_like_another(exam: Exam, likeness: str) -> bool:
    """Whether another patient's living exam of this question has nearly the same picture."""
    if not likeness:
        return False
    others = (
        Exam.objects.filter(question=exam.question)
        .exclude(pk=exam.pk)
        .exclude(similarity_hash="")
        .exclude(patient=exam.patient)
        .exclude(state__in=[Exam.State.REFUSED, Exam.State.WITHDRAWN])
    )
    mine = int(likeness, 16)
    return any(
        (mine ^ int(other, 16)).bit_count() <= NEAR for other in others.values_list("similarity_hash", flat=True)
    )


def quality_failed(subject_id: str, reason: str) -> None:
    exam = Exam.objects.get(pk=subject_id)
    template = gettext_noop("The platform could not check this exam. Nothing is lost; the organisers were told.")
    tell(exam, stage="check_quality", state="failed", template=template)
