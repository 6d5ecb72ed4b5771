"""Which ranking of a question a person may look at, and when what single cases gave may be seen with it."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from challenges.frame import spec_of
from challenges.models import Question
from leaderboard.models import Ranking
from leaderboard.parts import deciding_part, winning_parts
from scoring.permissions import is_organiser
from scoring.submit import submissions_phases


def ranking_for(user: Any, question: Question, *, phase: str = "", part: str = "") -> Ranking | None:
    """The ranking a board shows. Without a wish: of the deciding phase if one is out, else the latest phase that has one; of
    the part that decides, else the public one. Of each the newest number that the person may see.
    """
    visible = Ranking.objects.visible_to(user).filter(question=question).select_related("phase", "question__challenge")
    if phase:
        visible = visible.filter(phase__name=phase)
    if part:
        visible = visible.filter(part=part)
    preferred = deciding_part(spec_of(question))
    order = {preferred: 0, "public": 1}
    newest: dict[tuple[int, str], Ranking] = {}
    for ranking in visible.order_by("number").defer("snapshot", "statistics"):
        newest[ranking.phase_id, ranking.part] = ranking
    found = sorted(
        newest.values(),
        key=lambda one: (not one.phase.decides, -one.phase.opens.timestamp(), order.get(one.part, 2)),
    )
    return found[0] if found else None


def is_out(ranking: Ranking) -> bool:
    return ranking.published_at is not None and ranking.published_at <= timezone.now()


def shows_cases(user: Any, ranking: Ranking) -> bool:
    """Whether this person may see pictures of single cases (ROC curves, case strips, the plane): organisers at any time."""
    return results_are_final(ranking) or is_organiser(user, ranking.question)


def results_are_final(ranking: Ranking) -> bool:
    """It is out, a ranking that can name winners is out too, and no phase of the question takes submissions now or later.

    Until then every answer that a team sends could be read against its curve or its strip, and labels with it. Phases can
    share their cases, so one that is still to come keeps the others' shut.
    """
    if not is_out(ranking):
        return False
    now, question = timezone.now(), ranking.question
    phases = submissions_phases(question)
    if any(phase.closes > now for phase in phases):
        return False
    deciding = next((phase for phase in phases if phase.decides), ranking.phase)
    parts = winning_parts(spec_of(question))
    return Ranking.objects.filter(phase=deciding, part__in=parts, published_at__lte=now).exists()
