"""Who won, in templates of pages that are made below the leaderboard."""

from __future__ import annotations

from django import template

from challenges.models import Challenge, Question
from leaderboard.winners import QuestionWinners, announced_winners

register = template.Library()


@register.simple_tag
def winners_of(challenge: Challenge) -> dict[int, QuestionWinners]:
    """By question, once they are announced: `{% winners_of challenge as won %}`."""
    return announced_winners([challenge]).get(challenge.pk, {})


@register.filter
def of_question(won: dict[int, QuestionWinners], question: Question) -> QuestionWinners | None:
    return won.get(question.pk)
