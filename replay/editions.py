"""The editions that can be played, by the name of the command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from replay import sfr2019
from replay.compare import Comparison
from replay.play import ReplayRun


class Playable(Protocol):
    def run(self) -> None: ...
    def compare(self) -> list[Comparison]: ...
    def pages(self) -> list[dict[str, Any]]: ...


@dataclass(frozen=True)
class EditionKind:
    """`begins`: where the site's clock stands when it starts."""

    begins: datetime
    make: Callable[[ReplayRun, float], Playable]


EDITIONS = {
    "sfr2019": EditionKind(datetime.fromisoformat("2019-03-25T08:00:00+01:00"), sfr2019.Sfr2019),
}
