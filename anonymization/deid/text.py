"""Free text: what identifies goes, words of radiology stay. An unknown word is removed, as an unknown attribute is."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "profile"
TITLES = frozenset(
    (
        "dr",
        "pr",
        "prof",
        "mr",
        "mrs",
        "ms",
        "mme",
        "mlle",
        "m",
        "docteur",
        "professeur",
        "doctor",
        "monsieur",
        "madame",
        "md",
        "phd",
    )
)

_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)?")
_PARTS = re.compile(r"\d+(?:[.,]\d+)?|[^\W\d_][a-zà-öø-ÿ]*|[^\W\d_]+")
_NUMBER = re.compile(r"\d{1,3}(?:[.,]\d{1,4})?|[1-9]\d?00|512|1024|256")
_CODE = re.compile(r"[a-z]{1,2}\d{1,2}[a-z]{0,2}|\d{1,2}[a-z]|b\d{3,4}|te\d{1,3}|tr\d{1,4}")
_MEASURE = re.compile(
    r"\d{1,4}(?:[.,]\d{1,3})?(?:mm|cm|ml|cc|ms|s|sec|min|kv|kvp|ma|mas|hz|mhz|t|deg|mg|mgi|kev|fps|x)"
)
_SIZE = re.compile(r"\d{1,4}(?:x\d{1,4}){1,2}")
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
    r"(?<!\w)(?:dr|pr|prof|mr|mrs|ms|mme|mlle|docteur|professeur|doctor|monsieur|madame|nurse|infirmiere?|technicien(?:ne)?|"
    r"operat(?:or|eur|rice)|manip(?:ulateur|ulatrice)?|radiologue|radiologist|signed|signe|read by|lu par|vu par|seen by|tech)\b"
    r"(?:[.: ]+(?:dr|pr|prof|by|par|de|le|la)\b)*[.: ]*(?:[^\W\d_][\w'\-]*[ .\-]*){0,3}"
)
_STREET = re.compile(
    r"(?<!\w)\d{1,4}(?: ?(?:bis|ter|quater))?,? (?:rue|avenue|impasse|boulevard|allees?|chemin|faubourg)\b.*|"
    r"(?<!\w)\d{1,4},? (?:[^\W\d_]+ ){1,3}(?:road|street|lane|avenue|boulevard)\b.*"
)
_ONE_CODE = re.compile(r"[a-z0-9*_.+\-/#:%]{1,24}")
_LONG_NUMBER = re.compile(r"\d{5}")
_LETTERS = re.compile(r"[^\W\d_]+")
_SQUASH = re.compile(r"[\W_]+")


def plain(text: str) -> str:
    """Case and accents folded, so that "LEFÈVRE", "Lefevre" and "lefe\u0300vre" are one word. Length may change."""
    folded = text.casefold().replace("œ", "oe").replace("æ", "ae").replace("ß", "ss")
    if folded.isascii():
        return folded
    return "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))


def squash(text: str) -> str:
    """Only the letters and digits of `text`, folded: "MRN-12 34" and "mrn1234" are the same identifier."""
    return _SQUASH.sub("", plain(text))


@cache
def vocabulary() -> frozenset[str]:
    """Words that may stay in a cleaned description."""
    return frozenset((DATA / "vocabulary.txt").read_text("utf-8").split())


@cache
def names() -> frozenset[str]:
    """Given names and surnames that leave technical text too."""
    lines = (DATA / "names_by_hand.txt").read_text("utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split()) - _PRODUCTS


@cache
def products() -> frozenset[str]:
    """Makers, products and technical words."""
    lines = (DATA / "products_by_hand.txt").read_text("utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


_PRODUCTS = frozenset(
    (
        "philips",
        "marconi",
        "picker",
        "hall",
        "long",
        "gray",
        "young",
        "white",
        "green",
        "brown",
        "wood",
        "allen",
        "bell",
    )
)


class Known:
    """Identifiers of one person and of the people around, in every spelling that cleaning compares. Its repr shows nothing."""

    def __init__(self, people: Iterable[str] = (), identifiers: Iterable[str] = (), places: Iterable[str] = ()) -> None:
        """`people`: names as DICOM writes them; `identifiers`: numbers, dates, phones; `places`: institutions and addresses."""
        words: set[str] = set()
        spans: set[str] = set()
        people, identifiers, places = tuple(people), tuple(identifiers), tuple(places)
        self.readable = tuple(dict.fromkeys(_readable(people, identifiers)))
        for name in people:
            for group in name.split("="):
                parts = [plain(part) for part in re.findall(r"[^\W_]+", group)]
                words.update(part for part in parts if part not in TITLES and (len(part) > 1 or not part.isascii()))
                long_parts = [part for part in parts if len(part) > 2 and part not in TITLES]
                spans.update(part for part in long_parts if len(part) > 4)
                spans.update(a + b for a in long_parts for b in long_parts if a != b)
        for identifier in identifiers:
            flat = squash(identifier)
            if len(flat) > 2:
                words.add(flat)
            if len(flat) > 4:
                spans.add(flat)
            words.update(
                part
                for part in re.findall(r"[^\W_]+", plain(identifier))
                if len(part) > 3 and any(c.isdigit() for c in part)
            )
            spans.update(part for part in re.findall(r"\d{6,}", identifier))
            spans.update(_other_dates(identifier))
        for place in places:
            parts = [plain(part) for part in re.findall(r"[^\W_]+", place)]
            words.update(part for part in parts if len(part) > 2 and part not in vocabulary() and not part.isdigit())
            if len(squash(place)) > 7:
                spans.add(squash(place))
        self.words = frozenset(words)
        self.spans = frozenset(spans)
        numbers = {word for word in words if len(word) > 5 and word.isdigit()}
        self._forms = frozenset(
            form
            for word in (*self.readable, *numbers)
            for codec in ("utf-8", "latin_1", "utf-16-le", "utf-16-be")
            if len(form := word.lower().encode(codec, "ignore")) > (7 if "16" in codec else 3)
        )
        self._span = re.compile("|".join(sorted(map(re.escape, spans), key=len, reverse=True))) if spans else None

    def __repr__(self) -> str:
        return "Known(…)"

    def has(self, word: str) -> bool:
        """Whether a folded word is, or holds, an identifier."""
        return word in self.words or (len(word) > 4 and self._span is not None and self._span.search(word) is not None)

    def in_bytes(self, value: bytes) -> bool:
        """Whether bytes that are no text hold an identifier as it is written in the header, in UTF-8, Latin-1 or UTF-16."""
        lowered = value.lower()
        return any(form in lowered for form in self._forms)

    def within(self, text: str) -> bool:
        """Whether an identifier runs through `text` across blanks and signs."""
        return self._span is not None and self._span.search(squash(text)) is not None


def _readable(people: tuple[str, ...], identifiers: tuple[str, ...]) -> list[str]:
    """Words and numbers as they may be written in pixels, for a reader that allows for errors."""
    parts = [part for name in people for part in re.findall(r"[^\W_]{3,}", name) if plain(part) not in TITLES]
    return parts + [identifier for identifier in identifiers if len(squash(identifier)) > 3]


def _other_dates(identifier: str) -> set[str]:
    """The other orders of a DICOM date: 19530417 is also 17041953, 170453 and 04171953."""
    if not re.fullmatch(r"(?:18|19|20)\d{6}", identifier):
        return set()
    year, month, day = identifier[:4], identifier[4:6], identifier[6:]
    return {day + month + year, month + day + year, day + month + year[2:], year[2:] + month + day}


def clean_description(text: str, known: Known) -> str:
    """`text` with only words of the vocabulary, short numbers and technical codes left; people, dates, numbers of files gone."""
    folded = _strip_patterns(plain(text))
    kept: list[str] = []
    source = text if len(folded) == len(text) else folded
    last = 0
    for match in _WORD.finditer(folded):
        if _may_stay(match.group(), source[match.start() : match.end()], known):
            gap = folded[last : match.start()]
            kept.append((_separator(gap) if kept else "") + source[match.start() : match.end()])
        last = match.end()
    cleaned = "".join(kept)
    return "" if known.within(cleaned) else cleaned


def has_unknown_words(text: str, known: Known) -> bool:
    """Whether a text that is dropped holds a word that is neither of the vocabulary nor one of the file's known identifiers."""
    folded = _strip_patterns(plain(text))
    source = text if len(folded) == len(text) else folded
    empty = Known()
    return any(
        len(match.group()) > 1
        and not known.has(match.group())
        and not _may_stay(match.group(), source[match.start() : match.end()], empty)
        for match in _WORD.finditer(folded)
    )


