"""For organisers: how far readers agree, and where a person must decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from challenges.frame import spec_of
from challenges.lookup import organised_question
from challenges.models import Challenge, Question
from core.attempt import attempt
from core.pages import render_page
from grading.agreement import KAPPA_WANTED, GradeAgreement, agreement_of
from grading.models import Reading
from grading.settle import awaiting_adjudication, decide_grade
from uploads.models import Exam

RECENT = 25


@dataclass(frozen=True)
class PairRow:
    """Two readers by name; `share` of equal grades in percent."""

    names: list[str]
    exams: int
    share: int
    kappa: float | None


@dataclass(frozen=True)
class GradeCount:
    grade: str
    count: int


@dataclass(frozen=True)
class ReaderDecision:
    reading: Reading
    reader: str


@dataclass(frozen=True)
class UndecidedExam:
    """An exam whose grades differ too much, with each reader's decision."""

    exam: Exam
    readings: list[ReaderDecision]


@dataclass(frozen=True)
class AgreementPage:
    challenge: Challenge
    question: Question
    measured: GradeAgreement
    pairs: list[PairRow]
    spread: list[GradeCount]
    kappa_target: float
    scale: Sequence[str]
    page: Page[Exam]
    waiting: list[UndecidedExam]


@login_required
@require_safe
def agreement(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """For organisers: kappas, the spread of grades, and the exams that wait for a decision."""
    question_row = organised_question(request.user, f"{challenge}/{question}")
    measured = agreement_of(question_row)
    ids = {reader for pair in measured.pairs for reader in pair.readers}
    names = {user.pk: str(user) for user in get_user_model().objects.filter(pk__in=ids)}
    waiting = awaiting_adjudication(question_row.exams.select_related("centre"))
    readers = dict.fromkeys(reading.reader_id for exam in waiting for reading in exam.readings.all())
    names |= {user.pk: str(user) for user in get_user_model().objects.filter(pk__in=list(readers))}
    page = Paginator(waiting, RECENT).get_page(request.GET.get("page"))
    agreement_page = AgreementPage(
        challenge=question_row.challenge,
        question=question_row,
        measured=measured,
        pairs=[
            PairRow([names.get(reader, "–") for reader in pair.readers], pair.exams, round(100 * pair.same), pair.kappa)
            for pair in measured.pairs
        ],
        spread=[GradeCount(letter, count) for letter, count in measured.distribution.items()],
        kappa_target=KAPPA_WANTED,
        scale=spec_of(question_row).grading.scale,
        page=page,
        waiting=[
            UndecidedExam(
                exam,
                [
                    ReaderDecision(reading, names.get(reading.reader_id, "–"))
                    for reading in exam.readings.all()
                    if reading.state in (Reading.State.GRADED, Reading.State.CANNOT_JUDGE)
                ],
            )
            for exam in page.object_list
        ],
    )
    return render_page(request, "grading/agreement.html", agreement_page)


@login_required
@require_POST
def adjudicate(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """The organiser's grade of one exam, which is in force."""
    question_row = organised_question(request.user, f"{challenge}/{question}")
    exam = get_object_or_404(question_row.exams, pk=_uuid(request.POST.get("exam", "")))
    with attempt(request, _("The grade has been recorded.")):
        decide_grade(
            exam=exam,
            grade=request.POST.get("grade", ""),
            method="adjudicator",
            actor=request.user,
            note=request.POST.get("note", ""),
        )
    return redirect("grading:agreement", challenge, question)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
