"""The errors of a question file: each with its line, all of them at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field

from concours.formats.fault import clip, english, gettext_noop

MESSAGE_LIMIT = 500  # a list of known names is worth its length
MOST_MISTAKES = 100  # nobody reads more, and a close name is looked for at each


@dataclass(frozen=True, slots=True)
class Mistake:
    """One error: `where` is the path of the key (`ranking.by[1]`), `template` English with `%(name)s` holes."""

    line: int
    where: str
    template: str
    values: dict[str, object] = field(default_factory=dict)

    @property
    def message(self) -> str:
        return clip(english(self.template, self.values) % self.values, MESSAGE_LIMIT)

    def __str__(self) -> str:
        return f"line {self.line}: {self.where}: {self.message}" if self.where else f"line {self.line}: {self.message}"


class SpecError(ValueError):
    """A question file that cannot be used; `mistakes` holds every error, in the order of the lines."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = sorted(mistakes, key=lambda mistake: mistake.line)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


class Mistakes(list[Mistake]):
    """The errors found so far, each once. The first one above `MOST_MISTAKES` ends the reading with a SpecError."""

    def append(self, mistake: Mistake) -> None:
        if mistake in self:
            return
        super().append(mistake)
        if len(self) > MOST_MISTAKES:
            template = gettext_noop("The file has more than %(count)s errors; only these are listed.")
            raise SpecError([*self[:MOST_MISTAKES], Mistake(mistake.line, "", template, {"count": MOST_MISTAKES})])


def suggestion(name: str, words: Iterable[str]) -> str:
    """The known name that `name` most likely means, or nothing."""
    near = difflib.get_close_matches(name, list(words), n=1, cutoff=0.6)
    return near[0] if near else ""
