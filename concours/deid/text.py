"""Free text: what identifies goes, words of radiology stay. An unknown word is removed, as an unknown attribute is."""

import re
import unicodedata
from collections.abc import Sequence

from concours.deid.known import IdentifierMatcher
from concours.deid.words import (
    NUMBER,
    code_terms,
    compound_parts,
    particles,
    plain,
    technical_vocabulary,
    vocabulary,
    words_in_context,
)

CUT = "\x1f"
"""Stands for each sign that was cut; no text field may hold it (PS3.5 6.1.3)."""
CUE_DISTANCE = 2
"""Words between which a word in context looks for its cue."""
SPELLED = 4
"""So many single letters one after the other are a word that somebody spelled."""
PASSES = 5

ELISIONS = frozenset(("l", "d", "n", "s", "c", "j", "m", "t", "qu"))

_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)?")
_PARTS = re.compile(r"\d+(?:[.,]\d+)?|[^\W\d_][a-zà-öø-ÿ]+|[^\W\d_]+")
_RUNS = re.compile(r"\d+(?:[.,]\d+)?|[^\W\d_]+")
_NUMBER = re.compile(r"\d{1,3}(?:[.,]\d{1,4})?|[1-9]\d?00|512|1024|256")
_LETTERS = re.compile(r"[^\W\d_]+")
_ALPHANUMERIC = re.compile(r"[^\W_]+")
_LONG_NUMBER = re.compile(r"\d{5}")
_DATE = re.compile(
    r"(?<!\d)(?:\d{1,2}[./\- ]\d{1,2}[./\- ](?:19|20)?\d\d|(?:19|20)\d\d[./\- ]?[01]?\d[./\- ]?[0-3]?\d|"
    r"[0-3]\d[01]\d(?:19|20)\d\d)(?!\d)"
)
_MONTHS = (
    "jan(?:uary|vier|v)?|feb(?:ruary)?|fev(?:rier|r)?|mar(?:ch|s)?|apr(?:il)?|avr(?:il)?|may|mai|june?|juin|july?|juil(?:let)?|"
    "aug(?:ust)?|aout|sept?(?:ember|embre)?|oct(?:ober|obre)?|nov(?:ember|embre)?|dec(?:ember|embre)?"
)
_SPOKEN_DATE = re.compile(
    rf"(?:(?<!\d)\d{{1,2}}(?:er|st|nd|rd|th)?[ .\-]*(?:of |de )?(?:{_MONTHS})(?![^\W\d_])\.?[ ,\-]*\d{{0,4}}|"
    rf"(?<!\w)(?:{_MONTHS})\b[ .]*\d{{1,2}}?(?:st|nd|rd|th)?,? *(?:19|20)\d\d)"
)
_PHONE = re.compile(r"(?<![\w.])\+?\(?\d(?:[ .()/\-]{0,2}\d){6,}(?!\w)|(?<!\w)\d{3}[-. ]\d{4}(?!\w)")
_ADDRESS = re.compile(r"\S+@\S+|https?://\S+|www\.\S+|(?:\d{1,3}\.){3}\d{1,3}")
_UID = re.compile(r"\d+(?:\.\d+){4,}")
_HONORIFIC = re.compile(
    r"(?<!\w)(?:dr|prof|mrs|mme|mlle|docteur|professeur|doctor|monsieur|madame|nurse|infirmiere?|technicien(?:ne)?|"
    r"operat(?:or|eur|rice)|manip(?:ulateur|ulatrice)?|radiologue|radiologist|signed|signe|read by|lu par|vu par|seen by|tech)\b"
    r"(?:[.: ]+(?:dr|pr|prof|by|par|de|le|la)\b)*[.: ]*(?:[^\W\d_][\w'\-]*[ .\-]*){0,3}"
)
_SHORT_TITLE = re.compile(
    r"(?<!\w)(?:(?:Mr|Ms|Pr|M) |(?:Mr|MR|mr|Ms|MS|Pr|PR|M)\. ?)[^\W\d_][\w'\-]*(?: [A-Z][\w'\-]*){0,2}"
)
"""MR, MS and PR are a modality, milliseconds and a projection too: titles only with a point, or in mixed case before a word."""
_STREET = re.compile(
    r"(?<!\w)\d{1,4}(?: ?(?:bis|ter|quater))?,? (?:rue|avenue|impasse|boulevard|allees?|chemin|faubourg)\b.*|"
    r"(?<!\w)\d{1,4},? (?:[^\W\d_]+ ){1,3}(?:road|street|lane|avenue|boulevard)\b.*"
)
_PATTERNS = (_ADDRESS, _STREET, _UID, _PHONE, _SPOKEN_DATE, _DATE, _HONORIFIC)


