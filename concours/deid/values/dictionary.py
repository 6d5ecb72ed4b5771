"""Whether a word is a common one, in English, French or Portuguese, or a name; the lists stay on disk and are searched there."""

from __future__ import annotations

import mmap
import re
from functools import cache, lru_cache
from pathlib import Path

from concours.deid.words import listed_names, technical_vocabulary

WORDS = Path(__file__).parent / "words"
LANGUAGES = ("fr", "en", "pt")
_WRITTEN = re.compile(r"[^\W\d_]+")


class SortedWords:
    """A file of ASCII words, one per line in the order of their bytes, searched by halves without loading it."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def __contains__(self, word: str) -> bool:
        sought = word.encode("ascii", "replace")
        low, high = 0, len(self._content)
        while low < high:
            middle = (low + high) // 2
            start = self._content.rfind(b"\n", low, middle) + 1 or low
            end = self._content.find(b"\n", start)
            line = self._content[start:end]
            if line == sought:
                return True
            if line < sought:
                low = end + 1
            else:
                high = start
        return False


@cache
def _words(name: str) -> SortedWords:
    return SortedWords(WORDS / f"{name}.txt")


@cache
def _medical() -> frozenset[str]:
    lines = (WORDS / "medical.txt").read_text("utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def is_medical(word: str) -> bool:
    """Whether a folded word is one of radiology: it stays in any case that it is written in."""
    return word in technical_vocabulary() or word in _medical()


@lru_cache(maxsize=1 << 16)
def is_common(word: str) -> bool:
    """Whether a folded word is one of medicine or of a language's dictionary."""
    return is_medical(word) or any(word in _words(language) for language in LANGUAGES)


@lru_cache(maxsize=1 << 16)
def is_name(word: str) -> bool:
    """Whether a folded word is a given name, a surname or a place, whatever else it is."""
    return word in listed_names() or word in _words("names") or word in _words("names_too")


@cache
def _ordinary() -> frozenset[str]:
    lines = (WORDS / "ordinary.txt").read_text("ascii").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def is_ordinary(word: str) -> bool:
    """Whether a folded word is one of every report, though it is a name too."""
    return word in _ordinary()
