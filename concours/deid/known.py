"""Identifiers of one person and of the people around: found in text before cleaning, whatever stands between their letters."""

import re
from collections.abc import Iterable

from concours.deid.words import plain, squash, vocabulary

TITLES = frozenset(
    ("dr", "pr", "prof", "mr", "mrs", "ms", "mme", "mlle", "m", "docteur", "professeur", "doctor", "monsieur", "madame", "md",
     "phd")
)  # fmt: skip

GAP = 3
"""Signs that may stand between two groups of one identifier: "ZX - 90", "H.  07"."""
GROUPS = 12
"""Groups of letters or digits of an identifier whose parts are compared; longer texts in such fields are no identifiers."""
PART = 4
"""Letters and digits, three digits among them, from which a part of an identifier identifies: "1234" of "H 07/1234"."""

CERTAIN = 5
"""Letters and digits from which a number is cut even beside a decimal point."""

_GROUP = re.compile(r"\d+|[^\W\d_]+")
_WORD = re.compile(r"[^\W_]+")


class IdentifierMatcher:
    """Identifiers of one person and of the people around, in every spelling that cleaning compares. Its repr shows nothing."""

    def __init__(self, people: Iterable[str] = (), identifiers: Iterable[str] = (), places: Iterable[str] = ()) -> None:
        """`people`: names as DICOM writes them; `identifiers`: numbers, dates, phones; `places`: institutions and stations."""
        people, identifiers, places = tuple(people), tuple(identifiers), tuple(places)
        self.readable = tuple(dict.fromkeys(_readable(people, identifiers)))
        keys: set[str] = set()
        self._spans: set[str] = set()  # found within longer words too
        self._ends: set[str] = set()  # found at the beginning and the end of longer words
        for name in people:
            self._take_name(name, keys)
        for identifier in identifiers:
            self._take_identifier(identifier, keys)
        for place in places:
            parts = [plain(part) for part in _WORD.findall(place)]
            keys.update(part for part in parts if len(part) > 2 and part not in vocabulary() and not part.isdigit())
            if len(squash(place)) > 7:
                self._spans.add(squash(place))
        self.words = frozenset(keys)
        self._longest = max(map(len, keys | self._spans), default=0)
        self._keys = frozenset(keys | self._spans)
        self._span = _any_of(self._spans, self._ends)
        numbers = {word for word in keys if len(word) > 5 and word.isdigit()}
        self._forms = frozenset(
            form
            for word in (*self.readable, *numbers)
            for codec in ("utf-8", "latin_1", "utf-16-le", "utf-16-be")
            if len(form := word.lower().encode(codec, "ignore")) > (7 if "16" in codec else 3)
        )

    def __repr__(self) -> str:
        return "Known(…)"

    def _take_name(self, name: str, keys: set[str]) -> None:
        for group in name.split("="):
            parts = [part for part in (plain(part) for part in _WORD.findall(group)) if part not in TITLES]
            keys.update(part for part in parts if len(part) > 1 or not part.isascii())
            long_parts = [part for part in parts if len(part) > 2]
            self._spans.update(part for part in long_parts if len(part) > 4)
            self._ends.update(part for part in long_parts if len(part) == 4)
            self._spans.update(a + b for a in long_parts for b in long_parts if a != b)
            keys.update(text for a in long_parts for b in parts if a != b for text in (a + b[0], b[0] + a))
            keys.update(plain(squash(word)) for word in group.replace("^", " ").split() if len(squash(word)) > 2)
        keys -= TITLES

    def _take_identifier(self, identifier: str, keys: set[str]) -> None:
        flat = squash(identifier)
        if len(flat) < 3 or (flat.isalpha() and flat in vocabulary()):
            return
        keys.add(flat)
        if len(flat) > 4:
            self._spans.add(flat)
        groups = _GROUP.findall(plain(identifier))[:GROUPS]
        parts = {"".join(groups[i:j]) for i in range(len(groups)) for j in range(i + 1, len(groups) + 1)}
        parts.add("".join(group for group in groups if group.isdigit()))
        parts |= {part.lstrip("0") for part in parts if part.isdigit()}
        keys.update(part for part in parts if len(part) >= PART and sum(c.isdigit() for c in part) > 2)
        self._spans.update(part for part in re.findall(r"\d{6,}", identifier))
        self._spans.update(_other_dates(identifier))

    def extents(self, folded: str) -> list[tuple[int, int]]:
        """Where in a folded text an identifier stands, whole, with the signs inside it; ascending, none overlapping."""
        if not self._keys:
            return []
        spans = [match.span() for match in self._span.finditer(folded)] if self._span is not None else []
        groups = [(match.start(), match.end()) for match in _GROUP.finditer(folded)]
        for first, (start, _) in enumerate(groups):
            joined, end = "", start
            for group_start, group_end in groups[first:]:
                if group_start - end > GAP:
                    break
                joined, end = joined + folded[group_start:group_end], group_end
                if len(joined) > self._longest:
                    break
                if joined in self._keys and not (len(joined) < CERTAIN and _ends_in_a_decimal(folded, start, end)):
                    spans.append((start, end))
        return _merged(spans, folded) if spans else []

    def has(self, word: str) -> bool:
        """Whether a folded word is, or holds, an identifier."""
        return word in self.words or (len(word) > 4 and self._span is not None and self._span.search(word) is not None)

    def in_bytes(self, value: bytes) -> bool:
        """Whether bytes that are no text hold an identifier as it is written in the header, in UTF-8, Latin-1 or UTF-16."""
        lowered = value.lower()
        return any(form in lowered for form in self._forms)


def _ends_in_a_decimal(folded: str, start: int, end: int) -> bool:
    """Whether groups are joined only by running into a decimal number: "CT 1" of "CT 1.25"."""
    return (
        re.match(r"[.,]\d", folded[end : end + 2]) is not None
        or re.search(r"\d[.,]$", folded[max(0, start - 2) : start]) is not None
    )


def _any_of(inside: Iterable[str], at_ends: Iterable[str]) -> re.Pattern[str] | None:
    words = sorted((text for text in inside if text), key=len, reverse=True)
    patterns = [
        *map(re.escape, words),
        *(rf"(?<![^\W_]){re.escape(text)}|{re.escape(text)}(?![^\W_])" for text in at_ends),
    ]
    return re.compile("|".join(patterns)) if patterns else None


def _merged(extents: list[tuple[int, int]], folded: str) -> list[tuple[int, int]]:
    """Overlapping extents as one; one or two letters or digits that touch an extent are the rest of a damaged spelling."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(extents):
        before = re.search(r"(?<![^\W_])[^\W_]{1,2}$", folded[max(0, start - 3) : start])
        after = re.match(r"[^\W_]{1,2}(?![^\W_])", folded[end : end + 3])
        start, end = start - (len(before.group()) if before else 0), end + (len(after.group()) if after else 0)
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


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
