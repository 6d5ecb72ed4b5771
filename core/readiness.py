"""What stands in the way of a step that cannot be undone: listed by name on its page, by the API and by the step itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils.translation import gettext_noop

from core.errors import MoveNotAllowedError
from core.words import say

MOST_NAMED = 50


@dataclass(frozen=True)
class ObstacleSubject:
    """One row that an obstacle is about: `kind` and `id` for programs, the words for people."""

    kind: str  # exam, team, phase, ranking, batch; empty for what has no page
    id: str
    template: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Obstacle:
    """`blocks`: the step must not happen. Otherwise it surprises later, and the step is possible. `more`: how many subjects there
    are beside those listed.
    """

    reason: str
    blocks: bool
    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    subjects: Sequence[ObstacleSubject] = ()
    more: int = 0

    @property
    def where(self) -> str:
        return ", ".join(say(subject.template, subject.values) for subject in self.subjects[:MOST_NAMED])


class NotReadyError(MoveNotAllowedError):
    """Carries every obstacle that blocks the step. Its code is that of the obstacle where there is one alone."""

    def __init__(self, blocking: Sequence[Obstacle]) -> None:
        first = blocking[0]
        if len(blocking) == 1:
            super().__init__(first.template, **first.values)
        else:
            super().__init__(gettext_noop("This is not possible yet. Settle what is listed, then try again."))
        self.reason = first.reason if len(blocking) == 1 else "not_ready"
        self.faults = list(blocking) if len(blocking) > 1 or first.subjects else []


def require_ready(obstacles: Sequence[Obstacle]) -> None:
    """Raises NotReadyError with everything that blocks."""
    blocking = [obstacle for obstacle in obstacles if obstacle.blocks]
    if blocking:
        raise NotReadyError(blocking)


@dataclass(frozen=True)
class NamedSubject:
    """A row that an obstacle is about, with its name in the reader's language."""

    kind: str
    id: str
    name: str


@dataclass(frozen=True)
class ShownObstacle:
    """An obstacle in the reader's language. `count` is of all its subjects, of which at most `MOST_NAMED` are named."""

    code: str
    blocks: bool
    message: str
    count: int
    subjects: list[NamedSubject]


@dataclass(frozen=True)
class Readiness:
    """Whether a step is possible, and what is in its way; what blocks comes first."""

    ready: bool
    obstacles: list[ShownObstacle]


def readiness_of(obstacles: Sequence[Obstacle]) -> Readiness:
    """The obstacles in the reader's language."""
    return Readiness(
        ready=not any(obstacle.blocks for obstacle in obstacles),
        obstacles=[
            ShownObstacle(
                code=obstacle.reason,
                blocks=obstacle.blocks,
                message=say(obstacle.template, obstacle.values),
                count=len(obstacle.subjects) + obstacle.more,
                subjects=[
                    NamedSubject(subject.kind, subject.id, say(subject.template, subject.values))
                    for subject in obstacle.subjects[:MOST_NAMED]
                ],
            )
            for obstacle in sorted(obstacles, key=lambda obstacle: not obstacle.blocks)
        ],
    )


def readiness_document(obstacles: Sequence[Obstacle]) -> dict[str, Any]:
    """`{"ready", "obstacles": [{"code", "blocks", "message", "count", "subjects": [{"kind", "id", "name"}]}]}` in the reader's
    language; what blocks comes first. At most `MOST_NAMED` subjects are named; `count` is of all.
    """
    return asdict(readiness_of(obstacles))
