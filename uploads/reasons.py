"""What people read of an exam: the reasons that hold now, its history, and what to do next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from challenges.field_titles import KEYS, FieldTitles, field_titles
from challenges.frame import spec_of
from challenges.models import CentreMembership
from concours.formats.json import Json
from concours.questions.schema import QuestionSpec
from concours.study.grouping import SetAside
from core.actors import Reader
from core.models import Progress
from core.progress import progress_of
from core.vocabulary import stage_word
from core.words import say
from uploads.models import Exam, Upload

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

# Progress that gives a reason, the strongest first: beside a refusal nothing else matters.
REASONS = ("refused", "failed", "review", "fault")
HIDDEN = "…"  # in place of a name that was erased
NAMING_STAGES = ("receive", "deidentify")  # their `where` is a file of the centre's
NEXT: dict[str, str | Promise] = {
    "received": _("Nothing to do: the platform removes what identifies the patient. This takes minutes at most."),
    "deidentified": _("Nothing to do: the platform checks the inclusion criteria. This takes minutes at most."),
    "review": _("Nothing to do: an organiser reviews this exam. The decision will appear here."),
    "accepted": _("Nothing to do: the exam is included. Thank you."),
    "refused": _(
        "Fix the problems listed above, then upload the exam again. If they cannot be fixed, send another patient's exam."
    ),
    "withdrawn": _("Nothing to do: the exam and its images are erased."),
}
BY_REASON: dict[str, str | Promise] = {
    "duplicate_exam": _("Nothing to do: the exam is already here, and this copy is not counted."),
    "consent_missing": _("Give the information letter first. If the patient refuses, do not send the exam."),
}
COMPLETE = _("Enter the missing or wrong value on the exam's page. Nothing has to be uploaded again.")
SEVERAL = "several_series"
CHOOSE = _("Several series meet the criteria. Choose the one for the challenge; nothing has to be uploaded again.")
KINDS: dict[str, _StrPromise] = {
    "localiser": ngettext_lazy("%(n)d localiser image", "%(n)d localiser images", "n"),
    "dose_page": ngettext_lazy("%(n)d dose page", "%(n)d dose pages", "n"),
    "dose_report": ngettext_lazy("%(n)d dose report", "%(n)d dose reports", "n"),
    "secondary_capture": ngettext_lazy("%(n)d secondary capture", "%(n)d secondary captures", "n"),
    "other_modality": ngettext_lazy("%(n)d image of another modality", "%(n)d images of another modality", "n"),
    "report": ngettext_lazy("%(n)d structured report", "%(n)d structured reports", "n"),
    "key_objects": ngettext_lazy("%(n)d list of key images", "%(n)d lists of key images", "n"),
    "presentation_state": ngettext_lazy("%(n)d presentation state", "%(n)d presentation states", "n"),
    "waveform": ngettext_lazy("%(n)d waveform (such as an ECG)", "%(n)d waveforms (such as an ECG)", "n"),
    "document": ngettext_lazy("%(n)d document", "%(n)d documents", "n"),
    "derived_object": ngettext_lazy(
        "%(n)d plan, registration or measurement", "%(n)d plans, registrations or measurements", "n"
    ),
    "segmentation": ngettext_lazy("%(n)d segmentation", "%(n)d segmentations", "n"),
    "structures": ngettext_lazy("%(n)d structure set", "%(n)d structure sets", "n"),
    "dicomdir": ngettext_lazy("%(n)d disc directory (DICOMDIR)", "%(n)d disc directories (DICOMDIR)", "n"),
    "program": ngettext_lazy("%(n)d file of a viewer program", "%(n)d files of a viewer program", "n"),
    "archive": ngettext_lazy("%(n)d archive", "%(n)d archives", "n"),
    "mask": ngettext_lazy(
        "%(n)d picture or volume that is no mask", "%(n)d pictures or volumes that are no masks", "n"
    ),
    "table": ngettext_lazy("%(n)d table without a declared column", "%(n)d tables without a declared column", "n"),
    "empty_file": ngettext_lazy("%(n)d empty file", "%(n)d empty files", "n"),
    "other_file": ngettext_lazy("%(n)d other file", "%(n)d other files", "n"),
}


@dataclass(frozen=True)
class ExamReason:
    """Why an exam is where it is, in words. `field` is the question's field that quality control speaks of, or empty."""

    message: str
    where: str
    state: str
    field: str


