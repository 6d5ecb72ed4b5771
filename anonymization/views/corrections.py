"""Pages of corrections: an exam's values with their history, and what waits for an organiser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from anonymization.api import png
from anonymization.correct import confirm_correction, is_correctable, may_correct, reject_correction, scope_of
from anonymization.correction_forms import CorrectionForm
from anonymization.correction_pictures import correction_picture
from anonymization.corrections_shown import CorrectionRow, ExamValue, correction_rows, values_of
from anonymization.models import Correction
from anonymization.send_correction import send_correction
from challenges.field_titles import field_titles
from challenges.frame import spec_of
from challenges.lookup import organised_question
from challenges.models import Challenge, Question, Role
from challenges.permissions import has_role
from core.attempt import attempt
from core.pages import render_page
from uploads.models import Exam

PAGE = 50


@dataclass(frozen=True)
class ValueRow:
    """A value, and the form that corrects it where it may be corrected."""

    value: ExamValue
    form: CorrectionForm | None


@dataclass(frozen=True)
class ExamValuesPage:
    """`scope` says what is fixed of the exam; `completes`: it was refused for its values, which a correction completes."""

    exam: Exam
    question: Question
    challenge: Challenge
    organises: bool
    scope: Correction.Scope
    completes: bool
    correctable: bool
    values: Sequence[ValueRow]
    history: Sequence[CorrectionRow]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def values(request: HttpRequest, pk: UUID) -> HttpResponse:
    """An exam's values as they are now, a form for each that may be corrected, and every correction so far."""
    exams = Exam.objects.visible_to(request.user).select_related("question__challenge", "centre")
    exam = get_object_or_404(exams, pk=pk)
    if request.method == "POST":
        return _correct(request, exam)
    scope = scope_of(exam)
    open_ = may_correct(request.user, exam, scope) and is_correctable(exam)
    page = ExamValuesPage(
        exam=exam,
        question=exam.question,
        challenge=exam.question.challenge,
        organises=has_role(request.user, exam.question.challenge, Role.Kind.ORGANISER),
        scope=scope,
        completes=exam.state == Exam.State.REFUSED,
        correctable=open_,
        values=[ValueRow(value, _form_for(value, scope) if open_ else None) for value in values_of(exam)],
        history=correction_rows(exam.corrections.select_related("exam__question", "proposed_by", "decided_by")),
    )
    is_fragment = request.headers.get("HX-Request") == "true"
    return render_page(request, "anonymization/values.html" if is_fragment else "anonymization/exam_values.html", page)


def _form_for(value: ExamValue, scope: Correction.Scope) -> CorrectionForm | None:
    """None where a correction already waits, and for dates: theirs are shifted."""
    if value.waits or value.field.type == "date":
        return None
    return CorrectionForm(value.field, teams_read=scope != Correction.Scope.OPEN)


def _correct(request: HttpRequest, exam: Exam) -> HttpResponse:
    done = _("The correction is recorded. Its state is shown in the history below.")
    with attempt(request, done, called=field_titles(spec_of(exam.question)).title):
        send_correction(
            exam=exam,
            actor=request.user,
            field=request.POST.get("field", ""),
            reason=request.POST.get("reason", ""),
            value=request.POST.get("value"),
            file=request.FILES.get("file"),
        )
    return redirect("uploads:exam", pk=exam.pk)


@dataclass(frozen=True)
class CorrectionsPage:
    """`open`: the corrections that wait are listed; `waiting` counts them."""

    challenge: Challenge
    question: Question
    open: bool
    page: Page[Correction]
    rows: Sequence[CorrectionRow]
    waiting: int


@login_required
@require_safe
def corrections(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """What waits for an organiser, with the evidence; decided ones on demand."""
    organised = organised_question(request.user, f"{challenge}/{question}")
    rows = Correction.objects.filter(exam__question=organised)
    waiting = request.GET.get("state", "proposed") == "proposed"
    listed = rows.filter(state=Correction.State.PROPOSED) if waiting else rows.exclude(state=Correction.State.PROPOSED)
    listed = listed.select_related("exam__question__challenge", "exam__centre", "proposed_by", "decided_by")
    shown = Paginator(listed, PAGE).get_page(request.GET.get("page"))
    page = CorrectionsPage(
        challenge=organised.challenge,
        question=organised,
        open=waiting,
        page=shown,
        rows=correction_rows(shown.object_list),
        waiting=rows.filter(state=Correction.State.PROPOSED).count(),
    )
    return render_page(request, "anonymization/corrections.html", page)


def _decidable(request: HttpRequest, pk: int) -> Correction:
    """For organisers; for everybody else it does not exist."""
    rows = Correction.objects.visible_to(request.user).select_related("exam__question__challenge", "exam__centre")
    row = get_object_or_404(rows, pk=pk)
    organised_question(request.user, f"{row.exam.question.challenge.slug}/{row.exam.question.slug}")
    return row


@login_required
@require_safe
def picture(request: HttpRequest, pk: int) -> HttpResponse:
    """The proposed mask on its largest slice, as PNG."""
    return png(correction_picture(_decidable(request, pk)))


@login_required
@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """It holds; what is made of the value is made again."""
    correction = _decidable(request, pk)
    with attempt(
        request,
        _("The correction is confirmed. What uses the value is being made again."),
    ):
        note, keep = request.POST.get("note", ""), request.POST.getlist("keep")
        confirm_correction(correction=correction, actor=request.user, note=note, keep=keep)
    return _back(correction)


@login_required
@require_POST
def reject(request: HttpRequest, pk: int) -> HttpResponse:
    """Nothing changes; who proposed it reads the note."""
    correction = _decidable(request, pk)
    with attempt(request, _("The correction is rejected; nothing was changed.")):
        reject_correction(correction=correction, actor=request.user, note=request.POST.get("note", ""))
    return _back(correction)


def _back(correction: Correction) -> HttpResponse:
    question = correction.exam.question
    return redirect("anonymization:corrections", question.challenge.slug, question.slug)
