"""What a freeze or a release would leave behind: exams without a value, sets of one class, windows that are still open."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_noop

from anonymization.models import ExamImage
from anonymization.texts import waiting_texts
from batches.models import Batch, Split
from challenges.field_titles import field_titles
from challenges.frame import spec_of
from challenges.models import Phase, Question
from concours.evaluation.dry_truth import values_faults
from concours.formats.fault import Fault
from concours.formats.json import Json, JsonObject
from concours.questions.required import required_fields
from concours.questions.schema import QuestionSpec
from core.clock import database_now, zoned
from core.models import Work
from core.readiness import MOST_NAMED, Obstacle, ObstacleSubject
from core.registry import call_hook
from uploads.models import Annotation, Exam

EXAM = gettext_noop("%(centre)s, exam %(number)s")
UNDECIDED = (Exam.State.RECEIVED, Exam.State.DEIDENTIFIED, Exam.State.REVIEW)


def freeze_obstacles(split: Split) -> list[Obstacle]:
    """Before the sets are frozen. Exams are looked for and counted by the database: a draft may have tens of thousands."""
    question, spec = split.question, spec_of(split.question)
    exams = Exam.objects.filter(split_items__split=split)
    return [
        *_missing_fields(spec, exams),
        *_faulty_values(spec, split),
        *_undeliverable(spec, exams),
        *_left_out(question, split),
        *_open_windows(question),
        *_sets(split, spec),
    ]


def exam_subject(exam: Exam) -> ObstacleSubject:
    return ObstacleSubject("exam", str(exam.pk), EXAM, {"centre": exam.centre.name, "number": exam.number})


def _of_exams(
    code: str, blocks: bool, template: str, values: Mapping[str, Json], exams: QuerySet[Exam]
) -> Iterator[Obstacle]:
    """An obstacle about these exams, if there are any: the first are listed, the others counted."""
    listed = list(exams.select_related("centre").order_by("centre__name", "number")[: MOST_NAMED + 1])
    if listed:
        more = exams.count() - MOST_NAMED if len(listed) > MOST_NAMED else 0
        yield Obstacle(code, blocks, template, values, [exam_subject(exam) for exam in listed[:MOST_NAMED]], more)


def _title(spec: QuestionSpec, field: str) -> str:
    return field_titles(spec).title(field)


def _missing_fields(spec: QuestionSpec, exams: QuerySet[Exam]) -> Iterator[Obstacle]:
    """A required value or mask: sealing and scoring would fail without it."""
    template = gettext_noop("“%(field)s” is missing. Its centre adds it on the exam's page, or the exam is withdrawn.")
    for field in required_fields(spec):
        chosen = Annotation.objects.filter(exam=OuterRef("pk"), field=field, is_chosen=True)
        with_value = Exists(chosen.exclude(value=None, blob_key="", sealed_at=None))
        yield from _of_exams("missing_value", True, template, {"field": _title(spec, field)}, exams.exclude(with_value))


def _faulty_values(spec: QuestionSpec, split: Split) -> list[Obstacle]:
    """The truth as it would be sealed, for each group of sets that a phase is scored on."""
    groups, required = _scored_groups(spec), set(required_fields(spec))
    obstacles: dict[tuple[str, str], Obstacle] = {}
    for sets in groups:
        by_exam = _values_of(split, sets)
        faults = values_faults(spec, by_exam)
        named = {str(fault.values.get("id", "")) for fault in faults} & set(by_exam)
        exams = {str(exam.pk): exam for exam in Exam.objects.filter(pk__in=named).select_related("centre")}
        for fault in faults:
            case, name = str(fault.values.get("id", "")), str(fault.values.get("name", ""))
            if case in exams and name in required and not by_exam[case].get(name):
                continue  # listed as missing
            obstacle = _obstacle_of(fault, exams.get(case), sets)
            earlier = obstacles.get((obstacle.template, str(obstacle.values)))
            subjects = [*(earlier.subjects if earlier else ()), *obstacle.subjects]
            obstacles[obstacle.template, str(obstacle.values)] = Obstacle(
                obstacle.reason, True, obstacle.template, obstacle.values, subjects
            )
    return list(obstacles.values())


def _values_of(split: Split, sets: Collection[str]) -> dict[str, JsonObject]:
    """Exam's id -> field -> value, of the exams that were drawn for these sets."""
    items = split.items.filter(set_name__in=sets)
    by_exam: dict[str, JsonObject] = {str(pk): {} for pk in items.values_list("exam_id", flat=True)}
    rows = Annotation.objects.filter(exam__in=items.values("exam_id"), is_chosen=True, blob_key="")
    for pk, field, value in rows.values_list("exam_id", "field", "value"):
        by_exam[str(pk)][field] = value
    return by_exam


def _obstacle_of(fault: Fault, exam: Exam | None, sets: frozenset[str]) -> Obstacle:
    if exam is not None:
        values = {key: value for key, value in fault.values.items() if key not in ("id", "cell")}
        return Obstacle("invalid_value", True, INVALID, values, [exam_subject(exam)])
    if fault.reason == "one_class":
        values = {"sets": ", ".join(sorted(sets)), "score": str(fault.values.get("name", ""))}
        return Obstacle("one_class", True, ONE_CLASS, values)
    return Obstacle("invalid_value", True, fault.template, fault.values)


