"""What became of submissions: the list of results, one submission with its errors and scores, and what is done with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from challenges.frame import spec_of
from challenges.lookup import visible_question
from challenges.models import Challenge, Question, Team
from challenges.permissions import require_organiser
from challenges.timeline import phase_title
from core.attempt import attempt
from core.clock import database_now
from core.pages import render_page
from core.words import say
from scoring.declared import resources_of
from scoring.entered import record_measurement
from scoring.faults import OrganisersLine, faults_for_organisers
from scoring.models import Submission
from scoring.permissions import entered_team, is_organiser, require_own
from scoring.results import MOVING, ShownScore, SubmissionRow, look, position_words, shown_scores, submission_rows
from scoring.serializers import errors_of, notes_of, reason_of
from scoring.submit import choose_final, retry_submission
from scoring.take_back import cancel_submission, refund_submission
from uploads.reasons import UploadFault

PAGE = 50


@dataclass(frozen=True)
class ResultsPage:
    """`team` is the reader's own, where it entered the question."""

    challenge: Challenge
    question: Question
    entered: bool
    organises: bool
    team: Team | None
    page: Page[Submission]
    rows: Sequence[SubmissionRow]


@login_required
@require_safe
def results(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """The team's submissions; for organisers, everybody's."""
    row = visible_question(request.user, f"{challenge}/{question}")
    team, organises = entered_team(request.user, row), is_organiser(request.user, row)
    if team is None and not organises:
        raise Http404
    visible = Submission.objects.visible_to(request.user).filter(phase__question=row)
    ordered = visible.select_related("team", "phase__question", "upload").order_by("-received_at", "id")
    listed = Paginator(ordered, PAGE).get_page(request.GET.get("page"))
    page = ResultsPage(
        challenge=row.challenge,
        question=row,
        entered=team is not None,
        organises=organises,
        team=team,
        page=listed,
        rows=submission_rows(listed.object_list),
    )
    return render_page(request, "scoring/results.html", page)


def _visible(request: HttpRequest, submission: UUID) -> Submission:
    visible = Submission.objects.visible_to(request.user).select_related(
        "team__challenge", "phase__question__challenge", "sent_by"
    )
    return get_object_or_404(visible, pk=submission)


@dataclass(frozen=True)
class MethodFigure:
    """What the question asks of the method, as the team declared it and as the organisers measured it."""

    name: str
    title: str
    declared: float | None
    measured: float | None


@dataclass(frozen=True)
class SubmissionPage:
    """`errors` are the team's to correct, `faults` an organiser's; `notes` are sentences about a valid submission."""

    challenge: Challenge
    question: Question
    entered: bool
    organises: bool
    submission: Submission
    look: str
    moving: bool
    position: str
    phase_title: str
    errors: Sequence[UploadFault]
    notes: Sequence[str]
    reason: str
    faults: Sequence[OrganisersLine]
    scores: Sequence[ShownScore]
    can_cancel: bool
    can_choose: bool
    figures: Sequence[MethodFigure]
    can_measure: bool
    can_refund: bool
    can_retry: bool


@login_required
@require_safe
def submission(request: HttpRequest, submission: UUID) -> HttpResponse:
    """The state, every error, and the scores that may be seen."""
    row = _visible(request, submission)
    question = row.phase.question
    organises = is_organiser(request.user, question)
    mine = row.team.memberships.filter(user=request.user.pk).exists()
    is_usable = row.state in (Submission.State.VALID, Submission.State.SCORED)
    page = SubmissionPage(
        challenge=row.team.challenge,
        question=question,
        entered=mine,
        organises=organises,
        submission=row,
        look=look(row),
        moving=row.state in MOVING,
        position=position_words(row),
        phase_title=phase_title(row.phase),
        errors=errors_of(row),
        notes=notes_of(row),
        reason=reason_of(row),
        faults=faults_for_organisers(row) if organises else [],
        scores=shown_scores([row], every_part=organises).get(row.pk, []),
        can_cancel=mine and row.state in (*MOVING, Submission.State.FAILED),
        can_choose=mine and not row.is_final and row.phase.is_open(database_now()) and is_usable,
        figures=_figures(row),
        can_measure=organises and bool(resources_of(spec_of(question))),
        can_refund=organises and row.state not in (Submission.State.CANCELLED, Submission.State.REJECTED),
        can_retry=organises and row.state == Submission.State.FAILED,
    )
    return render_page(request, "scoring/submission.html", page)


def _figures(row: Submission) -> list[MethodFigure]:
    return [
        MethodFigure(
            name=resource.name,
            title=say(resource.title),
            declared=row.declared.get(resource.name),
            measured=row.measured.get(resource.name),
        )
        for resource in resources_of(spec_of(row.phase.question))
    ]


@login_required
@require_POST
def measure(request: HttpRequest, submission: UUID) -> HttpResponse:
    """What the organisers measured on the method."""
    row = _visible(request, submission)
    require_organiser(request.user, row.team.challenge)
    names = [resource.name for resource in resources_of(spec_of(row.phase.question))]
    measured = {name: request.POST.get(name, "") for name in names}
    with attempt(request, _("The measurement is recorded and the ranking is being computed.")):
        record_measurement(submission=row, measured=measured, actor=request.user)
    return redirect("scoring:submission", row.pk)


@login_required
@require_POST
def cancel(request: HttpRequest, submission: UUID) -> HttpResponse:
    row = _visible(request, submission)
    reason = request.POST.get("reason", "")
    if reason.strip() and is_organiser(request.user, row.phase.question):
        refund_submission(submission=row, actor=request.user, reason=reason)
    else:
        require_own(request.user, row)
        cancel_submission(submission=row, actor=request.user)
    messages.success(request, _("The submission has been cancelled; it uses no attempt."))
    return redirect("scoring:submission", row.pk)


@login_required
@require_POST
def choose(request: HttpRequest, submission: UUID) -> HttpResponse:
    row = _visible(request, submission)
    require_own(request.user, row)
    choose_final(submission=row, actor=request.user)
    messages.success(request, _("Your team is ranked by this submission."))
    return redirect("scoring:submission", row.pk)


@login_required
@require_POST
def retry(request: HttpRequest, submission: UUID) -> HttpResponse:
    row = _visible(request, submission)
    require_organiser(request.user, row.team.challenge)
    retry_submission(submission=row, actor=request.user)
    messages.success(request, _("The submission will be retried."))
    return redirect("scoring:submission", row.pk)
