"""Submit, what became of it, and the list of results."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from batches.models import Batch
from challenges import question_words as words
from challenges.charter import has_signed
from challenges.frame import spec_of
from challenges.lookup import visible_question
from challenges.models import Charter, Phase, Question, Team
from challenges.people import require_organiser
from challenges.timeline import phase_state, phase_title
from core.clock import database_now
from core.words import say
from scoring.models import Submission
from scoring.permissions import entered_team, is_organiser, require_own
from scoring.quota import remaining
from scoring.results import MOVING, look, shown_scores, submission_rows
from scoring.sample import EXAMPLE_IDS, sample_submission
from scoring.serializers import errors_of, notes_of, reason_of
from scoring.submit import cancel_submission, choose_final, retry_submission, submissions_phases
from uploads.models import Upload

LATEST = 5


def _team_question(request: HttpRequest, challenge: str, question: str) -> tuple[Question, Team]:
    """The question and the person's team in it; who has none gets a 404."""
    found = visible_question(request.user, f"{challenge}/{question}")
    team = entered_team(request.user, found)
    if team is None:
        raise Http404
    return found, team


@login_required
@require_safe
def submit_page(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """What is expected, what remains, until when, and the field to drop the file on."""
    found, team = _team_question(request, challenge, question)
    spec, now = spec_of(found), database_now()
    phases = [_phase_row(team, phase, now) for phase in submissions_phases(found)]
    opened = [row for row in phases if row["state"] == "open"]
    entry = team.entries.get(question=found)
    context = {
        "challenge": found.challenge,
        "question": found,
        "name": f"{found.challenge.slug}/{found.slug}",
        "entered": True,
        "team": team,
        "phases": phases,
        "current": opened[-1] if opened else None,
        "next": next((row for row in phases if row["state"] == "upcoming"), None),
        "signed": has_signed(request.user, found.challenge, Charter.Audience.TEAM),
        "excluded": entry.excluded_reason,
        "submission": words.submission(spec),
        "columns": words.columns(spec),
        "limits": words.limits(spec),
        "declarations": [one.says(get_language() or "en") for one in spec.rules.declarations],
    }
    return render(request, "scoring/submit.html", context)


def _phase_row(team: Team, phase: Phase, now: Any) -> dict[str, Any]:
    return {
        "phase": phase,
        "title": phase_title(phase),
        "state": phase_state(phase, now),
        "remaining": remaining(team=team, phase=phase, now=now),
    }


@login_required
@require_safe
def verdicts(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """A fragment: the newest submissions of the team, and the own uploads that became none, with every reason."""
    found, team = _team_question(request, challenge, question)
    own = Submission.objects.filter(team=team, phase__question=found).select_related("phase__question")
    refused = Upload.objects.visible_to(request.user).filter(
        question=found, kind=Upload.Kind.SUBMISSION, state__in=[Upload.State.REFUSED, Upload.State.STORED]
    )
    context = {
        "rows": submission_rows(own[:LATEST]),
        "uploads": [
            {
                "upload": one,
                "waits": one.state == Upload.State.STORED,
                "reasons": [{"message": say(fault["template"], fault["values"]), "where": ""} for fault in one.faults],
            }
            for one in refused[:LATEST]
        ],
    }
    return render(request, "scoring/verdicts.html", context)


@login_required
@require_safe
def results(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """The team's submissions; for organisers, everybody's."""
    found = visible_question(request.user, f"{challenge}/{question}")
    team, organises = entered_team(request.user, found), is_organiser(request.user, found)
    if team is None and not organises:
        raise Http404
    visible = Submission.objects.visible_to(request.user).filter(phase__question=found)
    ordered = visible.select_related("team", "phase__question").order_by("-received_at", "id")
    page = Paginator(ordered, 50).get_page(request.GET.get("page"))
    context = {
        "challenge": found.challenge,
        "question": found,
        "entered": team is not None,
        "organises": organises,
        "team": team,
        "page": page,
        "rows": submission_rows(page.object_list),
    }
    return render(request, "scoring/results.html", context)


def _visible(request: HttpRequest, submission: Any) -> Submission:
    visible = Submission.objects.visible_to(request.user).select_related(
        "team__challenge", "phase__question__challenge", "sent_by"
    )
    return get_object_or_404(visible, pk=submission)


@login_required
@require_safe
def submission(request: HttpRequest, submission: Any) -> HttpResponse:
    """The state, every error, and the scores that may be seen."""
    found = _visible(request, submission)
    organises = is_organiser(request.user, found.phase.question)
    mine = found.team.memberships.filter(user=request.user.pk).exists()
    now = database_now()
    context = {
        "challenge": found.team.challenge,
        "question": found.phase.question,
        "entered": mine,
        "organises": organises,
        "submission": found,
        "look": look(found),
        "moving": found.state in MOVING,
        "phase_title": phase_title(found.phase),
        "errors": errors_of(found),
        "notes": notes_of(found),
        "reason": found.reason if organises else reason_of(found),
        "scores": shown_scores([found], every_part=organises).get(found.pk, []),
        "can_cancel": mine and found.state in (*MOVING, Submission.State.FAILED),
        "can_choose": mine
        and not found.is_final
        and found.phase.is_open(now)
        and found.state in (Submission.State.VALID, Submission.State.SCORED),
        "can_retry": organises and found.state == Submission.State.FAILED,
    }
    return render(request, "scoring/submission.html", context)


@login_required
@require_POST
def cancel(request: HttpRequest, submission: Any) -> HttpResponse:
    found = _visible(request, submission)
    require_own(request.user, found)
    cancel_submission(submission=found, actor=request.user)
    messages.success(request, _("The submission is cancelled; it counts against nothing."))
    return redirect("scoring:submission", found.pk)


@login_required
@require_POST
def choose(request: HttpRequest, submission: Any) -> HttpResponse:
    found = _visible(request, submission)
    require_own(request.user, found)
    choose_final(submission=found, actor=request.user)
    messages.success(request, _("Your team is ranked by this submission."))
    return redirect("scoring:submission", found.pk)


@login_required
@require_POST
def retry(request: HttpRequest, submission: Any) -> HttpResponse:
    found = _visible(request, submission)
    require_organiser(request.user, found.team.challenge)
    retry_submission(submission=found, actor=request.user)
    messages.success(request, _("The submission is tried again."))
    return redirect("scoring:submission", found.pk)


@require_safe
def sample(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """A sample submission; with the cases' own ids for those who may see the batch that is answered."""
    found = visible_question(request.user, f"{challenge}/{question}")
    phase = next((one for one in submissions_phases(found) if one.decides), None)
    visible = Batch.objects.visible_to(request.user).filter(question=found, state=Batch.State.BUILT)
    batch = visible.filter(name=phase.batch).first() if phase is not None and phase.batch else None
    ids = list(batch.items.filter(withdrawn_at=None).values_list("public_id", flat=True)) if batch else []
    name, content = sample_submission(spec_of(found), ids or EXAMPLE_IDS)
    kind = "text/csv; charset=utf-8" if name.endswith(".csv") else "application/zip"
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