def clean_technical(text: str, known: Known) -> str:
    """`text` of a technical field: one code without a blank stays, of several words those of the vocabulary, of products, and
    codes.

    Where it holds a known identifier or what looks like a date, phone, address or person, all of it goes: what stands around
    identity in a field that is not for text belongs to it.
    """
    folded = plain(text)
    stripped = _strip_patterns(folded)
    source = text if len(folded) == len(text) else folded
    one_code = _ONE_CODE.fullmatch(folded) is not None
    words = list(_WORD.finditer(stripped))
    if (
        stripped == folded
        and not known.within(folded)
        and all(_technical(w.group(), source[w.start() : w.end()], known, one_code) for w in words)
    ):
        return text
    if stripped != folded or known.within(folded) or any(known.has(word.group()) for word in words):
        return ""
    kept: list[str] = []
    last = 0
    for match in words:
        if _technical(match.group(), source[match.start() : match.end()], known, False):
            gap = stripped[last : match.start()]
            kept.append((_separator(gap) if kept else "") + source[match.start() : match.end()])
        last = match.end()
    cleaned = "".join(kept)
    return "" if known.within(cleaned) else cleaned


def _technical(word: str, as_written: str, known: Known, one_code: bool) -> bool:
    """Whether a folded word may stay in a technical field; `one_code` says that it is part of a value without a blank."""
    if known.has(word) or word in names() or _LONG_NUMBER.search(word):
        return False
    if len(word) < 4 or word in vocabulary() or word in products():
        return True
    longest = 6 if one_code and any(c.isdigit() for c in word) else 4
    parts = _LETTERS.findall(word)
    if parts == [word]:  # a word of letters alone, unless it is two known words written as one
        parts = [plain(part) for part in _PARTS.findall(as_written)]
        return (one_code and len(word) <= longest) or (len(parts) > 1 and all(_is_product(part, 1) for part in parts))
    parts = [plain(part) for part in _PARTS.findall(as_written) if not part[0].isdigit()]
    return all(_is_product(part, longest) and not known.has(part) and part not in names() for part in parts)


