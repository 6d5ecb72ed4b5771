"""A text in pieces: what is clear, what is removed, and the words a person has to decide on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from concours.deid.values.dictionary import is_common, is_medical, is_name
from concours.deid.values.folded import Folded, Span
from concours.deid.values.known import KnownIdentifiers
from concours.deid.values.patterns import identifying_spans
from concours.deid.values.people import named_spans
from concours.deid.values.small_letters import may_be_a_name
from concours.deid.values.tokens import TOKEN, Word, gap, word_set, words_of

MARK = "[…]"
State = Literal["clear", "removed", "unsure"]
_PREFIXES = tuple(
    word_set(
        """hyper hypo peri para retro sub sous supra sus infra inter intra extra post pre anti non micro macro poly pluri multi
        bi tri uni mono hemi semi trans endo ecto meso meta broncho gastro hepato nephro cardio cranio cervico thoraco abdomino
        lombo lumbo costo ileo recto vesico uretero femoro tibio antero postero latero medio dorso ventro pan neo pseudo auto
        iso an"""
    )
)
_SHORTEST_STEM = 4
_CAPITALS = 0.7  # share of letters in capitals from which a sentence is written in capitals
_SENTENCE = re.compile(r"[.:;!?\n\r•]+")
_LONGEST_NUMBER = 4
_MOST_LETTERS = 3  # beside up to three digits: T2, 18F, 3DT1
_MEASURE = re.compile(r"\d{1,4}(?:mm|cm|ml|cc|ms|mg|hz|mhz|kv|kvp|ma|mas|mgy|uh|hu)|\d{1,4}(?:x\d{1,4}){1,2}")
_ROMAN = re.compile(r"(?:x{0,3}(?:ix|iv|v?i{0,3}))[a-d]?")  # stages, segments, nerves
_STAGE = re.compile(
    r"(?=.*[tnm](?:\d|x|is))[cpyra]{0,3}(?:t(?:\d|is|x)[a-d]?)?(?:n(?:\d|x)[a-d]?)?(?:m(?:\d|x)[a-d]?)?"
)  # TNM


@dataclass(frozen=True)
class Piece:
    """A run of the text. A removed piece keeps no text, only what `kind` of identifier stood there."""

    text: str
    state: State
    kind: str = ""

    def to_json(self) -> list[str]:
        return [self.text, self.state, self.kind]

    @classmethod
    def from_json(cls, value: list[str]) -> Piece:
        text, state, kind = value
        return cls(text, state, kind)  # type: ignore[arg-type]


Pieces = tuple[Piece, ...]


def examine_text(text: str, identifiers: KnownIdentifiers | None = None) -> Pieces:
    """Cuts the text into pieces: identifiers by form, known identifiers and people after a title are removed; a word that no
    dictionary knows, or that is a name as well, is unsure; the rest is clear."""
    folded, words = Folded.of(text), words_of(text)
    removed: list[tuple[Span, str]] = [*identifying_spans(folded), *named_spans(folded, words)]
    removed += [(span, "known identifier") for span in (identifiers or KnownIdentifiers()).spans(folded)]
    covered = _Cover(span for span, _kind in removed)
    unsure = [
        word for place, word in enumerate(words) if not covered.holds(word.start) and _is_unsure(text, words, place)
    ]
    unsure += _tied(text, words, covered, {word.start for word in unsure})
    unsure += _initials(text, words, covered, {word.start for word in unsure})
    return _cut(text, removed, [(word.start, word.end) for word in unsure])


class _Cover:
    def __init__(self, spans: Iterable[Span]) -> None:
        self._places = {place for start, end in spans for place in range(start, end)}

    def holds(self, place: int) -> bool:
        return place in self._places


def _cut(text: str, removed: Iterable[tuple[Span, str]], unsure: Iterable[Span]) -> Pieces:
    states: list[tuple[State, str]] = [("clear", "")] * len(text)
    for start, end in unsure:
        states[start:end] = [("unsure", str(start))] * (end - start)
    for (start, end), kind in removed:
        for place in range(start, end):
            if states[place][0] != "removed":
                states[place] = ("removed", kind)
    pieces: list[Piece] = []
    start = 0
    for place in range(1, len(text) + 1):
        if place == len(text) or states[place] != states[start]:
            state, kind = states[start]
            run = text[start:place]
            pieces.append(Piece("" if state == "removed" else run, state, kind if state == "removed" else ""))
            start = place
    return tuple(pieces)


# --- single words -----------------------------------------------------------------------------------------------------


def _is_unsure(text: str, words: list[Word], place: int) -> bool:
    word = words[place]
    folded = word.folded
    if _ROMAN.fullmatch(folded) or _STAGE.fullmatch(folded):
        return False
    if any(sign.isdigit() for sign in folded):
        return not _is_measure(folded)
    if not folded.isascii():
        return True
    if len(folded) == 1:
        return False
    if is_common(folded):
        if is_medical(folded):
            return False
        return _stands_out(text, word) if word.capital else may_be_a_name(text, words, place)
    return word.capital or is_name(folded) or not _is_built(folded)


def _is_measure(word: str) -> bool:
    """A number of up to four digits, or one of up to three letters and three digits: T2, 18F, 3DT1, 12mm."""
    digits = sum(sign.isdigit() for sign in word)
    letters = len(word) - digits
    short = digits <= _LONGEST_NUMBER and not letters
    return short or (digits < _LONGEST_NUMBER and letters <= _MOST_LETTERS) or _MEASURE.fullmatch(word) is not None


def _stands_out(text: str, word: Word) -> bool:
    """A common word with a capital that its place in the sentence does not explain."""
    if is_name(word.folded):
        return True
    sentence = _sentence_of(text, word)
    letters = [sign for sign in sentence if sign.isalpha()]
    if sum(sign.isupper() for sign in letters) >= _CAPITALS * len(letters) and len(letters) > len(word.text):
        return False
    before = text[: word.start].rstrip(" \t\"'«([*-–•>")
    first = not before or (before[-1] != "," and not before[-1].isalnum())
    if first and (not word.capitals or text[word.end : word.end + 3].lstrip().startswith(":")):
        return False
    return len(word.text) > 3 or word.capitals


def _sentence_of(text: str, word: Word) -> str:
    start = max((match.end() for match in _SENTENCE.finditer(text, max(0, word.start - 400), word.start)), default=0)
    after = _SENTENCE.search(text, word.end)
    return text[start : after.start() if after else len(text)]


def _is_built(word: str) -> bool:
    """A word made of a prefix and a common word, or a plural or feminine of one: dictionaries do not list all of medicine."""
    for ending in ("s", "es", "e", "x"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= _SHORTEST_STEM and is_common(stem) and (is_medical(stem) or not is_name(stem)):
            return True
    return any(
        word.startswith(prefix) and len(word) - len(prefix) >= _SHORTEST_STEM and is_common(word[len(prefix) :])
        for prefix in _PREFIXES
    )


def _tied(text: str, words: list[Word], covered: _Cover, unsure: set[int]) -> Iterator[Word]:
    """A word that an underscore ties to a name belongs to it: dupont_marie."""
    for left, right in pairwise(words):
        if gap(text, left, right) == "_" and (left.start in unsure) != (right.start in unsure):
            word = right if left.start in unsure else left
            if word.text.isalpha() and not covered.holds(word.start):
                yield word


def _initials(text: str, words: list[Word], covered: _Cover, unsure: set[int]) -> Iterator[Word]:
    """A capital letter beside a name belongs to it: J. Dupont."""
    for place, word in enumerate(words):
        if len(word.text) != 1 or not word.capital or covered.holds(word.start):
            continue
        for other in (place - 1, place + 1):
            if 0 <= other < len(words):
                left, right = sorted((place, other))
                near = words[other].start in unsure or covered.holds(words[other].start)
                if near and len(gap(text, words[left], words[right])) <= 2:
                    yield word
                    break


# --- what a person decides --------------------------------------------------------------------------------------------


def safe_text(pieces: Iterable[Piece]) -> str:
    """The text with a mark for what is removed or not decided; marks beside each other are one."""
    parts: list[str] = []
    for piece in pieces:
        if piece.state == "clear":
            parts.append(piece.text)
        elif len(parts) > 1 and parts[-2] == MARK and not parts[-1].strip(" .-'’,"):
            del parts[-1]
        elif not parts or parts[-1] != MARK:
            parts.append(MARK)
    return "".join(parts)


def unsure_words(pieces: Iterable[Piece]) -> list[str]:
    """The words to decide on, as they are written, each once, in their order."""
    return list(dict.fromkeys(piece.text for piece in pieces if piece.state == "unsure"))


def decide(pieces: Iterable[Piece], decision: Callable[[str], str | None]) -> Pieces:
    """The pieces after `decision(word)`: the text that stands there from now on, `MARK` to remove it, None for not decided."""
    decided = []
    for piece in pieces:
        answer = decision(piece.text) if piece.state == "unsure" else None
        if answer is None:
            decided.append(piece)
        elif answer == MARK:
            decided.append(Piece("", "removed", "by a person"))
        else:
            decided.append(Piece(answer, "clear"))
    return tuple(decided)


@dataclass(frozen=True)
class WordRun:
    """A run of a text as a person sees it: a word under its `place`, or what stands between words, or a mark."""

    text: str
    place: int | None = None
    unsure: bool = False


def word_runs(pieces: Iterable[Piece]) -> list[WordRun]:
    """The text word by word, under the places that `remove_words` counts."""
    runs: list[WordRun] = []
    counted = 0
    for piece in pieces:
        if piece.state == "removed":
            runs.append(WordRun(MARK))
            continue
        last = 0
        for match in TOKEN.finditer(piece.text):
            if match.start() > last:
                runs.append(WordRun(piece.text[last : match.start()]))
            runs.append(WordRun(match.group(), counted, piece.state == "unsure"))
            last, counted = match.end(), counted + 1
        if piece.text[last:]:
            runs.append(WordRun(piece.text[last:]))
    return runs


def remove_words(pieces: Iterable[Piece], places: AbstractSet[int]) -> Pieces:
    """The pieces with the words at these places removed; a place counts the words of clear and unsure pieces from 0."""
    counted = 0
    changed: list[Piece] = []
    for piece in pieces:
        if piece.state == "removed":
            changed.append(piece)
            continue
        last = 0
        for match in TOKEN.finditer(piece.text):
            if counted in places:
                if piece.text[last : match.start()]:
                    changed.append(Piece(piece.text[last : match.start()], piece.state))
                changed.append(Piece("", "removed", "by a person"))
                last = match.end()
            counted += 1
        if piece.text[last:]:
            changed.append(Piece(piece.text[last:], piece.state))
    return tuple(changed)
