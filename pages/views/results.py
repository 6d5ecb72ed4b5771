"""The organiser's end of a question: submissions, jury, ranking, publication, announcement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_POST, require_safe

from challenges.frame import spec_of
from challenges.lookup import organised_question
from challenges.models import Challenge, Phase, Question
from challenges.timeline import phase_state, phase_title
from concours.evaluation.parts import deciding_part
from concours.evaluation.probing import ProbingBound, probing_bound
from concours.evaluation.score_table import external_scores
from concours.questions.schema import JurySpec
from core.attempt import attempt
from core.clock import database_now
from core.errors import InvalidInputError
from core.pages import render_page
from core.readiness import Readiness, readiness_of
from leaderboard.announce import CentreCount, announce, centre_counts
from leaderboard.models import Announcement, Placing, Ranking
from leaderboard.publish import ask_for_ranking, publish_ranking
from leaderboard.readiness import announce_obstacles, publish_obstacles
from pages.forms import AnnounceForm, ReasonForm
from scoring.entered import enter_scores, scores_table
from scoring.jury import open_jury
from scoring.models import Submission
from scoring.rescore import rescore_phase
from scoring.results import part_words

SHOWN_PLACINGS = 20


@dataclass(frozen=True)
class StateCount:
    """How many submissions are in a state."""

    state: str
    count: int


@dataclass(frozen=True)
class PhaseSubmissions:
    """What came in during a phase."""

    phase: Phase
    title: str
    state: str
    counts: list[StateCount]


@dataclass(frozen=True)
class RankingRow:
    """The newest ranking of a phase and part, in words; `out`: everybody can see it."""

    ranking: Ranking
    part: str
    title: str
    out: bool
    provisional: bool
    readiness: Readiness


@dataclass(frozen=True)
class OutcomePage:
    """`decided`: the ranking that names the winners. `probing`, `external`, `jury`: what the question file asks for."""

    challenge: Challenge
    question: Question
    phases: list[PhaseSubmissions]
    rankings: list[RankingRow]
    placings: list[Placing]
    decided: Ranking | None
    readiness: Readiness
    announcement: Announcement | None
    announced: bool
    centres: list[CentreCount]
    probing: ProbingBound | None
    external: list[str]
    jury: JurySpec | None
    jury_cases: int
    jurors: int
    jurors_done: int
    announce_form: AnnounceForm


@login_required
@require_safe
def results(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """What came in, what it was worth, who is first, who knows it."""
    question_row = organised_question(request.user, f"{challenge}/{question}")
    now, spec = database_now(), spec_of(question_row)
    states = {name: Count("submissions", filter=Q(submissions__state=name)) for name in Submission.State.values}
    phases = [
        PhaseSubmissions(
            phase=phase,
            title=phase_title(phase),
            state=phase_state(phase, now),
            counts=[StateCount(name, getattr(phase, name)) for name in states if getattr(phase, name)],
        )
        for phase in question_row.phases.accepting("submissions").annotate(**states)
    ]
    rankings = _newest(question_row)
    deciding = (ranking for ranking in rankings if ranking.phase.decides and ranking.part == deciding_part(spec))
    decided = next(deciding, None)
    announcement = Announcement.objects.filter(question=question_row).prefetch_related("winners").first()
    page = OutcomePage(
        challenge=question_row.challenge,
        question=question_row,
        phases=phases,
        rankings=[
            RankingRow(
                ranking=ranking,
                part=part_words(ranking.part),
                title=phase_title(ranking.phase),
                out=ranking.is_out(now),
                provisional=ranking.snapshot.get("awaits_jury", False),
                readiness=readiness_of([] if ranking.is_out(now) else publish_obstacles(ranking)),
            )
            for ranking in rankings
        ],
        placings=list(decided.placings.select_related("team")[:SHOWN_PLACINGS]) if decided else [],
        decided=decided,
        readiness=readiness_of(announce_obstacles(question_row, decided) if decided else []),
        announcement=announcement,
        announced=announcement is not None and announcement.announced_at <= now,
        centres=centre_counts(question_row)[:3],
        probing=probing_bound(spec, _evaluation_cases(question_row)),
        external=external_scores(spec),
        jury=spec.jury,
        jury_cases=question_row.jury_cases.count() if spec.jury else 0,
        jurors=question_row.jury_sessions.count() if spec.jury else 0,
        jurors_done=question_row.jury_sessions.exclude(finished_at=None).count() if spec.jury else 0,
        announce_form=AnnounceForm(initial={"announced_at": now}),
    )
    return render_page(request, "pages/results.html", page)


def _evaluation_cases(question: Question) -> int | None:
    """Of the deciding phase's batch, once it is frozen; until then the file's own figure is used."""
    phase = question.phases.filter(decides=True).first()
    batch = question.batches.filter(name=phase.batch).first() if phase is not None else None
    return None if batch is None else batch.items.count() or None


def _newest(question: Question) -> list[Ranking]:
    """The newest ranking of each phase and part."""
    newest: dict[tuple[int, str], Ranking] = {}
    for ranking in (
        Ranking.objects.filter(question=question).select_related("phase").defer("statistics").order_by("number")
    ):
        newest[ranking.phase_id, ranking.part] = ranking
    return sorted(newest.values(), key=lambda ranking: (ranking.phase.opens, ranking.part), reverse=True)


def _phase(question: Question, request: HttpRequest) -> Any:
    return get_object_or_404(question.phases.select_related("question__challenge"), name=request.POST.get("phase", ""))


@login_required
@require_POST
def rank(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """Asks for a ranking of the phase."""
    question_row = organised_question(request.user, f"{challenge}/{question}")
    with attempt(request, _("The ranking is being computed.")):
        ask_for_ranking(phase=_phase(question_row, request), actor=request.user)
    return redirect("pages:results", challenge, question)


@login_required
@require_POST
def rescore(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """Scores every scored submission of a phase again, with the reason on record."""
    question_row = organised_question(request.user, f"{challenge}/{question}")
    form = ReasonForm(request.POST)
    with attempt(request, _("The phase is being scored again.")):
        rescore_phase(phase=_phase(question_row, request), actor=request.user, reason=form.data.get("reason", ""))
    return redirect("pages:results", challenge, question)


@login_required
@require_POST
def scores(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """A table of scores that were computed elsewhere: entered as a whole, or refused with every error."""
    question_row = organised_question(request.user, f"{challenge}/{question}")
    file = request.FILES.get("table")
    with attempt(request, _("The scores are entered and the ranking is being computed.")):
        if file is None:
            raise InvalidInputError(gettext_noop("Choose the table of scores, a CSV or XLSX file."))
        enter_scores(
            phase=_phase(question_row, request), content=file.read(), file_name=str(file.name), actor=request.user
        )
    return redirect("pages:results", challenge, question)


@login_required
@require_safe
def table(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """The table of scores to fill, one row for each team's submission."""
    question_row = organised_question(request.user, f"{challenge}/{question}")
    phases = question_row.phases.accepting("submissions").select_related("question__challenge")
    chosen = get_object_or_404(phases, name=request.GET.get("phase", ""))
    name = f"scores-{question_row.slug}-{chosen.name}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(scores_table(chosen), content_type="text/csv; charset=utf-8", headers=headers)


