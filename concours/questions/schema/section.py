"""Reading one mapping of a question file: each key once, with its type, and whatever is left over is an error."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import Any, Final, TypeVar

from concours.formats.fault import gettext_noop

from .mistakes import Mistake, Mistakes, suggestion
from .nouns import LANGUAGES, Words
from .tree import Located

NAME: Final = re.compile(r"^[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*$")
T = TypeVar("T")


class SpecSection:
    """One mapping. Every reader returns its default after noting an error, so that all errors are found in one go."""

    def __init__(self, located: Located, mistakes: Mistakes) -> None:
        self.line = located.line
        self.path = located.path
        self.mistakes = mistakes
        self._asked: set[str] = set()
        self._pairs: dict[str, Located] = {}
        self.is_unreadable = not isinstance(located.value, dict) and located.value is not None
        if isinstance(located.value, dict):
            self._pairs = located.value
        elif self.is_unreadable:
            self.wrong(located, gettext_noop("a mapping is required (key: value)"))

    def wrong(self, at: Located | None, template: str, **values: object) -> None:
        """Note an error at a value, or at the section itself."""
        line, path = (at.line, at.path) if at is not None else (self.line, self.path)
        self.mistakes.append(Mistake(line, path, template, values))

    def has(self, key: str) -> bool:
        return key in self._pairs

    def names(self) -> list[str]:
        return list(self._pairs)

    def at(self, key: str) -> Located | None:
        """The raw value of a key, which counts as read."""
        self._asked.add(key)
        return self._pairs.get(key)

    def missing(self, key: str) -> None:
        if not self.is_unreadable:  # that it is no mapping is said once, and its keys are not listed too
            self.wrong(None, gettext_noop("%(key)s is missing"), key=key)

    def close(self) -> None:
        """Every key that nobody asked for is unknown: an error, with the name that was likely meant."""
        for key, located in self._pairs.items():
            if key in self._asked:
                continue
            near = suggestion(key, self._asked - self._pairs.keys()) or suggestion(key, self._asked)
            if near:
                self.wrong(located, gettext_noop("unknown key; did you mean %(near)s?"), near=near)
            else:
                allowed = ", ".join(sorted(self._asked)) or "none"
                self.wrong(located, gettext_noop("unknown key; allowed here: %(known)s"), known=allowed)

    # -- single values ------------------------------------------------------------------------------------------

    def text(self, key: str, default: str | None = None, choices: Collection[str] | None = None) -> str:
        """A text; required unless a default is given."""
        located = self.at(key)
        if located is None:
            if default is None:
                self.missing(key)
            return default or ""
        return self._word(located, choices)

    def name(self, key: str, default: str | None = None) -> str:
        """A short name of lower-case letters, digits and single - or _ between them."""
        value = self.text(key, default)
        located = self._pairs.get(key)
        if located is not None and value and not NAME.match(value):
            self.wrong(
                located, gettext_noop("a name consists of lower-case letters and digits, with - or _ between them")
            )
        return value

    def _word(self, located: Located, choices: Collection[str] | None = None) -> str:
        value = located.value
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            self.wrong(located, gettext_noop("a text is required"))
            return ""
        word = str(value)
        if choices is not None and word not in choices:
            near = suggestion(word, choices)
            if near:
                self.wrong(located, gettext_noop("%(word)s is unknown; did you mean %(near)s?"), word=word, near=near)
            else:
                allowed = ", ".join(sorted(choices)) or "none"
                self.wrong(located, gettext_noop("%(word)s is unknown; allowed: %(known)s"), word=word, known=allowed)
        return word

    def boolean(self, key: str, default: bool) -> bool:
        located = self.at(key)
        if located is None:
            return default
        if not isinstance(located.value, bool):
            self.wrong(located, gettext_noop("true or false is required"))
            return default
        return located.value

    def integer(
        self, key: str, default: int | None = None, *, low: int = 0, high: int = 10**15, needed: bool = False
    ) -> int | None:
        """A whole number in [low, high]; None where it is absent and has no default."""
        located = self.at(key)
        if located is None:
            if needed:
                self.missing(key)
            return default
        if isinstance(located.value, bool) or not isinstance(located.value, int):
            self.wrong(located, gettext_noop("an integer is required"))
            return default
        if not low <= located.value <= high:
            self.wrong(located, gettext_noop("a value between %(low)s and %(high)s is required"), low=low, high=high)
            return default
        return located.value

    def number(
        self, key: str, default: float | None = None, *, low: float = -math.inf, high: float = math.inf
    ) -> float | None:
        """A finite number in [low, high]; None where it is absent and has no default."""
        located = self.at(key)
        return default if located is None else self.number_of(located, default, low, high)

    def number_of(
        self, located: Located, default: float | None, low: float = -math.inf, high: float = math.inf
    ) -> float | None:
        value = located.value
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            self.wrong(located, gettext_noop("a number is required"))
            return default
        if not low <= value <= high:
            self.wrong(located, gettext_noop("a value between %(low)s and %(high)s is required"), low=low, high=high)
            return default
        return value

    def moment(self, key: str, needed: bool = True) -> datetime | None:
        """A date with hour and offset; a date without an offset means another hour to every reader: an error."""
        located = self.at(key)
        if located is None:
            if needed:
                self.missing(key)
            return None
        try:
            moment = datetime.fromisoformat(located.value)
        except (TypeError, ValueError):
            self.wrong(located, gettext_noop('a date and time such as "2019-10-13T09:00:00+02:00" is required'))
            return None
        if moment.tzinfo is None:
            self.wrong(
                located,
                gettext_noop("this date has no UTC offset; write for example %(example)s"),
                example=f"{moment.isoformat()}+02:00",
            )
            return None
        return moment

    def words(self, key: str, default: Words | None = None, needed: bool = False) -> Words | None:
        """A text in every language: {en: ..., fr: ...}, or one text that is the same in all."""
        located = self.at(key)
        if located is None:
            if needed:
                self.missing(key)
            return default
        return self.words_of(located) or default

    def words_of(self, located: Located) -> Words | None:
        if isinstance(located.value, str):
            return Words(en=located.value, fr=located.value)
        if not isinstance(located.value, dict):
            self.wrong(located, gettext_noop("a text, or {en: ..., fr: ...}, is required"))
            return None
        section = SpecSection(located, self.mistakes)
        texts = {language: section.text(language) for language in LANGUAGES}
        section.close()
        return Words(en=texts["en"], fr=texts["fr"])

    # -- several values -----------------------------------------------------------------------------------------

    def items(self, key: str, needed: bool = False) -> list[Located]:
        """The items of a list; one value alone is a list of one."""
        located = self.at(key)
        if located is None:
            if needed:
                self.missing(key)
            return []
        if isinstance(located.value, list):
            return list(located.value)
        if isinstance(located.value, dict) or located.value is None:
            self.wrong(located, gettext_noop("a list is required"))
            return []
        return [located]

    def texts(
        self, key: str, default: tuple[str, ...] = (), choices: Collection[str] | None = None, needed: bool = False
    ) -> tuple[str, ...]:
        """A list of texts, each once."""
        if not self.has(key) and not needed:
            self._asked.add(key)
            return default
        words: list[str] = []
        for item in self.items(key, needed):
            word = self._word(item, choices)
            if word in words:
                self.wrong(item, gettext_noop("%(word)s is listed twice"), word=word)
            elif word:
                words.append(word)
        return tuple(words)

    def integers(self, key: str, default: tuple[int, ...] = ()) -> tuple[int, ...]:
        if not self.has(key):
            self._asked.add(key)
            return default
        numbers: list[int] = []
        for item in self.items(key):
            if isinstance(item.value, bool) or not isinstance(item.value, int):
                self.wrong(item, gettext_noop("an integer is required"))
            else:
                numbers.append(item.value)
        return tuple(numbers)

    def section(self, key: str, needed: bool = False) -> SpecSection | None:
        """The mapping under a key."""
        located = self.at(key)
        if located is None:
            if needed:
                self.missing(key)
            return None
        return SpecSection(located, self.mistakes)

    def sections(self, key: str, needed: bool = False) -> Iterator[tuple[str, SpecSection]]:
        """The mappings under a key, by name."""
        outer = self.section(key, needed)
        if outer is None:
            return
        for name in outer.names():
            located = outer.at(name)
            if located is None:
                continue
            if not NAME.match(name):
                template = gettext_noop("a name consists of lower-case letters and digits, with - or _ between them")
                self.wrong(located, template)
            yield name, SpecSection(located, self.mistakes)

    def rows(self, key: str) -> Iterator[SpecSection]:
        """The mappings of a list."""
        for item in self.items(key):
            yield SpecSection(item, self.mistakes)

    def numbers(self, key: str, low: float = -math.inf, high: float = math.inf) -> dict[str, float]:
        """A mapping of names to numbers."""
        section = self.section(key)
        if section is None:
            return {}
        numbers: dict[str, float] = {}
        for name in section.names():
            located = section.at(name)
            value = section.number_of(located, None, low, high) if located is not None else None
            if value is not None:
                numbers[name] = value
        return numbers

    def each(self, key: str, read: Callable[[str, SpecSection], T], needed: bool = False) -> dict[str, T]:
        """Read every mapping under a key and close it."""
        parts: dict[str, T] = {}
        for name, section in self.sections(key, needed):
            parts[name] = read(name, section)
            section.close()
        return parts

    def plain(self, key: str) -> Any:
        """A value as it stands, for those who know what it may hold (parameters)."""
        located = self.at(key)
        return None if located is None else located.plain()