def _is_product(part: str, longest: int) -> bool:
    return len(part) <= longest or part in vocabulary() or part in products()


def _strip_patterns(folded: str) -> str:
    """Blanks, in place and length for length, what looks like a date, phone, address, UID or a person after a title."""
    for pattern in (_ADDRESS, _STREET, _UID, _PHONE, _SPOKEN_DATE, _DATE, _HONORIFIC):
        folded = pattern.sub(lambda match: "\x1f" * len(match.group()), folded)
    return folded


def _may_stay(word: str, as_written: str, known: Known) -> bool:
    if known.has(word):
        return False
    if (
        word in vocabulary()
        or _NUMBER.fullmatch(word)
        or _CODE.fullmatch(word)
        or _MEASURE.fullmatch(word)
        or _SIZE.fullmatch(word)
    ):
        return True
    parts = [plain(part) for part in _PARTS.findall(as_written)]
    return len(parts) > 1 and all(
        (part in vocabulary() or _NUMBER.fullmatch(part)) and not known.has(part) for part in parts
    )


def _separator(gap: str) -> str:
    """What stood between two words, as one sign."""
    signs = [c for c in gap if not c.isspace() and c != "\x1f"]
    return signs[0] if len(signs) == 1 and len(gap) == 1 and signs[0] in "_-/+*.,:=" else " "
