"""A challenge and its questions, as anybody who may see them reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from challenges.charter import signing_state
from challenges.frame import spec_of
from challenges.lookup import visible_challenge, visible_question
from challenges.models import Challenge, Membership, Phase, Question, Role, Team
from challenges.permissions import has_role, team_of
from challenges.question_facts import QuestionFacts, question_facts
from challenges.timeline import Moment, moments, phase_state, phase_title
from core.clock import database_now
from core.pages import render_page
from core.visitor_pages import kept_for_visitors
from core.words import localised


@dataclass(frozen=True)
class QuestionSummary:
    """A question on the challenge's page; `open`: the titles of its open windows."""

    question: Question
    summary: str
    open: list[str]


@dataclass(frozen=True)
class ParticipantCounts:
    centres: int
    teams: int


@dataclass(frozen=True)
class ChallengePage:
    """`charters`: audiences with a charter, and whether the reader signed it."""

    challenge: Challenge
    summary: str
    questions: list[QuestionSummary]
    moments: list[Moment]
    counts: ParticipantCounts
    charters: Mapping[str, bool]
    membership: Membership | None
    organises: bool


@dataclass(frozen=True)
class QuestionPhase:
    phase: Phase
    title: str
    state: str
    accepts: str


@dataclass(frozen=True)
class QuestionPage:
    challenge: Challenge
    question: Question
    summary: str
    facts: QuestionFacts
    phases: list[QuestionPhase]
    team: Team | None
    entered: bool
    organises: bool


@require_safe
@kept_for_visitors()
def challenge(request: HttpRequest, challenge: str) -> HttpResponse:
    """Timeline, questions, who takes part, and what the reader can do next."""
    challenge_row = visible_challenge(request.user, challenge)
    now = database_now()
    questions = list(challenge_row.questions.prefetch_related("phases__question"))
    phases = [phase for question in questions for phase in question.phases.all()]
    counts = challenge_row.__class__.objects.filter(pk=challenge_row.pk).aggregate(
        centres=Count("centres", distinct=True),
        teams=Count("teams", filter=Q(teams__state=Team.State.APPROVED, teams__is_baseline=False), distinct=True),
    )
    language = get_language() or "en"
    page = ChallengePage(
        challenge=challenge_row,
        summary=localised(challenge_row.summary, language),
        questions=[
            QuestionSummary(
                question=question,
                summary=localised(question.summary, language),
                open=[phase_title(phase) for phase in question.phases.all() if phase.is_open(now)],
            )
            for question in questions
        ],
        moments=moments(phases, challenge_row.milestones.select_related("question"), now),
        counts=ParticipantCounts(**counts),
        charters=signing_state(request.user, challenge_row),
        membership=_membership(request, challenge_row.pk),
        organises=has_role(request.user, challenge_row, Role.Kind.ORGANISER),
    )
    return render_page(request, "challenges/challenge.html", page)


def _membership(request: HttpRequest, challenge_id: int) -> Membership | None:
    if not request.user.is_authenticated:
        return None
    mine = Membership.objects.filter(user=request.user, team__challenge_id=challenge_id).select_related("team")
    return mine.exclude(team__state=Team.State.WITHDRAWN).first()


@require_safe
@kept_for_visitors()
def question(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """Everything that the question's file says, in words."""
    question_row = visible_question(request.user, f"{challenge}/{question}")
    spec, now = spec_of(question_row), database_now()
    language = get_language() or "en"
    team = team_of(request.user, question_row.challenge)
    page = QuestionPage(
        challenge=question_row.challenge,
        question=question_row,
        summary=spec.summary.says(language),
        facts=question_facts(spec, language),
        phases=[
            QuestionPhase(phase, phase_title(phase), phase_state(phase, now), phase.accepts)
            for phase in question_row.phases.all()
        ],
        team=team,
        entered=team is not None and team.entries.filter(question=question_row).exists(),
        organises=has_role(request.user, question_row.challenge, Role.Kind.ORGANISER),
    )
    return render_page(request, "challenges/question.html", page)