def clean_description(text: str, identifiers: IdentifierMatcher, modality: str = "") -> str:
    """`text` with only words of the vocabulary, short numbers and technical codes left; people, dates, numbers of files gone.

    `modality` is the object's: DIXON is a technique in an MR image and a name in a CT.
    """
    return _cleaned(text, identifiers, vocabulary(), modality)


def clean_technical(text: str, identifiers: IdentifierMatcher, modality: str = "") -> str:
    """`text` of a technical field, where the names of makers and products stay too.

    Where it holds a known identifier or what looks like a date, phone, address or person, all of it goes: what stands around
    identity in a field that is not for text belongs to it.
    """
    source, folded = _folded(text)
    if identifiers.extents(folded) or _blanked(source, folded, identifiers) != folded:
        return ""
    return _cleaned(source, identifiers, technical_vocabulary(), modality)


def clean_code(text: str, identifiers: IdentifierMatcher) -> str:
    """A code string without the words of four letters and more that are neither DICOM's terms nor of the vocabulary."""
    source, _ = _folded(text)
    words_kept = [
        word
        for word in re.split(r"[ _]+", source)
        if all(
            len(run) < 4 or run in code_terms() or _may_stay(run, run, code_terms())
            for run in _LETTERS.findall(word.lower())
        )
        and not any(identifiers.has(part) and part not in vocabulary() for part in _ALPHANUMERIC.findall(word.lower()))
    ]
    return source if len(words_kept) == len(re.split(r"[ _]+", source)) else " ".join(words_kept)


def has_unknown_words(text: str, identifiers: IdentifierMatcher) -> bool:
    """Whether a text that is dropped holds a word that is neither of the vocabulary nor one of the file's known identifiers."""
    source, folded = _folded(text)
    folded = _blanked(source, folded, identifiers)
    words = list(_WORD.finditer(folded))
    stays = _judged(words, source, vocabulary(), "")
    return any(len(word.group()) > 1 and not stay for word, stay in zip(words, stays, strict=True))


def _cleaned(text: str, identifiers: IdentifierMatcher, allowed: frozenset[str], modality: str) -> str:
    """Cleaned until cleaning again would change nothing: what stood apart may meet where a word between went."""
    for _ in range(PASSES):
        once = _cleaned_once(text, identifiers, allowed, modality)
        if once == text:
            return once
        text = once
    return ""


def _cleaned_once(text: str, identifiers: IdentifierMatcher, allowed: frozenset[str], modality: str) -> str:
    source, folded = _folded(text)
    folded = _blanked(source, folded, identifiers)
    words = list(_WORD.finditer(folded))
    stays = _kept(words, folded, source, allowed, modality)
    if all(stays) and CUT not in folded and folded.isascii():
        return text if not text[:1].isspace() else text.strip()
    pieces: list[str] = []
    last = 0
    for word, stays_in in zip(words, stays, strict=True):
        if stays_in:
            pieces.append(
                (_separator(folded[last : word.start()]) if pieces else "") + source[word.start() : word.end()]
            )
        last = word.end()
    return "".join(pieces)


def _folded(text: str) -> tuple[str, str]:
    """The text, and the text folded, of one length."""
    if text.isascii():
        return text, text.lower()
    source = unicodedata.normalize("NFC", text)
    folded = [plain(sign) for sign in source]
    pairs = [
        (sign if len(plain_sign) == 1 else plain_sign, plain_sign)
        for sign, plain_sign in zip(source, folded, strict=True)
    ]
    return "".join(sign for sign, _ in pairs), "".join(plain_sign for _, plain_sign in pairs)


def _blanked(source: str, folded: str, identifiers: IdentifierMatcher) -> str:
    """Cuts, in place and length for length, what is known of the person, then what looks like a date, phone, address, UID or
    a person after a title."""
    for start, end in (*identifiers.extents(folded), *(match.span() for match in _SHORT_TITLE.finditer(source))):
        folded = folded[:start] + CUT * (end - start) + folded[end:]
    for pattern in _PATTERNS:
        folded = pattern.sub(lambda match: CUT * len(match.group()), folded)
    return folded


