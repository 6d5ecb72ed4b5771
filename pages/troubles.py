"""Work as an organiser reads it: what it is about, by the name people use, and why it failed, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from anonymization.correct import is_correctable
from batches.models import Batch, Split
from challenges.field_titles import KEYS, FieldTitles, field_titles
from challenges.frame import spec_of
from challenges.models import Phase, Question
from core.failures import PLATFORM
from core.models import Notice, User, Work
from core.words import say
from scoring.faults import organisers_faults
from scoring.models import Submission, Truth
from scoring.waiting import waiting_submissions
from uploads.exams import exam_title
from uploads.models import Exam, Upload

MOST = 20


@dataclass(frozen=True)
class TroubleSubject:
    """What work or a fault is about, and the pages on which an organiser acts: looks at it, corrects it, leaves it out.

    `titles` are those of its question's fields, for the sentences that name one.
    """

    title: str
    url: str = ""
    correct_url: str = ""
    leave_out_url: str = ""
    titles: FieldTitles = KEYS


@dataclass(frozen=True)
class FaultLine:
    """One reason, with the exam that it names, if it names one."""

    message: str
    where: str = ""
    subject: TroubleSubject | None = None


@dataclass(frozen=True)
class Trouble:
    """A row of the queue with its subject and, where it failed or will be tried again after an error, the reasons."""

    row: Work
    subject: TroubleSubject
    lines: list[FaultLine] = field(default_factory=list)


@dataclass(frozen=True)
class TroubleKind:
    """How subjects of some stages are found and named. `key` is the part of the work's subject that is the row's primary key."""

    stages: tuple[str, ...]
    rows: Callable[[], QuerySet[Any]]
    subject: Callable[[Any], TroubleSubject]
    key: Callable[[str], str] = str


def _exam(exam: Exam) -> TroubleSubject:
    page = reverse("uploads:exam", args=[exam.pk])
    values = reverse("anonymization:values", args=[exam.pk]) if is_correctable(exam) else ""
    titles = field_titles(spec_of(exam.question))
    return TroubleSubject(exam_title(exam), page, values, f"{page}#withdraw", titles)


def _upload(upload: Upload) -> TroubleSubject:
    sender = upload.team or upload.centre or upload.owner
    words = {"sender": sender, "question": upload.target_question}
    return TroubleSubject(_("Upload of %(sender)s for %(question)s") % words)


def _batch(batch: Batch) -> TroubleSubject:
    question = batch.question
    url = reverse("pages:sets", args=[question.challenge.slug, question.slug])
    title = _("Batch %(batch)s of %(question)s") % {"batch": batch.name, "question": question}
    return TroubleSubject(title, url, leave_out_url=url)


def _submission(submission: Submission) -> TroubleSubject:
    words = {"team": submission.team, "question": submission.phase.question}
    url = reverse("scoring:submission", args=[submission.pk])
    return TroubleSubject(_("Submission of %(team)s for %(question)s") % words, url, leave_out_url=url)


def _phase(phase: Phase) -> TroubleSubject:
    question = phase.question
    url = reverse("pages:results", args=[question.challenge.slug, question.slug])
    return TroubleSubject(_("Phase %(phase)s of %(question)s") % {"phase": phase.name, "question": question}, url)


def _jury(question: Question) -> TroubleSubject:
    url = reverse("pages:results", args=[question.challenge.slug, question.slug])
    return TroubleSubject(_("Jury of %(question)s") % {"question": question}, url)


def _sets(split: Split) -> TroubleSubject:
    question = split.question
    url = reverse("pages:sets", args=[question.challenge.slug, question.slug])
    return TroubleSubject(_("Sets of %(question)s") % {"question": question}, url)


def _notice(notice: Notice) -> TroubleSubject:
    return _mail(notice.user)


def _mail(user: User) -> TroubleSubject:
    return TroubleSubject(_("Mail to %(person)s") % {"person": user.email})


EXAMS = TroubleKind(
    ("deidentify", "check_quality", "assign_readings"),
    lambda: Exam.objects.select_related("centre", "question__challenge"),
    _exam,
)
KINDS = (
    EXAMS,
    TroubleKind(
        ("receive", "accept_submission"),
        lambda: Upload.objects.select_related("team", "centre", "owner", "question__challenge"),
        _upload,
    ),
    TroubleKind(
        ("build_batch", "seal_truth", "tell_release"),
        lambda: Batch.objects.select_related("question__challenge"),
        _batch,
    ),
    TroubleKind(
        ("validate_submission", "score_submission"),
        lambda: Submission.objects.select_related("team", "phase__question__challenge"),
        _submission,
    ),
    TroubleKind(("rank_phase",), lambda: Phase.objects.select_related("question__challenge"), _phase),
    TroubleKind(
        ("choose_jury_cases",),
        lambda: Question.objects.select_related("challenge"),
        _jury,
        lambda subject: subject.partition(":")[0],
    ),
    TroubleKind(("seal_labels",), lambda: Split.objects.select_related("question__challenge"), _sets),
    TroubleKind(("mail_notice",), lambda: Notice.objects.select_related("user"), _notice),
    TroubleKind(("mail_digest",), User.objects.all, _mail, lambda subject: subject.partition(":")[0]),
    TroubleKind(
        ("mail_correction", "mail_deletion"), User.objects.all, _mail, lambda subject: subject.partition(":")[2]
    ),
)


def troubles_of(rows: Iterable[Work]) -> list[Trouble]:
    """The rows in their order, with their subjects read together."""
    listed = list(rows)
    subjects: dict[int, TroubleSubject] = {}
    for kind in KINDS:
        own = [row for row in listed if row.stage in kind.stages]
        titles = _titles(kind, [kind.key(row.subject_id) for row in own])
        subjects |= {row.pk: titles[key] for row in own if (key := kind.key(row.subject_id)) in titles}
    exams = _titles(
        EXAMS, [line["values"]["exam"] for row in listed for line in row.faults if "exam" in line["values"]]
    )
    return [
        Trouble(row, subjects.get(row.pk, TroubleSubject(row.subject_id)), [_line(line, exams) for line in row.faults])
        for row in listed
    ]


@dataclass(frozen=True)
class FailedSubmission:
    """A submission that failed through no fault of its team's, and what has to be corrected."""

    submission: Submission
    subject: TroubleSubject
    lines: list[FaultLine]


