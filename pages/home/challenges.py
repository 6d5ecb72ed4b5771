"""The list of challenges on the first page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import get_language

from challenges.models import Challenge, Phase, Team
from challenges.timeline import phase_state, phase_title
from core.clock import database_now
from core.words import localised
from leaderboard.winners import QuestionWinners, announced_winners

SHOWN = 50


@dataclass(frozen=True)
class ListedChallenge:
    """One challenge of the list; `next` is the window that opens next, where none is open now."""

    challenge: Challenge
    summary: str
    questions: list[str]
    running: list[str]
    next: Phase | None
    next_title: str
    winners: list[QuestionWinners]


def listed_challenges(user: Any) -> list[ListedChallenge]:
    """The newest challenges that the user may see."""
    now, language = database_now(), get_language() or "en"
    challenges = list(
        Challenge.objects.visible_to(user)
        .annotate(
            centres_count=Count("centres", distinct=True),
            teams_count=Count("teams", filter=Q(teams__state=Team.State.APPROVED), distinct=True),
        )
        .prefetch_related("questions__phases__question")
        .order_by("-created_at")[:SHOWN]
    )
    winners = announced_winners(challenges)
    listed = []
    for challenge in challenges:
        phases = [phase for question in challenge.questions.all() for phase in question.phases.all()]
        running = [phase for phase in phases if phase_state(phase, now) == "open"]
        ahead = sorted((phase for phase in phases if phase.opens > now), key=lambda phase: phase.opens)
        following = ahead[0] if ahead and not running else None
        listed.append(
            ListedChallenge(
                challenge=challenge,
                summary=localised(challenge.summary, language),
                questions=[str(question) for question in challenge.questions.all()],
                running=sorted({phase_title(phase) for phase in running}),
                next=following,
                next_title=phase_title(following) if following else "",
                winners=list(winners.get(challenge.pk, {}).values()),
            )
        )
    return listed
