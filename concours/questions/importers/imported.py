"""What an importer hands back: a question file of ours, and a report of what it could not carry over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from concours.questions.schema.mistakes import Mistake


@dataclass(frozen=True, slots=True)
class Imported:
    """`text` is a whole question file. `notes` say, with lines of the original, what was assumed or left behind."""

    source: str  # codabench 1.5 | codabench 2 | evalai
    text: str
    notes: tuple[Mistake, ...]


@dataclass(slots=True)
class Findings:
    """Errors (nothing is imported) and notes (something is, and this is not), collected while reading."""

    mistakes: list[Mistake] = field(default_factory=list)
    notes: list[Mistake] = field(default_factory=list)

    def wrong(self, line: int, where: str, template: str, **values: object) -> None:
        self.mistakes.append(Mistake(line, where, template, values))

    def note(self, line: int, where: str, template: str, **values: object) -> None:
        self.notes.append(Mistake(line, where, template, values))


@dataclass(frozen=True, slots=True)
class ImportedColumn:
    """One column of another platform's leaderboard. `direction` is higher or lower, `of` the columns it averages."""

    key: str
    title: str
    direction: str
    line: int
    of: tuple[str, ...] = ()
    digits: int | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """One phase, with aware ISO dates."""

    name: str
    title: str
    opens: str
    closes: str


@dataclass(frozen=True, slots=True)
class ImportedContest:
    """What every importer finds, whatever the platform: enough for a question whose scores come from outside."""

    title: str
    summary: str
    source: str
    windows: tuple[Window, ...]
    columns: tuple[ImportedColumn, ...]
    main: str  # key of the column that ranks
    limits: Mapping[str, int]
    public: bool
