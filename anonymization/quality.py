"""Stage 3, control quality: the question's inclusion criteria on the de-identified exam, every reason at once."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from django.utils.translation import gettext_noop

from anonymization.choose import ask_for_series, is_confirmed
from anonymization.images import keep_images
from anonymization.models import Correction, QualityCheck, Review
from anonymization.points import ReviewPoint
from anonymization.sent_names import SentNames
from anonymization.series import replace_bundle, settle_series
from challenges.frame import spec_of
from concours.formats.child import ChildLimits, run_limited
from concours.formats.fault import Fault, FormatError
from concours.formats.json import JsonObject
from concours.inclusion import ExamFacts, Judgement, examine, overall
from concours.inclusion.causes import reasons
from concours.inclusion.exam.given import GivenField
from concours.inclusion.exam.perceptual import NEAR
from concours.questions.required import required_fields
from concours.questions.schema import QuestionSpec
from concours.study.asked import by_image, criteria_of, declared_block
from concours.study.candidates import ExamRequirements
from concours.study.choosing import judged_at_gate, lacks_volume, without_echoes
from core.claims import Claim
from core.locks import locked, next_number
from core.moves import move
from core.progress import tell, tell_fault
from core.storage import local_copy
from uploads.exams import accept_exam, refuse_exam
from uploads.models import Exam

LIMITS = ChildLimits(memory_bytes=3 << 30, cpu_seconds=900)
ALIKE = 3  # exams that a review shows beside one that looks the same
LOOK_ALIKE = gettext_noop("These images are almost identical to those of another exam. An organiser will compare them.")
LOOK_ALIKE_OWN = gettext_noop(
    "These images are almost identical to those of your exam %(number)s. An organiser will compare them."
)
OTHERS = gettext_noop(
    "Other series of the study that were left out: %(count)d. They were erased and are delivered to nobody."
)


def check_quality(claim: Claim) -> None:
    """The stage's function: facts are read in a limited child, judged here, written in one short transaction."""
    exam = Exam.objects.select_related("question__challenge", "centre").get(pk=claim.subject_id)
    if exam.state != Exam.State.DEIDENTIFIED:
        with claim.finish():
            return
    revision = exam.question.current()
    spec = spec_of(exam.question)
    criteria = criteria_of(spec)
    with tempfile.TemporaryDirectory(prefix="concours-series-") as folder, ExitStack() as held:
        try:
            fields = fields_of(exam, spec, held)
            settled = settle_series(exam, ExamRequirements(spec, criteria, fields), Path(folder))
            if settled.choices:
                with claim.finish():
                    ask_for_series(exam, settled.choices)
                return
            document = read_facts(exam, spec, fields, settled.written.blob.key if settled.written else exam.bundle_key)
            if settled.written is None and lacks_volume(ExamFacts.from_json(document)):
                settled = settle_series(exam, ExamRequirements(spec, criteria, fields), Path(folder), apart=True)
                if settled.choices:
                    with claim.finish():
                        ask_for_series(exam, settled.choices)
                    return
                if settled.written is not None:
                    document = read_facts(exam, spec, fields, settled.written.blob.key)
        except FormatError as error:
            with claim.finish():
                refuse_exam(exam, stage="check_quality", faults=list(error.faults))
            return
    facts = ExamFacts.from_json(document)
    judgements = [*settled.nearest, *_judged_at_gate(exam), *examine(facts, criteria)]
    judgements = without_echoes(judgements)
    likeness = _hash_of(facts)
    with claim.finish():
        if settled.written is not None:
            replace_bundle(exam, settled.written)
        if settled.others:
            values = {"count": settled.others}
            tell(exam, stage="check_quality", state="set_aside", template=OTHERS, values=values)
        QualityCheck.objects.create(
            exam=exam,
            number=next_number(exam.quality_checks, parent=exam),
            outcome=overall(judgements),
            question_revision=revision.number,
            judgements=[judgement.to_json() for judgement in judgements],
            facts=document,
        )
        keep_images(exam, facts.assemblies)
        _settle(exam, judgements, likeness)


def _judged_at_gate(exam: Exam) -> list[Judgement]:
    """Values that were sent and are not of their type: de-identification left them out and said why. What was corrected since
    is no longer wrong."""
    newest = exam.deidentifications.order_by("-number").first()
    faults = [Fault.from_json(document) for document in (newest.report.get("values", []) if newest else [])]
    if faults and newest is not None:
        later = exam.corrections.filter(state=Correction.State.CORRECTED, decided_at__gte=newest.done_at)
        corrected = set(later.values_list("field", flat=True))
        faults = [fault for fault in faults if fault.where not in corrected]
    return judged_at_gate(faults)


