"""The words that may stay in a cleaned text, and the comparison in which two spellings are one word."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "profile"
NUMBER = "#"
"""In words_in_context.txt: any number beside the word."""

_SQUASH = re.compile(r"[\W_]+")
_LIGATURES = str.maketrans(
    {"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)


def plain(text: str) -> str:
    """Case and accents folded, so that "LEFÈVRE", "Lefevre" and "lefe\u0300vre" are one word. Length may change."""
    folded = text.casefold()
    if folded.isascii():
        return folded
    return "".join(
        c for c in unicodedata.normalize("NFKD", folded.translate(_LIGATURES)) if not unicodedata.combining(c)
    )


def squash(text: str) -> str:
    """Only the letters and digits of `text`, folded: "MRN-12 34" and "mrn1234" are the same identifier."""
    return _SQUASH.sub("", plain(text))


@cache
def vocabulary() -> frozenset[str]:
    """Words that may stay in a cleaned description."""
    return frozenset((DATA / "vocabulary.txt").read_text("utf-8").split())


@cache
def technical_vocabulary() -> frozenset[str]:
    """Words that may stay in a technical field: the vocabulary, makers, products and technical words."""
    return vocabulary() | (_words("products_by_hand.txt") - listed_names() - words_in_context().keys())


@cache
def listed_names() -> frozenset[str]:
    """Given names, surnames and places that are in no vocabulary."""
    return _words("names_by_hand.txt")


@cache
def code_terms() -> frozenset[str]:
    """Words that may stay in a code string: technical words and DICOM's own terms."""
    return technical_vocabulary() | _words("code_terms.txt") | words_in_context().keys()


@cache
def particles() -> frozenset[str]:
    """Words that belong to the name they stand before: "DE LA TOUR", "VAN DER MEER"."""
    return _words("particles.txt")


@cache
def compound_parts() -> frozenset[str]:
    """Words that vendors and sites write as one: "HEADNECK", "HRBRAIN"."""
    return _words("compound_parts.txt")


@cache
def public_meanings() -> frozenset[str]:
    """The meanings of DICOM's coded concepts, folded."""
    return frozenset((DATA / "public_meanings.txt").read_text("utf-8").splitlines())


@cache
def words_in_context() -> Mapping[str, frozenset[str]]:
    """Words that are names too, each with the cues beside which it is a word of radiology."""
    rows = {
        word: frozenset(cues.split())
        for word, _, cues in (line.partition(":") for line in _lines("words_in_context.txt"))
    }
    cues, eponyms = rows.pop("eponym cues"), rows.pop("eponym")
    return dict.fromkeys(eponyms, cues) | rows


def _words(name: str) -> frozenset[str]:
    return frozenset(word for line in _lines(name) for word in line.split())


def _lines(name: str) -> list[str]:
    return [line for line in (DATA / name).read_text("utf-8").splitlines() if line and not line.startswith("#")]
