"""Who won, for the pages that list challenges and questions: announcements that are out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from challenges.models import Challenge
from core.clock import database_now
from leaderboard.models import Announcement


@dataclass(frozen=True)
class QuestionWinners:
    """`teams` shares the first place; `best_centre` is empty where several centres are level."""

    question: str
    teams: str
    best_centre: str


def announced_winners(challenges: Iterable[Challenge]) -> dict[int, dict[int, QuestionWinners]]:
    """By challenge and question, in the order of the questions."""
    out = (
        Announcement.objects.filter(question__challenge__in=list(challenges), announced_at__lte=database_now())
        .select_related("question", "best_centre")
        .prefetch_related("winners")
        .order_by("question__position", "question_id")
    )
    winners: dict[int, dict[int, QuestionWinners]] = {}
    for row in out:
        winners.setdefault(row.question.challenge_id, {})[row.question_id] = QuestionWinners(
            str(row.question),
            ", ".join(sorted(str(team) for team in row.winners.all())),
            str(row.best_centre or ""),
        )
    return winners
