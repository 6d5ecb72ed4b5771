"""Known identifiers of a person, matched in any spelling, order, accent or date format, in text and in raw bytes."""

import re
from collections.abc import Hashable, Iterable
from difflib import SequenceMatcher

from concours.second_check.letters import dates_in, plain, words

_DIGIT_RUN = re.compile(r"\d(?:[ .\-/()]{0,2}\d)+")
# A UID made of a random number (PS3.5 B.2): among its 39 digits a short number stands by chance, in one of a thousand.
_RANDOM_UID = re.compile(r"(?<![\d.])2\.25\.[1-9]\d{29,38}(?![\d.])")
_NO_CHANCE = 10  # digits of a number that no random UID of a large exam holds by chance
_SIGNS = r"[\W_]{0,3}"  # what may stand between two signs of one number
_SHORTEST_NUMBER, _SHORTEST_PART = (
    3,
    4,
)  # letters and digits of a whole number, and of a part of one, that names somebody
_MOST_GROUPS = 8
_DIGITS_OF_A_DATE = 8
_WRITTEN_OUT = re.compile(r"(?:19|20)\d{6}|(?:19|20)\d\d[-/.]\d\d?[-/.]\d\d?|\d\d?[-/.]\d\d?[-/.](?:19|20)\d\d")
_CODECS = (
    "utf-8",
    "latin-1",
    "iso8859-2",
    "iso8859-5",
    "iso8859-7",
    "utf-16-le",
    "utf-16-be",
    "iso2022_jp",
    "shift_jis",
    "gb18030",
)
_PARTICLES = frozenset(
    [
        "van", "von", "der", "den", "des", "del", "los", "las", "the", "and", "per", "pour", "rue", "road", "avenue",
        "street", "impasse", "place", "chemin", "mrs", "mme", "dr", "prof",
    ]
)  # fmt: skip
# Defined terms of DICOM that are names too: no proof of anything where a code string is expected.
_CODE_WORDS = frozenset(
    [
        "original", "primary", "secondary", "derived", "axial", "localizer", "normal", "volume", "none", "chest",
        "head", "neck", "abdomen", "pelvis", "spine", "knee", "long", "face",
    ]
)  # fmt: skip


# A UID of the DICOM standard itself (SOP classes, transfer syntaxes): its digits are the same in every file of the world.
_STANDARD_UID = re.compile(r"1\.2\.840\.10008(?:\.\d{1,5}){1,8}")


