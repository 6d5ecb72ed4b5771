"""Tells what a line of writing is: identity, a marker or scale that the science may need, or no writing at all."""

import re
import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher
from pathlib import Path
from typing import Literal

Reading = Literal["identity", "marker", "uncertain", "noise"]

CERTAIN = 0.6
LEGIBLE = 0.5

# Words that scanners and technicians burn in and that say nothing of a person.
MARKERS = frozenset(
    word
    for line in Path(__file__).with_name("markers.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
    for word in line.split()
)
_NUMBER = re.compile(r"^[<>=~+\-±]?\d{1,4}(?:[.,]\d{1,3})?%?$")
_UNITS = "CM/S|M/S|CM|MM|MHZ|KHZ|HZ|DB|KVP|KV|MAS|MA|MSV|MGY|MMHG|FPS|BPM|MS|DEG|HU|S|%|°|X|D|R|P|W|G|F"
_MEASURE = re.compile(rf"^[<>=~+\-±]?\d{{1,4}}(?:[.,]\d{{1,3}})?(?:X\d{{1,4}})?(?:{_UNITS})2?$")
_SETTING = re.compile(
    r"^(?:TIS|MI|TIB|TIC|DR|WF|PRF|FR|IM|SE|SL|WL|WW|KV|MA|TE|TR|AO|GN|P|G|Z|D|C|W)[:=<>#]{0,2}\d{1,4}(?:[.,]\d+)?%?$"
)
_MONTHS = "JAN|FEB|FEV|MAR|APR|AVR|MAY|MAI|JUN|JUIN|JUL|JUIL|AUG|AOU|SEP|OCT|NOV|DEC"
_DATE = re.compile(
    r"\d{1,4}[./\-]\d{1,2}[./\-]\d{2,4}|(?:19|20)\d{2}[01]\d[0-3]\d"
    rf"|\d{{1,2}}[ -]?(?:{_MONTHS})[A-Z]*[ -]?\d{{2,4}}"
)
_CLOCK = re.compile(r"\d{1,2}[:H]\d{2}(?::\d{2})?")
_YEAR = re.compile(r"^(?:19|20)\d\d$")


def plain_letters(text: str) -> str:
    """Upper case without accents, so that É, E and e compare equal."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).upper()


def judge_text(text: str, confidence: float, identifiers: Iterable[str] = ()) -> Reading:
    """What a line that was read with this confidence is.

    `known` are identifiers of the person: a line that resembles one is identity however badly it was read.
    Everything legible that is not a known marker, a number on a scale or a setting is identity: writing is guilty
    until shown harmless.
    """
    plain = plain_letters(text).strip()
    signs = [c for c in plain if c.isalnum()]
    if not signs:
        return "noise"
    if resembles_known(plain, identifiers):
        return "identity"
    if len(signs) == 1:
        return "marker" if plain.isascii() and confidence >= CERTAIN else "noise"
    if not _is_harmless(plain):
        if confidence >= CERTAIN and (len(signs) > 2 or not plain.isascii()):
            return "identity"
        if len(signs) > 2 and confidence >= LEGIBLE:
            return "uncertain"
        return "marker" if confidence >= CERTAIN else "noise"
    return "marker" if confidence >= LEGIBLE else "noise"


def _is_harmless(plain: str) -> bool:
    if _DATE.search(plain) or _CLOCK.search(plain):
        return False
    tokens = [t.strip(".:;()[]{}*_'\"") for t in re.split(r"[\s|]+", plain)]
    return all(_harmless_token(token) for token in tokens if token)


def _harmless_token(token: str) -> bool:
    if token in MARKERS or not any(c.isalnum() for c in token):
        return True
    if _YEAR.match(token):
        return False
    if _NUMBER.match(token) or _MEASURE.match(token) or _SETTING.match(token):
        return True
    parts = [p for p in re.split(r"[/\-:=.,+]", token) if p]
    return len(parts) > 1 and all(p in MARKERS or (_NUMBER.match(p) and not _YEAR.match(p)) for p in parts)


def resembles_known(plain: str, identifiers: Iterable[str]) -> bool:
    """True when a line (capitals, no accents) holds something close to a known identifier, reading errors allowed."""
    letters = "".join(c for c in plain if c.isalnum())
    for identifier in identifiers:
        identifier_letters = "".join(c for c in plain_letters(identifier) if c.isalnum())
        if len(identifier_letters) < 3:
            continue
        if identifier_letters in letters:
            return True
        if len(identifier_letters) >= 4 and len(letters) >= 3 and _best_overlap(identifier_letters, letters) >= 0.8:
            return True
    return False


def _best_overlap(identifier_letters: str, letters: str) -> float:
    """Share of `wanted` found in order in the best window of `letters`."""
    matcher = SequenceMatcher(None, identifier_letters, letters, autojunk=False)
    start = max(0, matcher.find_longest_match().b - matcher.find_longest_match().a)
    window = letters[start : start + len(identifier_letters)]
    return SequenceMatcher(None, identifier_letters, window, autojunk=False).ratio()


def cut_short(text: str, identifiers: Iterable[str]) -> bool:
    """Whether the reading ends, or begins, within a known word: letters of it may stand beside the box, unread.

    Three letters or five digits of the word have to be there (four are a year) and two missing (one is a reading error).
    """
    words = re.findall(r"[^\W_]+", plain_letters(text))
    identifier_words = {
        word for identifier in identifiers for word in re.findall(r"[^\W_]{5,}", plain_letters(identifier))
    }
    return (
        any(
            _is_part(piece) and piece not in identifier_words and len(word) - len(piece) >= 2 and matches(word, piece)
            for piece, matches in ((words[-1], str.startswith), (words[0], str.endswith))
            for word in identifier_words
        )
        if words
        else False
    )


def _is_part(piece: str) -> bool:
    return len(piece) >= (5 if piece.isdigit() else 3)