@dataclass(frozen=True)
class ExamStep:
    """One step of an exam's history, in words."""

    stage: str
    state: str
    message: str
    where: str
    at: datetime


@dataclass(frozen=True)
class UploadFault:
    """What is wrong with an upload, or with the submission that was made of it."""

    reason: str
    where: str
    message: str


@dataclass(frozen=True)
class SetAsideLine:
    """What of an upload was set aside: "2 localiser images", the first names, and whether there are more."""

    message: str
    names: str
    more: bool


def state_for_centre(exam: Exam) -> str:
    """What a centre may know of the state: grades stay with the organisers, so kept and dropped are both accepted."""
    hidden = (Exam.State.KEPT, Exam.State.DROPPED)
    return str(Exam.State.ACCEPTED) if exam.state in hidden else str(exam.state)


def next_step(exam: Exam, reasons: Sequence[ExamReason] = ()) -> str:
    """What its centre does now; `reasons` are those of `reasons_of`."""
    if is_choosing(exam):
        return str(CHOOSE)
    if may_complete(exam, reasons):
        return str(COMPLETE)
    if exam.state == Exam.State.REFUSED and exam.reason in BY_REASON:
        return str(BY_REASON[exam.reason])
    return str(NEXT[state_for_centre(exam)])


def is_choosing(exam: Exam) -> bool:
    """Whether somebody is to choose one of its series."""
    return exam.state == Exam.State.REVIEW and exam.reason == SEVERAL


def may_complete(exam: Exam, reasons: Sequence[ExamReason]) -> bool:
    """Whether the exam was refused for nothing but its values, tables and masks, which its page takes again."""
    refused = exam.state == Exam.State.REFUSED and bool(exam.bundle_key) and bool(reasons)
    return refused and all(reason.field for reason in reasons)


def may_send_again(exam: Exam) -> bool:
    return exam.state == Exam.State.REFUSED and exam.reason not in BY_REASON


def centres_read_by(user: Reader) -> frozenset[int]:
    """The centres whose names of files this person may read."""
    if not user.is_authenticated:
        return frozenset()
    return frozenset(CentreMembership.objects.filter(user=user).values_list("centre_id", flat=True))


def render_row(row: Progress, *, named: bool, titles: FieldTitles) -> tuple[str, str]:
    """A step's sentence and place. Unless `named`, a file is called by its number: its own name may be a patient's."""
    return render_reason(
        row.template,
        row.values,
        row.where,
        named=named,
        titles=titles,
        naming=row.stage in NAMING_STAGES,
        code=row.reason,
    )


def render_reason(
    template: str,
    values: Mapping[str, Json],
    where: str,
    *,
    named: bool,
    titles: FieldTitles,
    naming: bool = False,
    code: str = "",
) -> tuple[str, str]:
    """A reason's sentence and place. `naming`: its place is a file, even where it tells no number.

    The sentence calls fields and images by their titles; a place that is one of them stays its key, for programs.
    """
    values = dict(values)
    number, more = values.pop("file_number", None), int(values.pop("more_files", 0))
    if number is not None or (naming and shown_where(where)):
        label = (
            where
            if named and where
            else gettext("file %(number)d") % {"number": number}
            if number
            else gettext("a file")
        )
        values = {key: label if value in (where, "", HIDDEN) else value for key, value in values.items()}
        where = where if named else label
    message = say(template, titles.values(values)) or code
    if more:
        words = ngettext("(The same holds for %(n)d other file.)", "(The same holds for %(n)d other files.)", more)
        message += " " + words % {"n": more}
    return message, where