INVALID = gettext_noop("“%(name)s” has a value that scoring does not accept. Correct it, or withdraw the exam.")
ONE_CLASS = gettext_noop(
    "%(sets)s: every exam has the same class, so “%(score)s” could not be computed for any team. Draw the sets again with "
    "another seed, or stratify by this field."
)


def _scored_groups(spec: QuestionSpec) -> set[frozenset[str]]:
    """The sets that one truth is made of: those of a phase's batch, or all sets of the truth where the phase names none."""
    sets = {batch.name: batch.set for batch in spec.batches}
    groups = {
        frozenset([sets[phase.batch]]) if phase.batch in sets else frozenset(spec.split.truth)
        for phase in spec.phases.values()
        if phase.accepts == "submissions"
    }
    return {group for group in groups if group}


def _undeliverable(spec: QuestionSpec, exams: QuerySet[Exam]) -> Iterator[Obstacle]:
    """Exams of which no archive can be made as the question delivers them."""
    lacking = Q(bundle_key="")
    if spec.data.deliver.format in ("nifti", "numpy"):
        images = ExamImage.objects.filter(exam=OuterRef("pk"), document__geometry=None, name__in=list(spec.data.images))
        lacking |= Q(Exists(images))
    template = gettext_noop("The images cannot be delivered as %(format)s. Withdraw the exam.")
    values = {"format": spec.data.deliver.format}
    yield from _of_exams("not_deliverable", True, template, values, exams.filter(lacking))
    delivered = {*spec.data.deliver.training, *spec.data.deliver.evaluation}
    texts = {row.exam_id for row in waiting_texts(exams, delivered)}
    template = gettext_noop("A text is not de-identified yet. Decide its words or read it on the page of texts.")
    yield from _of_exams("texts_not_ready", True, template, {}, exams.filter(pk__in=texts))


def _left_out(question: Question, split: Split) -> Iterator[Obstacle]:
    """Exams that are on their way, which will be in no set."""
    drawn = Exists(split.items.filter(exam=OuterRef("pk")))
    others = Exam.objects.filter(question=question).exclude(drawn)
    kinds = (
        (
            "undecided",
            UNDECIDED,
            gettext_noop("Exams are being processed or wait for a review; they will be in no set."),
        ),
        ("ungraded", (Exam.State.ACCEPTED,), gettext_noop("Exams have no grade yet; they will be in no set.")),
        (
            "left_over",
            (Exam.State.KEPT,),
            gettext_noop("Exams were included after the draw; draw again to place them."),
        ),
    )
    for code, states, template in kinds:
        yield from _of_exams(code, False, template, {}, others.filter(state__in=states))


def _open_windows(question: Question) -> list[Obstacle]:
    now = database_now()
    open_ = [phase for phase in question.phases.accepting("exams") if phase.closes > now]
    template = gettext_noop("Inclusion ends on %(closes)s; exams that arrive until then will be in no set.")
    return [
        Obstacle("inclusion_open", False, template, {"closes": zoned(max(phase.closes for phase in open_))})
        for _ in open_[:1]
    ]


def _sets(split: Split, spec: QuestionSpec) -> list[Obstacle]:
    sizes = split.rule.get("sizes") or {}
    empty = sorted(name for name, size in sizes.items() if not size)
    obstacles = []
    if empty:
        template = gettext_noop("No exam is in these sets: %(sets)s. Draw them again.")
        obstacles.append(Obstacle("empty_set", True, template, {"sets": ", ".join(empty)}))
    now = database_now()
    past = [batch.name for batch in spec.batches if batch.released_at <= now]
    if past:
        template = gettext_noop("Released as soon as they are built, since their date is past: %(batches)s.")
        obstacles.append(Obstacle("released_at_once", False, template, {"batches": ", ".join(past)}))
    return obstacles


def release_obstacles(batch: Batch) -> list[Obstacle]:
    """Before a batch is released by hand."""
    obstacles: list[Obstacle] = []
    if batch.state == Batch.State.REVOKED:
        obstacles.append(Obstacle("revoked", True, gettext_noop("This batch is revoked.")))
    elif batch.state == Batch.State.PLANNED:
        failed = Work.objects.filter(stage="build_batch", subject_id=str(batch.pk), state=Work.State.FAILED).exists()
        template = (
            gettext_noop("Its archive could not be built. Correct what the page of work lists, then try again there.")
            if failed
            else gettext_noop("Its archive is still being built. Release it when that is done.")
        )
        obstacles.append(Obstacle("build_failed" if failed else "being_prepared", True, template))
    now = database_now()
    phases = Phase.objects.accepting("submissions").filter(question=batch.question, batch=batch.name)
    for phase in phases.filter(closes__lte=now):
        template = gettext_noop("The phase that is scored on it closed on %(closes)s.")
        subject = ObstacleSubject("phase", str(phase.pk), "%(name)s", {"name": phase.name})
        obstacles.append(Obstacle("phase_over", False, template, {"closes": zoned(phase.closes)}, [subject]))
    for part in call_hook("release_obstacles", batch):
        obstacles += part
    return obstacles