@login_required
@require_POST
def jury(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """Has the jury's cases chosen; jurors can begin when they are."""
    question_row = organised_question(request.user, f"{challenge}/{question}")
    with attempt(request, _("The cases of the jury are being chosen.")):
        open_jury(question=question_row, actor=request.user)
    return redirect("pages:results", challenge, question)


@login_required
@require_POST
def publish(request: HttpRequest, challenge: str, question: str, pk: int) -> HttpResponse:
    """The ranking becomes public now."""
    question_row = organised_question(request.user, f"{challenge}/{question}")
    ranking = get_object_or_404(question_row.rankings.select_related("question__challenge"), pk=pk)
    with attempt(request, _("The ranking is public.")):
        publish_ranking(ranking=ranking, actor=request.user)
    return redirect("pages:results", challenge, question)


@login_required
@require_POST
def announcement(request: HttpRequest, challenge: str, question: str, pk: int) -> HttpResponse:
    """Winners and best centre, out when their minute comes."""
    question_row = organised_question(request.user, f"{challenge}/{question}")
    ranking = get_object_or_404(question_row.rankings.select_related("phase"), pk=pk)
    form = AnnounceForm(request.POST)
    with attempt(request, _("Announcement scheduled; it will be published at the chosen time.")):
        if not form.is_valid():
            raise InvalidInputError(gettext_noop("Choose the announcement time."))
        cleaned = form.cleaned_data
        words = {code: cleaned[f"words_{code}"] for code in ("en", "fr") if cleaned[f"words_{code}"]}
        announce(
            question=question_row,
            ranking=ranking,
            announced_at=cleaned["announced_at"],
            actor=request.user,
            words=words,
        )
    return redirect("pages:results", challenge, question)