def read_facts(exam: Exam, spec: QuestionSpec, fields: Mapping[str, GivenField], key: str) -> JsonObject:
    """Reads the bundle `key` where it lies, and the annotations, in a limited child: `ExamFacts` as JSON. Raises FormatError."""
    with local_copy("exams", key) as bundle:
        document: JsonObject = run_limited(
            "concours.inclusion.exam.read:read_exam_json",
            by_image(bundle, list(spec.data.images)),
            {name: field.to_json() for name, field in fields.items()},
            limits=LIMITS,
            read=[bundle, *(field.path for field in fields.values() if field.path)],
        )
    return document


def fields_of(exam: Exam, spec: QuestionSpec, held: ExitStack) -> dict[str, GivenField]:
    """Each declared field with what is known of it, as the criteria read it; files stay where they are while `held` is open."""
    chosen = {row.field: row for row in exam.annotations.filter(is_chosen=True)}
    fields: dict[str, GivenField] = {}
    required = required_fields(spec)
    for name, field in spec.data.fields.items():
        stored = GivenField(declared_block(field, required=name in required))
        row = chosen.get(name)
        if row is not None and row.blob_key:
            path = str(held.enter_context(local_copy("exams", row.blob_key)))
            stored = replace(stored, path=path, called=f"{name}.{row.blob_name}")
        elif row is not None:
            stored = replace(stored, value=row.value)
        fields[name] = stored
    return fields


def _hash_of(facts: ExamFacts) -> str:
    largest = max(facts.series, key=lambda series: len(series.slices), default=None)
    return largest.perceptual_hash if largest else ""


def _settle(exam: Exam, judgements: list[Judgement], likeness: str) -> None:
    """Inside the last transaction: accepted, refused with every reason, or for a person to review."""
    names = SentNames(exam)
    listed = reasons(judgements, names.files())
    outcome = overall(judgements)
    if outcome == "refuse":
        Exam.objects.filter(pk=exam.pk).update(similarity_hash=likeness)
        refuse_exam(exam, stage="check_quality", faults=[names.fault(reason) for reason in listed])
        return
    listed = [reason for reason in listed if not is_confirmed(exam, reason.judgement)]
    faults, points = [names.fault(reason) for reason in listed], [names.point(reason) for reason in listed]
    others = _exams_alike(exam, likeness)
    if others:
        own = [str(other.number) for other in others if other.centre_id == exam.centre_id]
        alike = Fault(
            "duplicate_exam", "exam", LOOK_ALIKE_OWN if own else LOOK_ALIKE, {"number": own[0]} if own else {}
        )
        faults.append(alike)
        points.append(ReviewPoint(alike.reason, LOOK_ALIKE, "exam", others=tuple(str(other.pk) for other in others)))
    if points:
        for fault in faults:
            tell_fault(exam, fault, stage="check_quality", state="review")
        move(exam, Exam.State.REVIEW, code=points[0].reason, similarity_hash=likeness)
        Review.objects.create(exam=exam, stage="check_quality", points=[point.to_json() for point in points])
        return
    accept_exam(exam, similarity_hash=likeness)


def _exams_alike(exam: Exam, likeness: str) -> list[Exam]:
    """Other patients' living exams of this question with nearly the same picture, the nearest first.

    One exam of a question at a time, so that of two that are checked at once the second sees the first.
    """
    if not likeness:
        return []
    locked(exam.question)
    others = (
        Exam.objects.filter(question=exam.question)
        .exclude(pk=exam.pk)
        .exclude(similarity_hash="")
        .exclude(patient=exam.patient)
        .exclude(state__in=[Exam.State.REFUSED, Exam.State.WITHDRAWN])
    )
    mine = int(likeness, 16)
    apart = {pk: (mine ^ int(other, 16)).bit_count() for pk, other in others.values_list("pk", "similarity_hash")}
    near = sorted((distance, pk) for pk, distance in apart.items() if distance <= NEAR)[:ALIKE]
    rows = others.in_bulk([pk for _distance, pk in near])
    return [rows[pk] for _distance, pk in near]


def quality_failed(subject_id: str, reason: str) -> None:
    exam = Exam.objects.get(pk=subject_id)
    template = gettext_noop(
        "The platform could not check this exam. Nothing is lost; the organisers have been informed."
    )
    tell(exam, stage="check_quality", state="failed", template=template)
