"""Which ranking of a question a person may look at, and when what single cases gave may be seen with it."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from challenges.frame import spec_of
from challenges.models import Phase, Question
from concours.evaluation.parts import deciding_part, winning_parts
from leaderboard.models import Ranking
from scoring.permissions import is_organiser
from scoring.submit import submissions_phases


def ranking_for(
    user: Any, question: Question, *, phase: str = "", part: str = "", number: int | None = None
) -> Ranking | None:
    """The ranking a board shows. Without a wish: of the deciding phase if one is out, else the latest phase that has one; of
    the part that decides, else the public one. Of each the newest number that the person may see.
    """
    visible = Ranking.objects.visible_to(user).filter(question=question).select_related("phase", "question__challenge")
    if phase:
        visible = visible.filter(phase__name=phase)
    if part:
        visible = visible.filter(part=part)
    if number is not None:
        visible = visible.filter(number=number)
    preferred = deciding_part(spec_of(question))
    order = {preferred: 0, "public": 1}
    newest: dict[tuple[int, str], Ranking] = {}
    for ranking in visible.order_by("number").defer("snapshot", "statistics"):
        newest[ranking.phase_id, ranking.part] = ranking
    rankings = sorted(
        newest.values(),
        key=lambda row: (not row.phase.decides, -row.phase.opens.timestamp(), order.get(row.part, 2)),
    )
    if not rankings:
        return None
    rankings[0].question = question  # whose file is read already
    return rankings[0]


def is_out(ranking: Ranking) -> bool:
    return ranking.is_out(timezone.now())


def shows_cases(user: Any, ranking: Ranking) -> bool:
    """Whether this person may see pictures of single cases (ROC curves, case strips, the plane): organisers at any time."""
    return results_are_final(ranking) or is_organiser(user, ranking.question)


def takes_submissions(ranking: Ranking) -> bool:
    """The ranking's phase or another one of its question takes submissions now or later."""
    now = timezone.now()
    return ranking.phase.closes > now or any(phase.closes > now for phase in submissions_phases(ranking.question))


def results_are_final(ranking: Ranking) -> bool:
    """It is out, a ranking that can name winners is out too, and no phase of the question takes submissions now or later.

    Until then every answer that a team sends could be read against its curve or its strip, and labels with it. Phases can
    share their cases, so one that is still to come keeps the others' shut.
    """
    return is_out(ranking) and _question_is_final(ranking.question, ranking.phase)


def _question_is_final(question: Question, of_phase: Phase) -> bool:
    now = timezone.now()
    phases = submissions_phases(question)
    if any(phase.closes > now for phase in phases):
        return False
    deciding = next((phase for phase in phases if phase.decides), of_phase)
    parts = winning_parts(spec_of(question))
    return Ranking.objects.out().filter(phase=deciding, part__in=parts).exists()


def revealed_parts(phase: Phase) -> frozenset[str]:
    """The parts whose ranking is out now: their scores are no secret any more."""
    return frozenset(Ranking.objects.out().filter(phase=phase).values_list("part", flat=True))


def final_parts(phase: Phase) -> frozenset[str]:
    """The parts whose ranking is out once nothing can be probed any more: teams see the details of their own scores."""
    return revealed_parts(phase) if _question_is_final(phase.question, phase) else frozenset()