def _kept(
    words: Sequence[re.Match[str]], folded: str, source: str, allowed: frozenset[str], modality: str
) -> list[bool]:
    """Which words may stay beside those that go."""
    if not words:
        return []
    stays = _judged(words, source, allowed, modality)
    texts = [word.group() for word in words]
    ends = [*(word.start() for word in words[1:]), len(folded)]
    gaps = [folded[word.end() : end] for word, end in zip(words, ends, strict=True)]
    _drop_torn_words(texts, gaps, stays, allowed)
    _drop_spelled(texts, stays)
    _drop_neighbours(texts, gaps, stays)
    return stays


def _judged(words: Sequence[re.Match[str]], source: str, allowed: frozenset[str], modality: str) -> list[bool]:
    """Which words may stay by themselves and by their cues."""
    texts = [word.group() for word in words]
    return [
        _in_context(texts, index, modality)
        if text in words_in_context()
        else _may_stay(text, source[word.start() : word.end()], allowed)
        for index, (word, text) in enumerate(zip(words, texts, strict=True))
    ]


def _may_stay(word: str, as_written: str, allowed: frozenset[str]) -> bool:
    """Whether a folded word is of the vocabulary, a number, a code of digits and at most two letters, or made of such."""
    if word in allowed or _NUMBER.fullmatch(word):
        return True
    if not word.isascii() or _LONG_NUMBER.search(word):
        return False
    if word.isalpha():
        if len(word) == 1:
            return True
        parts = [part.lower() for part in _PARTS.findall(as_written)]
        if len(parts) > 1 and parts[0] not in particles() and all(len(part) > 1 and part in allowed for part in parts):
            return True
        return any(word[:cut] in compound_parts() and word[cut:] in compound_parts() for cut in range(2, len(word) - 1))
    if not any(c.isdigit() for c in word):
        return False
    runs = [run for run in _RUNS.findall(as_written) if not run[0].isdigit()]
    numbers = [run for run in _RUNS.findall(word) if run[0].isdigit()]
    return all(len(number) < 5 for number in numbers) and all(
        len(run) < 3 or _may_stay(run.lower(), run, allowed) for run in runs
    )


def _in_context(texts: Sequence[str], index: int, modality: str) -> bool:
    """Whether a word that is also a name stands beside one of its cues, or in an object of its modality."""
    cues = words_in_context()[texts[index]]
    near = (*texts[max(0, index - CUE_DISTANCE) : index], *texts[index + 1 : index + 1 + CUE_DISTANCE])
    return f"@{modality.lower()}" in cues or any(
        word in cues or (NUMBER in cues and word[0].isdigit()) for word in near
    )


def _drop_torn_words(texts: Sequence[str], gaps: Sequence[str], stays: list[bool], allowed: frozenset[str]) -> None:
    """GARCI'A: what an apostrophe joins is one word, save after an elision (l'épaule) and before a possessive s."""
    for index, gap in enumerate(gaps[:-1]):
        if gap not in ("'", "’", "`", "´") or texts[index] in ELISIONS or texts[index + 1] == "s":
            continue
        if texts[index].isalpha() and texts[index + 1].isalpha() and texts[index] + texts[index + 1] not in allowed:
            stays[index] = stays[index + 1] = False


def _drop_spelled(texts: Sequence[str], stays: list[bool]) -> None:
    """G A R C I A: single letters in a row are a word that is spelled."""
    start = 0
    for index in range(len(texts) + 1):
        if index < len(texts) and len(texts[index]) == 1 and texts[index].isalpha():
            continue
        if index - start >= SPELLED:
            stays[start:index] = [False] * (index - start)
        start = index + 1


def _drop_neighbours(texts: Sequence[str], gaps: Sequence[str], stays: list[bool]) -> None:
    """Initials and particles beside a word that goes are of it."""
    went = [not stay and text.isalpha() for text, stay in zip(texts, stays, strict=True)]
    for index in range(len(texts) - 1, -1, -1):
        after = CUT in gaps[index] or (index + 1 < len(texts) and went[index + 1])
        before = index > 0 and (went[index - 1] or CUT in gaps[index - 1])
        initial = len(texts[index]) == 1 and texts[index].isalpha()
        if (after and (texts[index] in particles() or initial)) or (before and initial):
            stays[index], went[index] = False, True


def _separator(gap: str) -> str:
    """What stood between two words, as one sign."""
    signs = [c for c in gap if not c.isspace() and c != CUT]
    return signs[0] if len(signs) == 1 and len(gap) == 1 and signs[0] in "_-/+*.,:=" else " "
