"""The page on which a centre sends exams, and what the platform says of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from challenges.charter import has_signed
from challenges.criterion_words import CriterionWords, criteria
from challenges.frame import spec_of
from challenges.lookup import visible_question
from challenges.models import Centre, Challenge, Charter, Phase, Question
from challenges.permissions import centres_of
from challenges.timeline import phase_state
from core.actors import Reader
from core.clock import database_now
from core.errors import ClosedError, NotAllowedError
from core.pages import render_page
from uploads.included import Inclusion, inclusion_of
from uploads.models import Exam, Upload
from uploads.permissions import require_uploader
from uploads.reasons import (
    ExamReason,
    SetAsideLine,
    UploadFault,
    centres_read_by,
    faults_of,
    folder_of,
    is_choosing,
    next_step,
    notes_of,
    reasons_of,
    shown_where,
    state_for_centre,
)
from uploads.sending_words import ExamPart, exam_parts, values_form

FEEDBACK = 20
LISTED = 30  # exams of one upload that the page lists one by one


@dataclass(frozen=True)
class UploadWindow:
    """A phase in which exams are accepted, and whether it is open now."""

    phase: Phase
    state: str


@dataclass(frozen=True)
class UploadPage:
    """`closed` says why nothing can be sent now; empty when it can."""

    challenge: Challenge
    question: Question
    name: str
    centres: Sequence[Centre]
    signed: bool
    closed: str
    windows: Sequence[UploadWindow]
    criteria: Sequence[CriterionWords]
    parts: Sequence[ExamPart]
    imageless: bool
    values: forms.Form
    inclusion: Inclusion


@login_required
@require_safe
def upload(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """Drop a folder, and what must be so before: the centre, the charter, the window, the information letter."""
    row = visible_question(request.user, f"{challenge}/{question}")
    centres = centres_of(request.user, row.challenge)
    if not centres:
        raise Http404
    spec = spec_of(row)
    signed = has_signed(request.user, row.challenge, Charter.Audience.CENTRE)
    now = database_now()
    page = UploadPage(
        challenge=row.challenge,
        question=row,
        name=f"{challenge}/{question}",
        centres=centres,
        signed=signed,
        closed=_closed_words(request.user, row, centres[0], now) if signed else "",
        windows=[UploadWindow(phase, phase_state(phase, now)) for phase in row.phases.accepting("exams")],
        criteria=criteria(spec),
        parts=exam_parts(spec),
        imageless=not spec.data.images,
        values=values_form(spec),
        inclusion=inclusion_of(row, request.user),
    )
    return render_page(request, "uploads/upload.html", page)


def _closed_words(user: Reader, question: Question, centre: Centre, now: datetime) -> str:
    """Why this person cannot send exams now; empty where they can."""
    try:
        require_uploader(user, question, centre, now)
    except ClosedError as error:
        return error.words()
    except NotAllowedError as error:  # pragma: no cover - centres_of and has_signed have checked the same
        return error.words()
    return ""


@dataclass(frozen=True)
class SentExam:
    """An exam of an upload as the page of uploads lists it."""

    exam: Exam
    state: str
    folder: str
    reasons: Sequence[ExamReason]
    next: str
    choosing: bool


@dataclass(frozen=True)
class SentUpload:
    """One upload with its exams; `counts` by state in place of a long list."""

    upload: Upload
    faults: Sequence[UploadFault]
    notes: Sequence[SetAsideLine]
    exams: Sequence[SentExam]
    counts: Sequence[tuple[str, int]]


@dataclass(frozen=True)
class UploadFeedback:
    rows: Sequence[SentUpload]
    inclusion: Inclusion  # the card of the page that counts these exams too


@login_required
@require_safe
def feedback(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """Fragment: what the platform says of one's latest uploads, asked for every few seconds."""
    row = visible_question(request.user, f"{challenge}/{question}")
    uploads = list(
        Upload.objects.visible_to(request.user)
        .filter(question=row, kind=Upload.Kind.EXAM)
        .exclude(state=Upload.State.EXPIRED)
        .order_by("-created_at")[:FEEDBACK]
    )
    listed, counts = _exams_of(uploads)
    reasons = reasons_of((exam for exams in listed.values() for exam in exams), request.user)
    own = centres_read_by(request.user)
    rows = [
        SentUpload(
            upload=sent,
            faults=[
                UploadFault(fault.reason, shown_where(fault.where, fault.message), fault.message)
                for fault in faults_of(sent)
            ],
            notes=notes_of(sent),
            exams=[_sent_exam(exam, reasons.get(str(exam.pk), []), own) for exam in listed[sent.pk]],
            counts=counts[sent.pk],
        )
        for sent in uploads
    ]
    return render_page(request, "uploads/feedback.html", UploadFeedback(rows, inclusion_of(row, request.user)))


def _sent_exam(exam: Exam, reasons: Sequence[ExamReason], own: Collection[int]) -> SentExam:
    return SentExam(
        exam=exam,
        state=state_for_centre(exam),
        folder=folder_of(exam, own),
        reasons=reasons,
        next=next_step(exam, reasons),
        choosing=is_choosing(exam),
    )


def _exams_of(uploads: list[Upload]) -> tuple[dict[UUID, list[Exam]], dict[UUID, list[tuple[str, int]]]]:
    """The exams to list of each upload, those of a large table that need somebody only; and their counts by state."""
    states: dict[UUID, Counter[str]] = {upload.pk: Counter() for upload in uploads}
    rows = Exam.objects.filter(upload__in=uploads).order_by().values_list("upload", "state").annotate(n=Count("pk"))
    for upload, state, n in rows:
        states[upload][state_for_centre(Exam(state=state))] += n
    small = [pk for pk, counted in states.items() if counted.total() <= LISTED]
    listed: dict[UUID, list[Exam]] = {upload.pk: [] for upload in uploads}
    for exam in Exam.objects.filter(upload__in=small).order_by("number"):
        listed[exam.upload_id].append(exam)  # type: ignore[index]
    for pk in set(states) - set(small):
        needed = Exam.objects.filter(upload=pk, state__in=[Exam.State.REFUSED, Exam.State.REVIEW])
        listed[pk] = list(needed.order_by("number")[:LISTED])
    counts = {pk: sorted(counted.items()) if pk not in small else [] for pk, counted in states.items()}
    return listed, counts
