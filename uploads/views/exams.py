"""The list of exams with their reasons, as a page and as CSV."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.utils.functional import Promise
from django.views.decorators.http import require_safe

from challenges.lookup import visible_question
from challenges.models import Centre, Challenge, Question, Role
from challenges.permissions import centres_of, has_role
from core.pages import render_page
from uploads.export import rows_of
from uploads.included import Inclusion, inclusion_of
from uploads.models import Exam
from uploads.reasons import (
    ExamReason,
    centres_read_by,
    folder_of,
    is_choosing,
    next_step,
    reasons_of,
    state_for_centre,
)
from uploads.withdraw import REASONS

PAGE = 50
FILTERS = ("received", "deidentified", "review", "accepted", "refused", "withdrawn")
ORGANISERS_FILTERS = (*FILTERS, "kept", "dropped")


@dataclass(frozen=True)
class ListedExam:
    """An exam in the list; `own`: it is of a centre of the reader's, who may read what the centre calls it."""

    exam: Exam
    state: str
    folder: str
    own: bool
    reasons: Sequence[ExamReason]
    next: str
    choosing: bool


@dataclass(frozen=True)
class ExamsPage:
    """`own_centres` are those that the reader can withdraw; `uploads`: the reader sends exams."""

    challenge: Challenge
    question: Question
    organises: bool
    uploads: bool
    own_centres: Sequence[Centre]
    withdrawal_reasons: Mapping[str, str | Promise]
    inclusion: Inclusion
    page: Page[Exam]
    rows: Sequence[ListedExam]
    states: Sequence[str]
    chosen: QueryDict
    filtered: bool


@login_required
@require_safe
def exams(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """Exams of one's centres (organisers: of all), by page, each with its state and every reason."""
    row, organises = _readable(request, challenge, question)
    listed = Paginator(_filtered(request, row, organises), PAGE).get_page(request.GET.get("page"))
    reasons = reasons_of(listed.object_list, request.user)
    read = centres_read_by(request.user)
    centres = centres_of(request.user, row.challenge)
    page = ExamsPage(
        challenge=row.challenge,
        question=row,
        organises=organises,
        uploads=bool(centres),
        own_centres=[centre for centre in centres if centre.withdrawn_at is None],
        withdrawal_reasons=REASONS,
        inclusion=inclusion_of(row, request.user),
        page=listed,
        rows=[_listed_exam(exam, reasons.get(str(exam.pk), []), read, organises) for exam in listed.object_list],
        states=ORGANISERS_FILTERS if organises else FILTERS,
        chosen=request.GET,
        filtered=any(request.GET.get(name) for name in ("state", "centre", "number")),
    )
    is_fragment = request.headers.get("HX-Request") == "true"
    return render_page(request, "uploads/exams_table.html" if is_fragment else "uploads/exams.html", page)


def _listed_exam(exam: Exam, reasons: Sequence[ExamReason], read: Collection[int], organises: bool) -> ListedExam:
    return ListedExam(
        exam=exam,
        state=exam.state if organises else state_for_centre(exam),
        folder=folder_of(exam, read),
        own=exam.centre_id in read,
        reasons=reasons,
        next=next_step(exam, reasons),
        choosing=is_choosing(exam),
    )


@login_required
@require_safe
def export(request: HttpRequest, challenge: str, question: str) -> StreamingHttpResponse:
    """The list as it is filtered, as CSV."""
    row, organises = _readable(request, challenge, question)
    lines = rows_of(_filtered(request, row, organises), request.user, with_grade=organises)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{row.challenge.slug}-{row.slug}-exams.csv"'
    return response


def _readable(request: HttpRequest, challenge: str, question: str) -> tuple[Question, bool]:
    """The question for those who have exams to see in it: people of a centre, and organisers. Raises Http404."""
    row = visible_question(request.user, f"{challenge}/{question}")
    organises = has_role(request.user, row.challenge, Role.Kind.ORGANISER)
    if not organises and not centres_of(request.user, row.challenge):
        raise Http404
    return row, organises


def _filtered(request: HttpRequest, question: Question, organises: bool) -> QuerySet[Exam]:
    rows = Exam.objects.visible_to(request.user).filter(question=question).select_related("centre", "question")
    state, centre, number = (request.GET.get(name, "").strip() for name in ("state", "centre", "number"))
    if state == Exam.State.ACCEPTED and not organises:
        rows = rows.included()
    elif state in ORGANISERS_FILTERS and (organises or state in FILTERS):
        rows = rows.filter(state=state)
    if centre:
        rows = rows.filter(centre__slug=centre)
    if number.isascii() and number.isdigit():
        rows = rows.filter(number=int(number[:9]))
    return rows.order_by("-received_at", "id")
