"""Rules that need no knowledge of the person: e-mail, telephone, record numbers, dates in prose, titles, and pairs of names."""

import re
from functools import cache
from itertools import pairwise
from pathlib import Path

from concours.second_check.letters import dates_in, plain, words

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w")
_PHONE = re.compile(
    r"(?<![\d.])(?:\+\d{2}[ .]?\(?0?\)?|0)[1-9](?:[ .-]?\d{2}){4}(?![\d.])"  # France and its neighbours
    r"|(?<![\d.])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?!\d)|(?<![\d.-])\d{3}-\d{4}(?![\d-])|(?:tel|phone|fax)\W{1,3}\d[\d .-]{5,}",
    re.IGNORECASE,
)
_RECORD = re.compile(
    r"\b(?:mrn|ipp|nip|ndos|nda|iep|ins|nss|ssn|dossier|patient\s*id|pid|acc(?:ession)?|record|chart)\b[\s:#n°.-]*[a-z]{0,3}-?\d{4,}",
    re.IGNORECASE,
)
_TITLE = re.compile(
    r"(?<![^\W\d_])(?:dr|docteur|pr|prof|professeur|professor|mme|mlle|mrs|mr|miss|monsieur|madame|m)\b\.?\s+([^\W\d_][\w'’-]{2,})",
    re.IGNORECASE,
)
_AFTER_TITLE_HARMLESS = frozenset(
    [
        "and", "et", "with", "avec", "sans", "contrast", "gado", "injection", "angio", "perfusion", "spectro",
        "brain", "head", "spine", "abdomen", "cerebrale", "cerebral", "imr", "irm",
    ]
)  # fmt: skip
_STREET = re.compile(
    r"\b\d{1,4}(?:\s?(?:bis|ter))?,?\s+(?:rue|avenue|av|bd|boulevard|impasse|chemin|place|allee|route|quai)\b|\b\d{5}\s+[A-Z][a-z]{2,}",
    re.IGNORECASE,
)
_STREET_EN = re.compile(
    r"\b\d{1,4}(?:-\d)*\s+(?:[A-Z]\w+\s+){1,3}(?:road|street|lane|avenue|drive|st|rd|ln)\b", re.IGNORECASE
)


def kind_in_prose(text: str) -> str | None:
    """The kind of identifier that free text holds by its form alone, or None."""
    if _EMAIL.search(text):
        return "e-mail"
    if _PHONE.search(text):
        return "telephone"
    if _RECORD.search(text):
        return "record number"
    if _STREET.search(text) or _STREET_EN.search(text):
        return "address"
    if dates_in(text):
        return "date in text"
    if _titled(text):
        return "title and name"
    return "given and family name" if _named(text) else None


def _titled(text: str) -> bool:
    for match in _TITLE.finditer(text):
        name = plain(match.group(1))
        initial = match.group(0)[:1]
        lone_letter = re.match(r"m\b\.?\s", match.group(0), re.IGNORECASE) is not None
        if name in _AFTER_TITLE_HARMLESS or len(name) < 3:
            continue
        if lone_letter or plain(match.group(0)).startswith(("pr ", "mr ")):  # MR and PR are modalities, M a setting
            if name in family_names() or name in given_names():
                return True
            continue
        if initial:
            return True
    return False


def _named(text: str) -> bool:
    long_words = [w for w in words(text) if len(w) >= 3]
    return any(
        (a in given_names() and b in family_names()) or (a in family_names() and b in given_names())
        for a, b in pairwise(long_words)
        if a != b and not (a in _AFTER_TITLE_HARMLESS or b in _AFTER_TITLE_HARMLESS)
    )


@cache
def given_names() -> frozenset[str]:
    return _read("given_names.txt")


@cache
def family_names() -> frozenset[str]:
    return _read("family_names.txt")


def _read(name: str) -> frozenset[str]:
    lines = (Path(__file__).parent / "names" / name).read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))
