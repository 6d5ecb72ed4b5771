"""The organiser's first page: every stage of every question, what is stuck, and the switch of the whole challenge."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from anonymization.models import Correction
from challenges.frame import close_challenge, open_challenge, spec_of
from challenges.lookup import organised_challenge
from challenges.models import Challenge, Question, Team
from core.attempt import attempt
from core.models import AuditRecord, Work
from core.pages import render_page
from pages.flow import StageLine, Tally, lines_of, tally, work_counts
from pages.queue import stuck
from pages.troubles import (
    FailedSubmission,
    FaultyTruth,
    Trouble,
    WaitingPhase,
    failed_submissions,
    faulty_truths,
    troubles_of,
    waiting_phases,
)

SHOWN = 5


@dataclass(frozen=True)
class Tile:
    """A number that leads to its page."""

    label: str
    value: int
    icon: str
    tone: str
    url: str


@dataclass(frozen=True)
class QuestionPanel:
    """The stages of one question; `wanted` is the target of exams with its margin."""

    question: Question
    stages: list[StageLine]
    target_with_margin: int | None
    included: int


@dataclass(frozen=True)
class ConsolePage:
    challenge: Challenge
    panels: list[QuestionPanel]
    troubles: list[Trouble]
    failed_submissions: list[FailedSubmission]
    faulty_truths: list[FaultyTruth]
    waiting: list[WaitingPhase]
    recent: QuerySet[AuditRecord]
    tiles: list[Tile]


@login_required
@require_safe
def console(request: HttpRequest, challenge: str) -> HttpResponse:
    """Counts of all stages by question, and what needs a person."""
    return render_page(request, "pages/console.html", _page(organised_challenge(request.user, challenge)))


@login_required
@require_safe
def counts(request: HttpRequest, challenge: str) -> HttpResponse:
    """Fragment: the counts again, every few seconds."""
    return render_page(request, "pages/console_counts.html", _page(organised_challenge(request.user, challenge)))


def _page(challenge: Challenge) -> ConsolePage:
    counted = tally(challenge)
    questions = list(challenge.questions.all())
    work = work_counts(challenge)
    rows = Work.objects.filter(challenge_id=challenge.pk)
    failed = list(rows.filter(state=Work.State.FAILED).order_by("-finished_at")[:SHOWN])
    late = list(rows.filter(stuck()).order_by("run_at")[:SHOWN])
    reviews = sum(states.get("open", 0) for states in counted.reviews.values())
    applied = challenge.teams.filter(state=Team.State.APPLIED).count()
    return ConsolePage(
        challenge=challenge,
        panels=[_panel(challenge, question, counted) for question in questions],
        troubles=troubles_of([*failed, *late]),
        failed_submissions=failed_submissions(challenge.pk),
        faulty_truths=faulty_truths(challenge.pk),
        waiting=waiting_phases(challenge.pk),
        recent=AuditRecord.objects.filter(challenge_id=challenge.pk).select_related("actor").order_by("-id")[:SHOWN],
        tiles=[
            Tile(
                _("Reviews"), reviews, "eye", "warn" if reviews else "",
                reverse("anonymization:reviews", args=[challenge.slug]),
            ),
            *_corrections(challenge, questions),
            Tile(
                _("Teams to approve"), applied, "people", "warn" if applied else "",
                reverse("pages:people", args=[challenge.slug]),
            ),
            Tile(
                _("Failed tasks"), work["failed"], "exclamation-triangle", "bad" if work["failed"] else "",
                reverse("pages:work", args=[challenge.slug]) + "?state=failed",
            ),
            Tile(
                _("Stuck tasks"), work["stuck"], "hourglass-split", "warn" if work["stuck"] else "",
                reverse("pages:work", args=[challenge.slug]) + "?state=stuck",
            ),
            Tile(
                _("Running tasks"), work["waiting"] + work["running"], "arrow-repeat", "",
                reverse("pages:work", args=[challenge.slug]) + "?state=waiting",
            ),
        ],
    )  # fmt: skip


def _panel(challenge: Challenge, question: Question, counted: Tally) -> QuestionPanel:
    target = spec_of(question).target
    states = counted.exams.get(question.pk, {})
    return QuestionPanel(
        question=question,
        stages=lines_of(question, counted, _links(challenge, question)),
        target_with_margin=target.with_margin if target else None,
        included=sum(states.get(state, 0) for state in ("accepted", "kept", "dropped")),
    )


def _corrections(challenge: Challenge, questions: list[Question]) -> list[Tile]:
    """One tile for each question with corrections that wait for an organiser."""
    waiting = Correction.objects.filter(exam__question__challenge=challenge, state=Correction.State.PROPOSED)
    counted = Counter(waiting.values_list("exam__question", flat=True))
    return [
        Tile(
            _("Corrections: %(question)s") % {"question": question},
            counted[question.pk],
            "pencil",
            "warn",
            reverse("anonymization:corrections", args=[challenge.slug, question.slug]),
        )
        for question in questions
        if counted[question.pk]
    ]


def _links(challenge: Challenge, question: Question) -> dict[int, str]:
    """The page on which each stage is looked after."""
    both = [challenge.slug, question.slug]
    exams, sets, results = (
        reverse("uploads:exams", args=both),
        reverse("pages:sets", args=both),
        reverse("pages:results", args=both),
    )
    return {
        1: exams,
        2: exams + "?state=received",
        3: reverse("anonymization:reviews", args=[challenge.slug]),
        4: reverse("grading:agreement", args=both),
        5: sets,
        6: sets,
        7: results,
        8: results,
        9: results,
        10: results,
    }


@login_required
@require_POST
def open_(request: HttpRequest, challenge: str) -> HttpResponse:
    """Makes the challenge public."""
    challenge_row = organised_challenge(request.user, challenge)
    with attempt(request, _("The challenge is open and visible to everyone.")):
        open_challenge(challenge=challenge_row, actor=request.user)
    return redirect("pages:console", challenge_row.slug)


@login_required
@require_POST
def close(request: HttpRequest, challenge: str) -> HttpResponse:
    """Ends the challenge; its pages stay."""
    challenge_row = organised_challenge(request.user, challenge)
    with attempt(request, _("The challenge is closed; its pages remain online.")):
        close_challenge(challenge=challenge_row, actor=request.user, reason=request.POST.get("reason", ""))
    return redirect("pages:console", challenge_row.slug)
