"""A corrected value, table or mask is examined like one that comes with an exam: the same gate, cleaners and criteria."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation import gettext_noop

from anonymization.apply_correction import Rechecked
from anonymization.deidentify import LOOK, LOOK_KIND
from anonymization.quality import LIMITS as FACTS_LIMITS
from anonymization.quality import fields_of, read_facts
from anonymization.texts import decided_texts
from challenges.field_titles import field_titles
from challenges.frame import spec_of
from challenges.keys import key_of_centre
from concours.deid.values import GatedText, declared_fields
from concours.evaluation.dry_truth import values_faults
from concours.formats.child import run_limited
from concours.formats.fault import Fault, FormatError
from concours.formats.files import kind_of
from concours.formats.json import Json
from concours.formats.stored import Stored, whole
from concours.inclusion import ExamFacts, Judgement, examine
from concours.inclusion.exam.given import GivenField
from concours.questions.schema import QuestionSpec
from concours.study.asked import criteria_of
from concours.study.clean_exam import LIMITS
from concours.study.cleaned import CleanedExam
from core.errors import InvalidInputError
from uploads.models import Exam

NOT_VALID = gettext_noop("This correction cannot be used. Correct what is listed, then send it again.")
NOTHING_SENT = gettext_noop("Enter the new value, or choose the new file.")
UNREADABLE = gettext_noop("“%(field)s”: the file is damaged, or not in a format that masks can have.")
IDENTIFIES = gettext_noop("“%(field)s” may contain identifying information. Remove it, then send the correction again.")
BAD_VALUE = gettext_noop("“%(field)s” has a value that scoring does not accept.")
TABLES = (".csv", ".xlsx", ".json")
ENDINGS = {"npy": ".npy", "dicom": ".dcm"}  # every other kind is told by its content


@dataclass(frozen=True)
class SentCorrection:
    """What a person typed (`value`: a text, number or list of rows) or sent as a file, which it calls `called`."""

    value: Json = None
    file: Path | None = None
    called: str = ""


@dataclass(frozen=True)
class ExaminedCorrection:
    """What may be kept of it: the parsed value or the cleaned file, and what a person has to decide first."""

    value: Json = None
    file: Path | None = None
    ending: str = ""
    texts: list[GatedText] = field(default_factory=list)  # each text of the value, in pieces
    points: list[Judgement] = field(default_factory=list)
    rechecked: Rechecked | None = None

    @property
    def waits(self) -> bool:
        """Whether a person has to decide about words, or about what a criterion is not sure of."""
        return bool(self.points) or any(text.undecided for text in self.texts)


def examine_correction(exam: Exam, name: str, sent: SentCorrection, folder: Path) -> ExaminedCorrection:
    """Reads `sent` for the field `name` in limited children that write below `folder`.

    Raises InvalidInputError with every reason in words.
    """
    spec = spec_of(exam.question)
    try:
        cleaned = _cleaned(exam, spec, name, sent, folder)
        before, rechecked = _recheck(exam, spec, name, cleaned)
    except FormatError as error:
        raise _not_valid(exam, error.faults) from error
    faults = [
        *(_fault(judgement) for judgement in _new(rechecked.judgements, before, "refuse")),
        *_truth_faults(exam, spec, name, cleaned),
    ]
    if faults:
        raise _not_valid(exam, _once(faults))
    texts = decided_texts(exam.question, cleaned.texts)
    points = cleaned.points + _new(rechecked.judgements, before, "review")
    return ExaminedCorrection(cleaned.value, cleaned.file, cleaned.ending, texts, points, rechecked)


def _not_valid(exam: Exam, faults: Iterable[Fault]) -> InvalidInputError:
    """The refusal, which names the field as its reader knows it."""
    titles = field_titles(spec_of(exam.question))
    return InvalidInputError(NOT_VALID, [titles.fault(fault) for fault in faults])


def _cleaned(exam: Exam, spec: QuestionSpec, name: str, sent: SentCorrection, folder: Path) -> ExaminedCorrection:
    """Through the engine's own child, as if it had come with the exam. Raises InvalidInputError."""
    declared = spec.data.fields[name]
    original = folder / "original"
    original.mkdir()
    files = _place(declared.type, name, sent, original)
    document = run_limited(
        "concours.study.cleaning:run",
        [file.to_json() for file in files],
        str(folder),
        key_of_centre(exam.centre).secret,
        list(spec.deidentification.keep),
        [field.to_json() for field in declared_fields(spec.data.fields).values()],
        limits=LIMITS,
        read=[folder, *(file.path for file in files)],
        write=[folder],
    )
    answer = CleanedExam.from_json(document)
    faults = [fault for fault in answer.faults if fault.reason != "extra_column"]
    if answer.findings:
        faults.append(Fault("residual_identifier", name, IDENTIFIES, {"field": name}))
    if declared.type == "mask" and name not in answer.annotations:
        faults.append(Fault("wrong_format", name, UNREADABLE, {"field": name}))
    value = answer.values.get(name)
    if declared.type != "mask" and value is None and not faults:
        faults.append(Fault("missing_value", name, NOTHING_SENT))
    if faults:
        raise _not_valid(exam, faults)
    if declared.type == "mask":
        called = answer.annotations[name]
        unsure = [
            Judgement("deidentify", "review", file.reason, name, LOOK.get(file.reason, LOOK_KIND))
            for file in answer.files
            if file.needs_review
        ]
        path = folder / "clean" / "annotations" / called
        return ExaminedCorrection(file=path, ending=called.partition(".")[2], points=unsure)
    return ExaminedCorrection(value=value, texts=list(answer.texts))


