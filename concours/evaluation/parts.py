"""The parts of an evaluation set: public scores show while a phase runs, private ones decide, until then hidden."""

from __future__ import annotations

from concours.questions.schema import QuestionSpec

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
