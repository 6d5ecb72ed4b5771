"""The parts of an evaluation set: public scores show while a phase runs, private ones decide, until then hidden."""

from __future__ import annotations

from django.utils import timezone

from challenges.models import Phase
from challenges.spec import QuestionSpec
from leaderboard.models import Ranking

ALL, PUBLIC, PRIVATE = "all", "public", "private"
FINAL = "final"  # a second ranking, of the finalists alone, by the scores of the part that decides


def parts_of(spec: QuestionSpec) -> list[str]:
    """The parts that are ranked."""
    return [ALL, PUBLIC, PRIVATE] if spec.leaderboard.public_share > 0 else [ALL]


def deciding_part(spec: QuestionSpec) -> str:
    """The part whose ranking decides: cases never scored in public, where there are such."""
    return PRIVATE if spec.leaderboard.public_share > 0 else ALL


def winning_parts(spec: QuestionSpec) -> tuple[str, ...]:
    """The parts whose ranking can name winners: the finalists' where there is a final, the deciding one."""
    return (FINAL, deciding_part(spec)) if spec.final is not None else (deciding_part(spec),)


def revealed_parts(phase: Phase) -> frozenset[str]:
    """The parts whose ranking is out now: their scores are no secret any more."""
    out = Ranking.objects.filter(phase=phase, published_at__lte=timezone.now())
    return frozenset(out.values_list("part", flat=True))