def current(rows: Sequence[Progress]) -> list[Progress]:
    """The steps that say why the exam is where it is: those after its last milestone, of the strongest kind."""
    last = max((n for n, row in enumerate(rows) if row.state not in REASONS), default=-1)
    after = rows[last + 1 :]
    strongest = next((state for state in REASONS if any(row.state == state for row in after)), "")
    return [row for row in after if row.state == strongest]


def reasons_of(exams: Iterable[Exam], reader: Reader) -> dict[str, list[ExamReason]]:
    """By exam id: the reasons that hold now, each sentence once; a query for each question."""
    by_id = {str(exam.pk): exam for exam in exams}
    own = centres_read_by(reader)
    steps: dict[str, list[Progress]] = defaultdict(list)
    rows = Progress.objects.filter(subject_kind="exam", subject_id__in=by_id, audience=Progress.Audience.CENTRE)
    for row in rows.order_by("at", "id"):
        steps[row.subject_id].append(row)
    reasons: dict[str, list[ExamReason]] = {}
    specs: dict[int, QuestionSpec] = {}  # by question: an exam of a list has a question row of its own
    for exam_id, exam_steps in steps.items():
        named = by_id[exam_id].centre_id in own
        exam = by_id[exam_id]
        if exam.question_id not in specs:
            specs[exam.question_id] = spec_of(exam.question)
        fields, titles = specs[exam.question_id].data.fields, field_titles(specs[exam.question_id])
        rendered = [(*render_row(row, named=named, titles=titles), row) for row in current(exam_steps)]
        first: dict[str, ExamReason] = {}
        for message, where, row in rendered:
            if message:
                reason = ExamReason(
                    message, shown_where(titles.title(where), message), row.state, _field_of(row, fields)
                )
                first.setdefault(message, reason)
        reasons[exam_id] = list(first.values())
    return reasons


def _field_of(row: Progress, fields: Collection[str]) -> str:
    """The field of the question that quality control speaks of; empty for everything else."""
    return row.where if row.stage == "check_quality" and row.where in fields else ""


def shown_where(where: str, message: str = "") -> str:
    """Where, for a page: nothing where it only repeats that it is about the exam, or what the sentence says."""
    repeats = where in ("exam", "upload", "submission") or where.startswith("exam ") or where in message
    return "" if repeats else where


def timeline_of(exam: Exam, reader: Reader) -> list[ExamStep]:
    """The exam's history, for its centre."""
    named, titles = exam.centre_id in centres_read_by(reader), field_titles(spec_of(exam.question))
    steps = []
    for row in progress_of(exam).filter(audience=Progress.Audience.CENTRE):
        message, where = render_row(row, named=named, titles=titles)
        message = "" if message == row.reason and not row.template else message
        where = shown_where(titles.title(where), message) if message else ""
        steps.append(ExamStep(stage_word(row.stage), row.state, message, where, row.at))
    return steps


def faults_of(upload: Upload) -> list[UploadFault]:
    """What is wrong with the upload itself, for its owner."""
    titles = KEYS
    if upload.kind == Upload.Kind.EXAM and upload.question is not None and upload.faults:
        titles = field_titles(spec_of(upload.question))
    return faults_in_words(upload.faults, titles)


def faults_in_words(faults: Iterable[Mapping[str, Json]], titles: FieldTitles = KEYS) -> list[UploadFault]:
    """Faults as a row keeps them, in the reader's language."""
    return [
        UploadFault(fault["reason"], fault["where"], say(fault["template"], titles.values(fault["values"])))
        for fault in faults
    ]


def notes_of(upload: Upload) -> list[SetAsideLine]:
    """What of the upload was set aside, one line per kind."""
    return [
        SetAsideLine(aside_words(note), ", ".join(note.names), note.count > len(note.names))
        for note in map(SetAside.from_json, upload.notes)
    ]


def aside_words(note: SetAside) -> str:
    """ "2 localiser images"."""
    words = KINDS.get(note.kind) or KINDS["other_file"]
    return str(words % {"n": note.count})


def folder_of(exam: Exam, own: Collection[int]) -> str:
    """What its centre calls the exam, for people of that centre; empty for everybody else, and once it is erased."""
    return exam.sent_folder if exam.centre_id in own else ""
