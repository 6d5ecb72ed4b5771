"""The words of a text, each with its place and its folded form."""

from __future__ import annotations

import re
from dataclasses import dataclass

from concours.deid.values.folded import fold

TOKEN = re.compile(r"[^\W_]+")
_WIDEST_GAP = 3


@dataclass(frozen=True)
class Word:
    """A run of letters and digits from `start` to `end` of its text."""

    start: int
    end: int
    text: str
    folded: str

    @property
    def capital(self) -> bool:
        """Whether it begins with a capital letter."""
        return self.text[:1] != self.text[:1].lower()

    @property
    def capitals(self) -> bool:
        """Whether all its letters are capitals."""
        return len(self.text) > 1 and self.text == self.text.upper() and self.text != self.text.lower()


def words_of(text: str) -> list[Word]:
    return [Word(match.start(), match.end(), match.group(), fold(match.group())) for match in TOKEN.finditer(text)]


def gap(text: str, left: Word, right: Word) -> str:
    return text[left.end : right.start]


def joined(between: str) -> bool:
    """Whether what stands between two words lets them be one name."""
    return len(between) <= _WIDEST_GAP and not set(between) - set(" .-'’,\u00a0")


def word_set(text: str) -> frozenset[str]:
    """The words of a list that is written as a text."""
    return frozenset(text.split())
