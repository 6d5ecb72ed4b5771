"""A challenge and its questions, as anybody who may see them reads them."""

from __future__ import annotations

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from challenges import question_words as words
from challenges.charter import signing_state
from challenges.frame import spec_of
from challenges.lookup import visible_challenge, visible_question
from challenges.models import Membership, Role, Team
from challenges.people import has_role, team_of
from challenges.timeline import moments, phase_state, phase_title
from core.clock import database_now
from core.words import localised


@require_safe
def challenge(request: HttpRequest, challenge: str) -> HttpResponse:
    """Timeline, questions, who takes part, and what the reader can do next."""
    found = visible_challenge(request.user, challenge)
    now = database_now()
    questions = list(found.questions.prefetch_related("phases__question"))
    phases = [phase for question in questions for phase in question.phases.all()]
    counts = found.__class__.objects.filter(pk=found.pk).aggregate(
        centres=Count("centres", distinct=True),
        teams=Count("teams", filter=Q(teams__state=Team.State.APPROVED, teams__is_baseline=False), distinct=True),
    )
    language = get_language() or "en"
    context = {
        "challenge": found,
        "summary": localised(found.summary, language),
        "questions": [
            {
                "question": question,
                "summary": localised(question.summary, language),
                "open": [phase_title(phase) for phase in question.phases.all() if phase.is_open(now)],
            }
            for question in questions
        ],
        "moments": moments(phases, found.milestones.select_related("question"), now),
        "counts": counts,
        "charters": signing_state(request.user, found),
        "membership": _membership(request, found.pk),
        "organises": has_role(request.user, found, Role.Kind.ORGANISER),
    }
    return render(request, "challenges/challenge.html", context)


def _membership(request: HttpRequest, challenge_id: int) -> Membership | None:
    if not request.user.is_authenticated:
        return None
    mine = Membership.objects.filter(user=request.user, team__challenge_id=challenge_id).select_related("team")
    return mine.exclude(team__state=Team.State.WITHDRAWN).first()


@require_safe
def question(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """Everything that the question's file says, in words."""
    found = visible_question(request.user, f"{challenge}/{question}")
    spec, now = spec_of(found), database_now()
    language = get_language() or "en"
    team = team_of(request.user, found.challenge)
    phases = [
        {
            "phase": phase,
            "title": phase_title(phase),
            "state": phase_state(phase, now),
            "accepts": spec.phases[phase.name].accepts if phase.name in spec.phases else "",
        }
        for phase in found.phases.all()
    ]
    context = {
        "challenge": found.challenge,
        "question": found,
        "spec": spec,
        "summary": spec.summary.says(language),
        "fields": [
            {"title": one.title.says(language), "type": one.type, "unit": words.unit_words(one.unit), "name": one.name}
            for one in spec.data.fields.values()
        ],
        "images": [
            {
                "title": one.title.says(language),
                "modality": ", ".join(one.modality),
                "required": one.required,
                "dimensions": " / ".join(f"{count}D" for count in one.dimensions),
            }
            for one in spec.data.images.values()
        ],
        "criteria": words.criteria(spec),
        "submission": words.submission(spec),
        "columns": words.columns(spec),
        "limits": words.limits(spec),
        "scores": words.scores(spec),
        "ranking": words.ranking(spec),
        "final": words.ranking(spec, spec.final.ranking) if spec.final else [],
        "team_rules": words.team_rules(spec),
        "prizes": [
            {"place": one.place, "amount": words.number(one.amount), "currency": one.currency}
            for one in spec.rules.prizes
            if one.amount
        ],
        "phases": phases,
        "team": team,
        "entered": team is not None and team.entries.filter(question=found).exists(),
        "organises": has_role(request.user, found.challenge, Role.Kind.ORGANISER),
    }
    return render(request, "challenges/question.html", context)
