"""Which ranking of a question a person may look at: published ones, and for organisers the newest of any part."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from challenges.frame import spec_of
from challenges.models import Question
from leaderboard.models import Ranking
from leaderboard.parts import deciding_part


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
