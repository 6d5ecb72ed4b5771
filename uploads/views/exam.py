"""One exam's page: where it is, why, what to do; and its withdrawal, or that of its whole centre."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from challenges.models import Centre, Challenge, Question, Role
from challenges.permissions import centres_of, has_role
from core.attempt import attempt
from core.pages import render_page
from uploads.models import Exam
from uploads.reasons import (
    ExamReason,
    ExamStep,
    centres_read_by,
    folder_of,
    is_choosing,
    may_complete,
    may_send_again,
    next_step,
    reasons_of,
    state_for_centre,
    timeline_of,
)
from uploads.withdraw import REASONS, ExamWithdrawal, withdraw_centre, withdraw_exam, withdrawal_of


@dataclass(frozen=True)
class ExamPage:
    """`own`: the exam is of a centre of the reader's; `moving`: the platform is still at work on it."""

    exam: Exam
    challenge: Challenge
    question: Question
    state: str
    organises: bool
    steps: Sequence[ExamStep]
    reasons: Sequence[ExamReason]
    folder: str
    own: bool
    next: str
    completing: bool
    choosing: bool
    again: bool
    uploads: bool
    moving: bool
    withdrawable: bool
    withdrawal: ExamWithdrawal | None
    withdrawal_reasons: Mapping[str, str | Promise]


@login_required
@require_safe
def exam(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One exam: where it is, every reason, what to do next."""
    return render_page(request, "uploads/exam.html", _exam_page(request, _own_exam(request, pk)))


@login_required
@require_safe
def exam_progress(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Fragment of the same, asked for again while the exam is on its way."""
    return render_page(request, "uploads/exam_progress.html", _exam_page(request, _own_exam(request, pk)))


def _own_exam(request: HttpRequest, pk: UUID) -> Exam:
    exams = Exam.objects.visible_to(request.user).select_related("question__challenge", "centre", "consent")
    return get_object_or_404(exams, pk=pk)


def _exam_page(request: HttpRequest, row: Exam) -> ExamPage:
    challenge = row.question.challenge
    organises = has_role(request.user, challenge, Role.Kind.ORGANISER)
    read = centres_read_by(request.user)
    reasons = reasons_of([row], request.user).get(str(row.pk), [])
    return ExamPage(
        exam=row,
        challenge=challenge,
        question=row.question,
        state=row.state if organises else state_for_centre(row),
        organises=organises,
        steps=timeline_of(row, request.user),
        reasons=reasons,
        folder=folder_of(row, read),
        own=row.centre_id in read,
        next=next_step(row, reasons),
        completing=may_complete(row, reasons),
        choosing=is_choosing(row),
        again=may_send_again(row),
        uploads=row.centre in centres_of(request.user, challenge),
        moving=row.state in (Exam.State.RECEIVED, Exam.State.DEIDENTIFIED),
        withdrawable=row.state != Exam.State.WITHDRAWN,
        withdrawal=withdrawal_of(row, by_batch=organises),
        withdrawal_reasons=REASONS,
    )


@login_required
@require_POST
def withdraw(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The patient or the centre takes the exam back."""
    row = _own_exam(request, pk)
    with attempt(request, _("The exam is withdrawn. Below is what is done and what is still under way.")):
        withdraw_exam(exam=row, actor=request.user, reason=request.POST.get("reason", ""))
    return redirect("uploads:exam", pk=row.pk)


@login_required
@require_POST
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    """A centre leaves with every exam it sent; its own people or an organiser decide."""
    centre = get_object_or_404(Centre.objects.visible_to(request.user).select_related("challenge"), pk=pk)
    with attempt(request, _("%(centre)s leaves; its exams are withdrawn one after the other.") % {"centre": centre}):
        withdraw_centre(centre=centre, actor=request.user, reason=request.POST.get("reason", ""))
    organises = has_role(request.user, centre.challenge, Role.Kind.ORGANISER)
    return redirect("pages:people", centre.challenge.slug) if organises else redirect("home")
