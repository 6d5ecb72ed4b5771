"""The errors of a question file: each with its line, all of them at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field

from formats.fault import clip

MESSAGE_LIMIT = 500  # a list of known names is worth its length


@dataclass(frozen=True, slots=True)
class Mistake:
    """One error: `where` is the path of the key (`ranking.by[1]`), `template` English with `%(name)s` holes."""

    line: int
    where: str
    template: str
    values: dict[str, object] = field(default_factory=dict)

    @property
    def message(self) -> str:
        return clip(self.template % self.values, MESSAGE_LIMIT)

    def __str__(self) -> str:
        return f"line {self.line}: {self.where}: {self.message}" if self.where else f"line {self.line}: {self.message}"


class SpecError(ValueError):
    """A question file that cannot be used; `mistakes` holds every error, in the order of the lines."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = sorted(mistakes, key=lambda mistake: mistake.line)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


def suggestion(name: str, known: Iterable[str]) -> str:
    """The known name that `name` most likely means, or nothing."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return near[0] if near else ""
