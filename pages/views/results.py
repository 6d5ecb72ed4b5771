"""The organiser's end of a question: submissions, jury, ranking, publication, announcement."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_POST, require_safe

from challenges.frame import spec_of
from challenges.lookup import organised_question
from challenges.models import Question
from challenges.timeline import phase_state, phase_title
from core.attempt import attempt
from core.clock import database_now
from core.errors import InvalidInputError
from leaderboard.announce import announce, centre_counts
from leaderboard.models import Announcement, Ranking
from leaderboard.parts import deciding_part
from leaderboard.publish import ask_for_ranking, publish_ranking
from pages.forms import AnnounceForm, ReasonForm
from scoring.jury import open_jury
from scoring.models import Submission
from scoring.rescore import rescore_phase


@login_required
@require_safe
def results(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """What came in, what it was worth, who is first, who knows it."""
    found = organised_question(request.user, f"{challenge}/{question}")
    now, spec = database_now(), spec_of(found)
    states = {name: Count("submissions", filter=Q(submissions__state=name)) for name in Submission.State.values}
    phases = [
        {
            "phase": one,
            "title": phase_title(one),
            "state": phase_state(one, now),
            "counts": [{"state": name, "count": getattr(one, name)} for name in states if getattr(one, name)],
        }
        for one in found.phases.exclude(batch="").annotate(**states)
    ]
    rankings = _newest(found)
    decided = next((one for one in rankings if one.phase.decides and one.part == deciding_part(spec)), None)
    announcement = Announcement.objects.filter(question=found).prefetch_related("winners").first()
    context = {
        "challenge": found.challenge,
        "question": found,
        "phases": phases,
        "rankings": [
            {
                "ranking": one,
                "title": phase_title(one.phase),
                "out": one.published_at is not None and one.published_at <= now,
                "provisional": one.snapshot.get("awaits_jury", False),
            }
            for one in rankings
        ],
        "placings": list(decided.placings.select_related("team")[:20]) if decided else [],
        "decided": decided,
        "may_announce": decided is not None and decided.phase.closes <= now,
        "announcement": announcement,
        "announced": announcement is not None and announcement.announced_at <= now,
        "centres": centre_counts(found)[:3],
        "jury": spec.jury,
        "jury_cases": found.jury_cases.count() if spec.jury else 0,
        "jurors": found.jury_sessions.count() if spec.jury else 0,
        "jurors_done": found.jury_sessions.exclude(finished_at=None).count() if spec.jury else 0,
        "announce_form": AnnounceForm(initial={"announced_at": now}),
    }
    return render(request, "pages/results.html", context)


def _newest(question: Question) -> list[Ranking]:
    """The newest ranking of each phase and part."""
    newest: dict[tuple[int, str], Ranking] = {}
    for one in Ranking.objects.filter(question=question).select_related("phase").defer("statistics").order_by("number"):
        newest[one.phase_id, one.part] = one
    return sorted(newest.values(), key=lambda one: (one.phase.opens, one.part), reverse=True)


def _phase(question: Question, request: HttpRequest) -> Any:
    return get_object_or_404(question.phases.select_related("question__challenge"), name=request.POST.get("phase", ""))


@login_required
@require_POST
def rank(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """Asks for a ranking of the phase."""
    found = organised_question(request.user, f"{challenge}/{question}")
    with attempt(request, _("The ranking is being computed.")):
        ask_for_ranking(phase=_phase(found, request), actor=request.user)
    return redirect("pages:results", challenge, question)


@login_required
@require_POST
def rescore(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """Scores every scored submission of a phase again, with the reason on record."""
    found = organised_question(request.user, f"{challenge}/{question}")
    form = ReasonForm(request.POST)
    with attempt(request, _("The phase is scored again.")):
        rescore_phase(phase=_phase(found, request), actor=request.user, reason=form.data.get("reason", ""))
    return redirect("pages:results", challenge, question)


@login_required
@require_POST
def jury(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """Has the jury's cases chosen; jurors can begin when they are."""
    found = organised_question(request.user, f"{challenge}/{question}")
    with attempt(request, _("The cases of the jury are being chosen.")):
        open_jury(question=found, actor=request.user)
    return redirect("pages:results", challenge, question)


@login_required
@require_POST
def publish(request: HttpRequest, challenge: str, question: str, pk: int) -> HttpResponse:
    """The ranking becomes public now."""
    found = organised_question(request.user, f"{challenge}/{question}")
    ranking = get_object_or_404(found.rankings.select_related("question__challenge"), pk=pk)
    with attempt(request, _("The ranking is public.")):
        publish_ranking(ranking=ranking, actor=request.user)
    return redirect("pages:results", challenge, question)


@login_required
@require_POST
def announcement(request: HttpRequest, challenge: str, question: str, pk: int) -> HttpResponse:
    """Winners and best centre, out when their minute comes."""
    found = organised_question(request.user, f"{challenge}/{question}")
    ranking = get_object_or_404(found.rankings.select_related("phase"), pk=pk)
    form = AnnounceForm(request.POST)
    with attempt(request, _("The announcement stands; it is out when its minute comes.")):
        if not form.is_valid():
            raise InvalidInputError(gettext_noop("Say when the winners are announced."))
        said = form.cleaned_data
        words = {code: said[f"words_{code}"] for code in ("en", "fr") if said[f"words_{code}"]}
        announce(question=found, ranking=ranking, announced_at=said["announced_at"], actor=request.user, words=words)
    return redirect("pages:results", challenge, question)
