"""Reports and tables as text: known identifiers, and what has the form of one, are replaced by a mark. The words of medicine
stay.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import BinaryIO

MARK = "[…]"
_LIMIT = 1 << 24
_MONTHS = "janv|f[ée]vr|mars|avr|mai|juin|juil|ao[uû]t|sept|oct|nov|d[ée]c|jan|feb|march|april|may|june|july|aug"
_FORMS = {
    "e-mail": r"[\w.+-]+@[\w-]+\.[\w.-]*\w",
    "telephone": (
        r"(?<![\w.])(?:\+\d{2}[ .]?\(?0?\)?|0)[1-9](?:[ .-]?\d{2}){4}(?!\w)"
        r"|(?<!\w)\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?!\w)"
    ),
    "date": (
        r"(?<!\d)(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2}))(?!\d)"
        rf"|(?<!\d)\d{{1,2}}(?:er)?\s+(?:{_MONTHS})[a-zéû.]*\s+\d{{4}}"
    ),
    "record number": (
        r"\b(?:mrn|ipp|nip|nda|iep|ins|nss|ssn|dossier|patient\s*id|pid|accession|record)\b"
        r"[\s:#n°.-]*[a-z]{0,3}-?\d{4,}\w*"
    ),
    "title and name": (
        r"\b(?:Dr|Docteur|Pr|Prof|Professeur|Professor|Mme|Mlle|Mrs|Mr|Miss|Monsieur|Madame|M\.)\.?"
        r"(?:\s+(?:[A-ZÀ-Ý][\w'’-]+|d[eu]|de la|van|von))+"
    ),
    "address": (
        r"\b\d{1,4}(?:\s?(?:bis|ter))?,?\s+(?:rue|avenue|av\.|boulevard|bd|impasse|chemin|place|all[ée]e|route|quai)"
        r"\s+[^\n,;]{2,60}"
    ),
}
_COMPILED = {kind: re.compile(form, 0 if kind == "title and name" else re.IGNORECASE) for kind, form in _FORMS.items()}


def clean_report(reading: BinaryIO, writing: BinaryIO, identifiers: Iterable[str] = ()) -> dict[str, str]:
    """Copy a UTF-8 text with identifiers replaced by MARK; returns {kind: "n replaced"}.

    `known` are identifiers of the person, found in any case, with or without accents and with any sign between their
    parts. Raises ValueError where the text is not UTF-8 or larger than 16 MB. What has no form (a third person's name in
    running text) is left to the reader of the report and to the second check: a report goes through review.
    """
    raw = reading.read(_LIMIT + 1)
    if len(raw) > _LIMIT:
        raise ValueError("The report is too long.")
    text = raw.decode("utf-8-sig")
    actions: dict[str, str] = {}
    patterns = [("known identifier", p) for p in _known_patterns(identifiers)] + list(_COMPILED.items())
    for kind, pattern in patterns:
        text, count = _replace(pattern, text)
        if count:
            earlier = int(actions.get(kind, "0").split()[0])
            actions[kind] = f"{earlier + count} replaced"
    writing.write(text.encode("utf-8"))
    return actions


def _known_patterns(identifiers: Iterable[str]) -> list[re.Pattern[str]]:
    """Longest first, so that a whole name goes before its parts."""
    parts = set()
    for identifier in identifiers:
        pieces = [p for p in re.split(r"[\s^=,;_-]+", identifier.strip()) if p]
        parts.add(tuple(pieces))
        parts |= {(p,) for p in pieces if len(p) >= 3}
    ordered = sorted((p for p in parts if p), key=lambda p: -sum(map(len, p)))
    return [
        re.compile(r"(?<!\w)" + r"[\s^=,;_.\-]*".join(map(_any_accent, p)) + r"(?!\w)", re.IGNORECASE) for p in ordered
    ]


def _any_accent(word: str) -> str:
    """A pattern for the word with or without its accents, composed or decomposed."""
    alternatives = []
    for letter in unicodedata.normalize("NFC", word):
        base = unicodedata.normalize("NFKD", letter)[0]
        if base == letter and not letter.isalpha():
            alternatives.append(re.escape(letter))
        elif base == letter:
            variants = "".join(v for v in _ACCENTED.get(letter.lower(), ""))
            alternatives.append(f"[{re.escape(letter)}{variants}][\\u0300-\\u036f]*")
        else:
            alternatives.append(f"[{re.escape(letter)}{re.escape(base)}][\\u0300-\\u036f]*")
    return "".join(alternatives)


_ACCENTED = {"a": "àâäáãå", "c": "ç", "e": "éèêë", "i": "îïíì", "n": "ñ", "o": "ôöóòõø", "u": "ùûüú", "y": "ÿý"}


def _replace(pattern: re.Pattern[str], text: str) -> tuple[str, int]:
    return pattern.subn(MARK, text)