def _place(kind: str, name: str, sent: SentCorrection, original: Path) -> list[Stored]:
    """Lays it where the engine finds what came with an exam. Raises InvalidInputError where nothing was sent."""
    if kind == "mask":
        if sent.file is None:
            raise InvalidInputError(NOTHING_SENT)
        with sent.file.open("rb") as file:
            ending = ENDINGS.get(kind_of(file.read(1024)) or "", ".bin")
        place = whole(sent.file)
        return [Stored(place.path, f"annotations/{name}{ending}", 0, place.size)]
    if kind == "table" and sent.file is not None:
        (original / "tables").mkdir()
        ending = Path(sent.called).suffix.lower()
        ending = ending if ending in TABLES else ".csv"
        shutil.copyfile(sent.file, original / "tables" / f"00-{name}{ending}")
    elif sent.value is None or sent.value == "":
        raise InvalidInputError(NOTHING_SENT)
    else:
        (original / "values.json").write_text(json.dumps({name: sent.value}), encoding="utf-8")
    return []


def _recheck(
    exam: Exam, spec: QuestionSpec, name: str, cleaned: ExaminedCorrection
) -> tuple[list[Judgement], Rechecked]:
    """What the criteria said of the exam so far, and what they say with the new content of the field."""
    criteria = criteria_of(spec)
    with ExitStack() as held:
        fields = fields_of(exam, spec, held)
        stored_facts = _known_facts(exam, spec, fields)
        declared = fields[name].declared
        if cleaned.file is not None:
            field = GivenField(declared, path=str(cleaned.file), called=f"{name}.{cleaned.ending}")
        else:
            field = GivenField(declared, value=cleaned.value)
        # Values of other fields: corrected since the last check, perhaps.
        values = {other: sent.to_json() for other, sent in fields.items() if not sent.path}
        facts = run_limited(
            "anonymization.correction_run:read_fields_again",
            stored_facts,
            {**values, name: field.to_json()},
            limits=FACTS_LIMITS,
            read=[cleaned.file] if cleaned.file is not None else [],
        )
    before, after = (list(examine(ExamFacts.from_json(document), criteria)) for document in (stored_facts, facts))
    return before, Rechecked(facts, after)


def _known_facts(exam: Exam, spec: QuestionSpec, fields: Mapping[str, GivenField]) -> Mapping[str, Json]:
    """The facts of the last check; of an exam without one, read from its bundle."""
    newest = exam.quality_checks.exclude(facts={}).order_by("-number").first()
    return newest.facts if newest is not None else read_facts(exam, spec, fields, exam.bundle_key)


def _new(after: Iterable[Judgement], before: Iterable[Judgement], outcome: str) -> list[Judgement]:
    """What the criteria say only now: an exam that lacks two values may get them one after the other."""
    earlier = [(judgement.template, dict(judgement.values)) for judgement in before]
    return [
        judgement
        for judgement in after
        if judgement.outcome == outcome and (judgement.template, dict(judgement.values)) not in earlier
    ]


def _fault(judgement: Judgement) -> Fault:
    return Fault(judgement.reason, judgement.where, judgement.template, dict(judgement.values))


def _truth_faults(exam: Exam, spec: QuestionSpec, name: str, cleaned: ExaminedCorrection) -> list[Fault]:
    """What a truth with this value would refuse, by the very functions that read a sealed one; other fields are not its fault."""
    if cleaned.file is not None:
        return []
    rows = exam.annotations.filter(is_chosen=True, blob_key="")
    values = {row.field: row.value for row in rows if row.value is not None}
    own = {
        name,
        *(other for other, field in spec.data.fields.items() if field.derive is not None and field.derive.of == name),
    }
    faults = values_faults(spec, {"case": {**values, name: cleaned.value}})
    wrong = {str(fault.values.get("name", "")) for fault in faults if str(fault.values.get("id", "")) == "case"}
    return [Fault("out_of_range", name, BAD_VALUE, {"field": name})] if own & wrong else []


def _once(faults: Iterable[Fault]) -> list[Fault]:
    """Each sentence once."""
    return list({(fault.template, str(dict(fault.values))): fault for fault in faults}.values())
