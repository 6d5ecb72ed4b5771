"""What is known of the person an exam is about, found in a text in any case, accent and spacing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from concours.deid.values.dictionary import is_common
from concours.deid.values.folded import Folded, Span, fold
from concours.deid.values.tokens import word_set

_PARTICLES = word_set("de du des le la les l da das do dos van von der den el al bin ben mr mrs mme mlle dr prof m")
_BETWEEN = r"[\W_]{0,3}"
_DIGITS_ALONE = 6  # digits of a number that name somebody wherever they stand
_SHORT = 3


@dataclass(frozen=True)
class KnownIdentifiers:
    """Names of people, numbers and places that the original states; `repr` shows none."""

    people: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    _patterns: tuple[tuple[re.Pattern[str], bool], ...] = field(default=(), compare=False)

    @classmethod
    def of(
        cls, people: Iterable[str] = (), numbers: Iterable[str] = (), places: Iterable[str] = ()
    ) -> KnownIdentifiers:
        people, numbers, places = frozenset(people), frozenset(numbers), frozenset(places)
        patterns = [*_people(people), *_numbers(numbers), *_places(places)]
        return cls(people, numbers, places, tuple(patterns))

    def __repr__(self) -> str:
        return f"KnownIdentifiers({len(self.people) + len(self.numbers) + len(self.places)})"

    def with_more(self, more: KnownIdentifiers) -> KnownIdentifiers:
        return KnownIdentifiers.of(self.people | more.people, self.numbers | more.numbers, self.places | more.places)

    def all(self) -> set[str]:
        return set(self.people | self.numbers | self.places)

    def spans(self, text: Folded) -> Iterator[Span]:
        """Where an identifier stands. A name of one or two letters counts only where it is written with a capital."""
        for pattern, needs_capital in self._patterns:
            for start, end in text.spans(pattern):
                if not needs_capital or text.text[start] != text.text[start].lower() or not text.text[start].isascii():
                    yield start, end


def _word(word: str) -> str:
    return rf"(?<![^\W_]){re.escape(word)}(?![^\W_])"


def _people(names: Iterable[str]) -> Iterator[tuple[re.Pattern[str], bool]]:
    for name in sorted(names):
        parts = [part for part in re.findall(r"[^\W_]+", fold(name)) if part not in _PARTICLES]
        if len(parts) > 1:
            yield (
                re.compile(
                    rf"(?<![^\W_])(?:{_BETWEEN.join(map(re.escape, parts))}|{''.join(map(re.escape, parts))})(?![^\W_])"
                ),
                False,
            )
        for part in parts:
            if len(part) >= _SHORT or not part.isascii():
                yield re.compile(_word(part)), False
            elif len(part) == 2:
                yield re.compile(_word(part)), True


def _numbers(numbers: Iterable[str]) -> Iterator[tuple[re.Pattern[str], bool]]:
    for number in sorted(numbers):
        signs = re.sub(r"[\W_]", "", fold(number))
        digits = re.sub(r"\D", "", signs)
        if len(signs) == _SHORT and _is_built(number):
            yield re.compile(rf"(?<![^\W_]){re.escape(fold(number.strip()))}(?![^\W_])"), False
        if len(signs) > _SHORT:
            yield re.compile(rf"(?<![^\W_]){_BETWEEN.join(map(re.escape, signs))}(?![^\W_])"), False
        if len(digits) >= _DIGITS_ALONE:
            yield re.compile(_BETWEEN.join(digits)), False


def _is_built(number: str) -> bool:
    """Whether a number of three signs is told from a measure by a separator, a letter or a leading zero."""
    number = number.strip()
    return not number.isdigit() or number.startswith("0")


def _places(places: Iterable[str]) -> Iterator[tuple[re.Pattern[str], bool]]:
    for place in sorted(places):
        parts = [part for part in re.findall(r"[^\W_]+", fold(place)) if part not in _PARTICLES]
        if len(parts) > 1:
            yield re.compile(rf"(?<![^\W_]){_BETWEEN.join(map(re.escape, parts))}(?![^\W_])"), False
        for part in parts:
            if len(part) > _SHORT and not is_common(part) and not part.isdigit():
                yield re.compile(_word(part)), False
