"""The centre's pages: sending exams, the list of exams with their reasons, one exam's way."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from challenges import question_words
from challenges.charter import has_signed
from challenges.frame import spec_of
from challenges.lookup import visible_question
from challenges.models import Charter, Question, Role
from challenges.people import centres_of, has_role
from challenges.timeline import phase_state
from core.attempt import attempt
from core.clock import database_now
from core.errors import ClosedError, NotAllowedError
from core.words import say
from uploads.export import rows_of
from uploads.included import inclusion_of
from uploads.models import Exam, Upload
from uploads.permissions import require_uploader
from uploads.said import may_send_again, next_step, reasons_of, timeline_of
from uploads.sending_words import asked_for, values_form
from uploads.serializers import state_for_centre
from uploads.withdraw import withdraw_exam

PAGE = 50
FEEDBACK = 20
FILTERS = ("received", "deidentified", "review", "accepted", "refused", "withdrawn")
ORGANISERS_FILTERS = (*FILTERS, "kept", "dropped")


@login_required
@require_safe
def upload(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """Drop a folder, and what must be so before: the centre, the charter, the window, the information letter."""
    found = visible_question(request.user, f"{challenge}/{question}")
    centres = centres_of(request.user, found.challenge)
    if not centres:
        raise Http404
    spec = spec_of(found)
    signed = has_signed(request.user, found.challenge, Charter.Audience.CENTRE)
    closed = ""
    if signed:
        try:
            require_uploader(request.user, found, centres[0], database_now())
        except ClosedError as error:
            closed = error.words()
        except NotAllowedError as error:  # pragma: no cover - centres_of and has_signed have asked the same
            closed = error.words()
    now = database_now()
    windows = [
        {"phase": phase, "state": phase_state(phase, now)}
        for phase in found.phases.all()
        if phase.name in spec.phases and spec.phases[phase.name].accepts == "exams"
    ]
    context = {
        "challenge": found.challenge,
        "question": found,
        "name": f"{challenge}/{question}",
        "centres": centres,
        "signed": signed,
        "closed": closed,
        "windows": windows,
        "criteria": question_words.criteria(spec),
        "asked": asked_for(spec),
        "values": values_form(spec),
        "inclusion": inclusion_of(found, request.user),
    }
    return render(request, "uploads/upload.html", context)


@login_required
@require_safe
def feedback(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """Fragment: what the platform says of one's latest uploads, asked for every few seconds."""
    found = visible_question(request.user, f"{challenge}/{question}")
    uploads = list(
        Upload.objects.visible_to(request.user)
        .filter(question=found, kind=Upload.Kind.EXAM)
        .exclude(state=Upload.State.EXPIRED)
        .prefetch_related("exams")
        .order_by("-created_at")[:FEEDBACK]
    )
    reasons = reasons_of(exam for one in uploads for exam in one.exams.all())
    rows = [
        {
            "upload": one,
            "faults": [
                {"message": say(fault["template"], fault["values"]), "where": fault["where"]} for fault in one.faults
            ],
            "exams": [
                {"exam": exam, "state": state_for_centre(exam), "reasons": reasons.get(str(exam.pk), [])}
                for exam in one.exams.all()
            ],
        }
        for one in uploads
    ]
    return render(request, "uploads/feedback.html", {"rows": rows})


@login_required
@require_safe
def exams(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """Exams of one's centres (organisers: of all), by page, each with its state and every reason."""
    found, organises = _readable(request, challenge, question)
    rows = _filtered(request, found, organises)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    reasons = reasons_of(page.object_list)
    context = {
        "challenge": found.challenge,
        "question": found,
        "organises": organises,
        "uploads": bool(centres_of(request.user, found.challenge)),
        "inclusion": inclusion_of(found, request.user),
        "page": page,
        "rows": [
            {
                "exam": exam,
                "state": exam.state if organises else state_for_centre(exam),
                "reasons": reasons.get(str(exam.pk), []),
            }
            for exam in page.object_list
        ],
        "states": ORGANISERS_FILTERS if organises else FILTERS,
        "chosen": request.GET,
        "filtered": any(request.GET.get(name) for name in ("state", "centre", "number")),
    }
    fragment = request.headers.get("HX-Request") == "true"
    return render(request, "uploads/exams_table.html" if fragment else "uploads/exams.html", context)


@login_required
@require_safe
def export(request: HttpRequest, challenge: str, question: str) -> StreamingHttpResponse:
    """The list as it is filtered, as CSV."""
    found, organises = _readable(request, challenge, question)
    lines = rows_of(_filtered(request, found, organises), with_grade=organises)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{found.challenge.slug}-{found.slug}-exams.csv"'
    return response


def _readable(request: HttpRequest, challenge: str, question: str) -> tuple[Question, bool]:
    """The question for those who have exams to see in it: people of a centre, and organisers. Raises Http404."""
    found = visible_question(request.user, f"{challenge}/{question}")
    organises = has_role(request.user, found.challenge, Role.Kind.ORGANISER)
    if not organises and not centres_of(request.user, found.challenge):
        raise Http404
    return found, organises


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


@login_required
@require_safe
def exam(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One exam: where it is, every reason, what to do next."""
    return _show_exam(request, _own_exam(request, pk), "uploads/exam.html")


@login_required
@require_safe
def exam_progress(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Fragment of the same, asked for again while the exam is on its way."""
    return _show_exam(request, _own_exam(request, pk), "uploads/exam_progress.html")


def _own_exam(request: HttpRequest, pk: UUID) -> Exam:
    exams = Exam.objects.visible_to(request.user).select_related("question__challenge", "centre", "consent")
    return get_object_or_404(exams, pk=pk)


def _show_exam(request: HttpRequest, found: Exam, template: str) -> HttpResponse:
    organises = has_role(request.user, found.question.challenge, Role.Kind.ORGANISER)
    context: dict[str, Any] = {
        "exam": found,
        "challenge": found.question.challenge,
        "question": found.question,
        "state": found.state if organises else state_for_centre(found),
        "organises": organises,
        "steps": timeline_of(found),
        "reasons": reasons_of([found]).get(str(found.pk), []),
        "next": next_step(found),
        "again": may_send_again(found),
        "uploads": found.centre in centres_of(request.user, found.question.challenge),
        "moving": found.state in (Exam.State.RECEIVED, Exam.State.DEIDENTIFIED),
        "withdrawable": found.state != Exam.State.WITHDRAWN,
    }
    return render(request, template, context)


@login_required
@require_POST
def withdraw(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The patient or the centre takes the exam back."""
    found = _own_exam(request, pk)
    with attempt(request, _("The exam is withdrawn; its images are erased.")):
        withdraw_exam(exam=found, actor=request.user, reason=request.POST.get("reason", ""))
    return redirect("uploads:exam", pk=found.pk)
