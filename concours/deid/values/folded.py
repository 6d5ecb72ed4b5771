"""A text in small letters without accents, which remembers where each letter stood: patterns match here, cuts are made there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

Span = tuple[int, int]
LIGATURES = {
    "œ": "oe",
    "æ": "ae",
    "ß": "ss",
    "’": "'",
    "‐": "-",
    "‑": "-",
    "–": "-",
    "—": "-",
    "\u00a0": " ",
    "\u202f": " ",
}


@lru_cache(maxsize=4096)
def fold_letter(letter: str) -> str:
    """One sign in small letters without accents; a combining accent becomes nothing."""
    folded = LIGATURES.get(letter.lower()) or unicodedata.normalize("NFKD", letter.casefold())
    return "".join(sign for sign in folded if not unicodedata.combining(sign))


def fold(text: str) -> str:
    """The text in small letters without accents."""
    return text.casefold() if text.isascii() else "".join(map(fold_letter, text))


@dataclass(frozen=True)
class Folded:
    """`folded[i]` stems from the sign at `origin[i]` of `text`."""

    text: str
    folded: str
    origin: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> Folded:
        letters = [(fold_letter(letter), place) for place, letter in enumerate(text)]
        return cls(
            text,
            "".join(folded for folded, _place in letters),
            tuple(place for folded, place in letters for _sign in folded),
        )

    def span(self, start: int, end: int) -> Span:
        """Where in the text the signs from `start` to `end` stood, with the accents that follow them."""
        first = self.origin[start]
        last = self.origin[end] if end < len(self.origin) else len(self.text)
        return first, max(last, first)

    def spans(self, pattern: re.Pattern[str], group: int = 0) -> Iterator[Span]:
        """Every match, as places in the text."""
        for match in pattern.finditer(self.folded):
            start, end = match.span(group)
            if end > start:
                yield self.span(start, end)