class SearchedIdentifiers:
    """The identifiers to look for. `repr` shows how many, never which."""

    def __init__(self, identifiers: Iterable[str]) -> None:
        self.strings = sorted({i.strip() for i in identifiers if i.strip()})
        self.dates = {day for text in self.strings if _is_date(text) for day in dates_in(text)}
        written_out = [text for text in self.strings if _WRITTEN_OUT.fullmatch(text)]
        self.newest_year = max((day.year for text in written_out for day in dates_in(text)), default=0)
        self.words: set[str] = set()
        self.numbers: set[str] = set()
        self.compacts: set[str] = set()
        self.uids: set[str] = set()
        self._spaced: set[str] = set()
        for text in self.strings:
            self._take(text)
        self._in_groups = re.compile("|".join(sorted(self._spaced))) if self._spaced else None
        self.word_stems = {word for word in self.words if len(word) >= 6 and not word.isdigit()}
        self.judged: dict[Hashable, str | None] = {}  # what one element says is the same in every slice of a series
        self._needles: dict[int, tuple[bytes, ...]] = {}

    def extended(self, identifiers: Iterable[str]) -> "SearchedIdentifiers":
        """These identifiers and more."""
        more = set(identifiers)
        return SearchedIdentifiers([*self.strings, *more]) if more else self

    def __repr__(self) -> str:
        return f"Known({len(self.strings)} identifiers)"

    def __bool__(self) -> bool:
        return bool(self.strings)

    def _take(self, text: str) -> None:
        if re.fullmatch(r"[0-9.]{10,64}", text) and text.count(".") >= 3:
            self.uids.add(text)
            return
        digits = re.sub(r"\D", "", text)
        if _is_date(text) and len(digits) <= _DIGITS_OF_A_DATE:
            return  # a longer one is a number that begins with a date of birth, as in Sweden or Finland
        letters = re.sub(r"[^a-z]", "", plain(text))
        if len(digits) >= 5 and len(digits) >= len(letters):
            self.numbers.add(digits)
        compact = re.sub(r"\W|_", "", plain(text))
        if len(compact) >= 5:
            self.compacts.add(compact)
        if digits:
            self._spaced |= _spaced_forms(compact, digits, re.findall(r"[a-z0-9]+", plain(text)))
        if any(c.isdigit() for c in text):  # an address or a mixed code: its parts alone name nobody, save a long one
            self.words |= {w for w in words(text) if len(w) >= 6 and w not in _PARTICLES and not w.isdigit()}
        else:
            self.words |= {w for w in words(text) if len(w) >= (2 if not w.isascii() else 3) and w not in _PARTICLES}

    def kind_in(self, text: str, *, code_string: bool = False) -> str | None:
        """The kind of known identifier that the text holds, or None."""
        if text.strip() in self.uids or any(uid in text for uid in self.uids):
            return "known UID"
        if _STANDARD_UID.fullmatch(text.strip(" \0")):
            return None
        if self.dates and self.dates & dates_in(text, six_digits=True):
            return "known date"
        present = set(words(text))
        hits = present & self.words
        if code_string:
            hits -= _CODE_WORDS
        if hits:
            return "known name or word"
        if _RANDOM_UID.search(text):
            long = {number for number in self.numbers if len(number) >= _NO_CHANCE}
            return self._number_in(text, long) or self._part_in(_RANDOM_UID.sub(" ", text))
        return self._part_in(text)

    def _part_in(self, text: str) -> str | None:
        if kind := self._number_in(text, self.numbers):
            return kind
        compact = re.sub(r"\W|_", "", plain(text))
        if any(identifier in compact for identifier in self.compacts) or any(
            stem in compact for stem in self.word_stems
        ):
            return "known identifier"
        if self._in_groups is not None and self._in_groups.search(plain(text)):
            return "known identifier"
        return None

    @staticmethod
    def _number_in(text: str, numbers: set[str]) -> str | None:
        runs = [re.sub(r"\D", "", run) for run in _DIGIT_RUN.findall(text)] if numbers else []
        return "known number" if any(number in digits for digits in runs for number in numbers) else None

    def resembles(self, text: str) -> bool:
        """For text read optically: a known word or number is there but for a letter or two."""
        if self.kind_in(text):
            return True
        read = re.sub(r"\W|_", "", plain(text))
        for identifier in self.words | self.numbers:
            if len(identifier) >= 4 and len(read) >= 4 and _closeness(identifier, read) >= 0.8:
                return True
        return False

    def byte_needles(self, shortest: int) -> tuple[bytes, ...]:
        """Every identifier as bytes in the encodings that files use, ASCII letters small; at least `shortest` signs and
        bytes long (three signs of another script are long enough outside of pixels, where chance is no rival)."""
        if shortest not in self._needles:
            self._needles[shortest] = self._encoded(shortest)
        return self._needles[shortest]

    def _encoded(self, shortest: int) -> tuple[bytes, ...]:
        texts = {t for w in self.words | self.numbers for t in (w, w.upper())} | set(self.strings)
        texts |= {
            part for text in self.strings if not any(c.isdigit() for c in text) for part in re.split(r"[\s^=,]+", text)
        }
        texts |= {day.strftime(f) for day in self.dates for f in ("%Y%m%d", "%d/%m/%Y", "%Y-%m-%d", "%d.%m.%Y")}
        needles = set()
        for text in texts:
            enough = shortest if text.isascii() or shortest > 4 else 2
            if len(text) < enough or plain(text) in _CODE_WORDS | _PARTICLES:
                continue
            for form in {text, text.lower(), text.upper()}:
                for codec in _CODECS:
                    try:
                        needles.add(form.encode(codec).removesuffix(b"\x1b(B").lower())
                    except UnicodeEncodeError:
                        continue
        return tuple(sorted(n for n in needles if len(n) >= max(4, shortest)))


def _spaced_forms(compact: str, digits: str, groups: list[str]) -> set[str]:
    """Patterns of a number that is written in short groups: whole, its digits alone, and its groups, with any signs between."""
    forms = {_SIGNS.join(compact)} if len(compact) >= _SHORTEST_NUMBER else set()
    if len(digits) >= _SHORTEST_PART:
        forms |= {_SIGNS.join(digits), _SIGNS.join(digits.lstrip("0") or digits)}
    for start in range(len(groups)):
        for end in range(start + 1, min(len(groups), start + _MOST_GROUPS) + 1):
            part = groups[start:end]
            joined = "".join(part)
            if len(joined) >= _SHORTEST_PART and sum(sign.isdigit() for sign in joined) > 2:
                forms.add(_SIGNS.join(part))
    return {rf"(?<![a-z0-9]){form}(?![a-z0-9])" for form in forms}


def _is_date(text: str) -> bool:
    return bool(dates_in(text)) and len(re.sub(r"[\d\s./\-]", "", text)) <= 9


def _closeness(identifier: str, read: str) -> float:
    matcher = SequenceMatcher(None, identifier, read, autojunk=False)
    block = matcher.find_longest_match()
    if block.size < len(identifier) // 3:
        return 0.0
    start = max(0, block.b - block.a)
    return SequenceMatcher(None, identifier, read[start : start + len(identifier)], autojunk=False).ratio()