@dataclass(frozen=True)
class WaitingPhase:
    """Submissions that nobody can check yet, and what they wait for."""

    subject: TroubleSubject
    count: int
    message: str


def failed_submissions(challenge_id: int) -> list[FailedSubmission]:
    """Those whose truth or question is at fault. Where work failed, the work is listed."""
    rows = Submission.objects.filter(state=Submission.State.FAILED, phase__question__challenge=challenge_id)
    listed = rows.exclude(reason=PLATFORM).select_related("team", "phase__question__challenge").order_by("-decided_at")
    faults = {row.pk: organisers_faults(row) for row in listed[:MOST]}
    exams = _titles(
        EXAMS,
        [
            fault["values"]["exam"]
            for faults_of_submission in faults.values()
            for fault in faults_of_submission
            if "exam" in fault["values"]
        ],
    )
    return [
        FailedSubmission(row, _submission(row), [_line(fault, exams) for fault in faults[row.pk]])
        for row in listed[:MOST]
    ]


@dataclass(frozen=True)
class FaultyTruth:
    """A sealed truth on which no submission can be scored, and why."""

    subject: TroubleSubject
    lines: list[FaultLine]


def faulty_truths(challenge_id: int) -> list[FaultyTruth]:
    """Of the newest truth of each batch."""
    truths = Truth.objects.filter(batch__question__challenge=challenge_id).select_related("batch__question__challenge")
    newest = {truth.batch_id: truth for truth in truths.order_by("version")}
    faulty = [truth for truth in newest.values() if truth.faults]
    named = [fault["values"]["exam"] for truth in faulty for fault in truth.faults if "exam" in fault["values"]]
    exams = _titles(EXAMS, named)
    return [FaultyTruth(_batch(truth.batch), [_line(fault, exams) for fault in truth.faults]) for truth in faulty]


def waiting_phases(challenge_id: int) -> list[WaitingPhase]:
    return [
        WaitingPhase(_phase(phase), count, say(why.template, why.values))
        for phase, count, why in waiting_submissions(challenge_id)
    ]


def _titles(kind: TroubleKind, keys: Sequence[str]) -> dict[str, TroubleSubject]:
    rows = kind.rows()
    readable = {key for key in keys if _is_key(rows.model, key)}
    return {str(row.pk): kind.subject(row) for row in rows.filter(pk__in=readable)} if readable else {}


def _is_key(model: type[Model], key: str) -> bool:
    if model._meta.pk is not None and model._meta.pk.get_internal_type() == "UUIDField":
        try:
            UUID(key)
        except ValueError:
            return False
        return True
    return key.isdigit()


def _line(line: dict[str, Any], exams: dict[str, TroubleSubject]) -> FaultLine:
    subject = exams.get(str(line["values"].get("exam", "")))
    values = subject.titles.values(line["values"]) if subject else line["values"]
    return FaultLine(say(line["template"], values), "" if subject else line["where"], subject)
