"""What each rule makes of one value. A value that is not what its type allows never stays."""

import re
from collections.abc import Callable

from concours.deid import charset, tags
from concours.deid.codes import is_public_code
from concours.deid.dates import shift_date, shift_datetime
from concours.deid.rules import Profile, Rule
from concours.deid.subject import Subject
from concours.deid.text import clean_code, clean_description, clean_technical
from concours.deid.words import plain, public_meanings, squash

DUMMY_TEXT = b"ANONYMIZED"
ACTIONS = {
    Rule.KEEP: "kept",
    Rule.REMOVE: "removed",
    Rule.EMPTY: "emptied",
    Rule.DUMMY: "replaced by a dummy",
    Rule.UID: "uid replaced",
    Rule.SHIFT: "date shifted",
    Rule.CLEAN: "text cleaned",
    Rule.TECHNICAL: "text cleaned",
    Rule.ENTER: "sequence entered",
    Rule.STRUCTURE: "content rebuilt from codes and numbers",
    Rule.PSEUDONYM: "replaced by pseudonym",
    Rule.AGE: "age capped at 90",
    Rule.KEEP_CODE: "kept",
}

TYPE_PATTERNS = {
    b"AS": re.compile(rb"(?:\d{3}[DWMY])?[ \0]?"),
    b"CS": re.compile(rb"[A-Z0-9 _\\]*\0?"),
    b"DA": re.compile(rb"[\d.\-\\ ]*\0?"),
    b"DS": re.compile(rb"[\d+\-.eE \\]*\0?"),
    b"IS": re.compile(rb"[\d+\- \\]*\0?"),
    b"TM": re.compile(rb"(?:(?:[01]\d|2[0-3])(?::?[0-5]\d(?::?[0-6]\d(?:\.\d{1,6})?)?)?[ \\\-]*)*\0?"),
    b"DT": re.compile(rb"[\d.+\-\\ ]*\0?"),
    b"UI": re.compile(rb"[\d.\\]*[\0 ]?"),
}
SIZES = {
    b"US": 2,
    b"SS": 2,
    b"UL": 4,
    b"SL": 4,
    b"FL": 4,
    b"FD": 8,
    b"AT": 4,
    b"UV": 8,
    b"SV": 8,
    b"OF": 4,
    b"OD": 8,
    b"OL": 4,
    b"OV": 8,
    b"OW": 2,
}
_BULK = frozenset((b"OB", b"OW", b"UN", b"OF", b"OD", b"OL", b"OV"))
TEXT_TYPES = frozenset((b"LO", b"SH", b"ST", b"LT", b"UT", b"UC"))
_ONE_VALUE = frozenset((b"ST", b"LT", b"UT"))
_DUMMIES = {
    b"DA": b"19000101", b"TM": b"000000", b"DT": b"19000101000000", b"AS": b"000D", b"IS": b"0", b"DS": b"0",
    b"OB": b"\0\0", b"OW": b"\0\0", b"UN": b"\0\0",
    b"UR": b"about:blank", b"FD": bytes(8), b"FL": bytes(4), b"US": bytes(2), b"SS": bytes(2), b"UL": bytes(4), b"SL": bytes(4),
}  # fmt: skip
_DISTINCT = {
    tags.ContainerIdentifier: "container",
    tags.SpecimenIdentifier: "specimen",
    tags.ClinicalTrialSubjectReadingID: "reading",
}
MAX_TEXT = 1 << 16
"""Longer free text than this is not searched but removed."""


class ValueRules:
    """The rules of one profile for the values of one subject and character set."""

    def __init__(self, profile: Profile, subject: Subject, characters: bytes, modality: str = "") -> None:
        self.profile = profile
        self.subject = subject
        self.modality = modality
        self.decode: Callable[[bytes], str] = charset.decoder(characters)
        self.encode: Callable[[str], bytes] = charset.encoder(characters)

    def _value(self, tag: int, vr: bytes, value: bytes, rule: Rule) -> tuple[bytes | None, str | None]:
        """The new value (None: the element goes) and the action to report (None: nothing changed)."""
        if rule is Rule.KEEP:
            return self._kept(tag, vr, value)
        if rule is Rule.KEEP_CODE:
            return value, None
        if rule is Rule.UID:
            return self._uid(vr, value)
        if rule is Rule.SHIFT:
            return self._shifted(tag, vr, value)
        if rule is Rule.CLEAN or rule is Rule.TECHNICAL:
            return self._cleaned(tag, vr, value, rule)
        if rule is Rule.EMPTY:
            return b"", "emptied" if value else None
        if rule is Rule.PSEUDONYM:
            return self.subject.pseudonym.encode("ascii"), ACTIONS[rule]
        if rule is Rule.DUMMY:
            return self._dummy(tag, vr, value), ACTIONS[rule]
        if rule is Rule.AGE:
            return self._age(value)
        return None, "removed"

    def _kept(self, tag: int, vr: bytes, value: bytes) -> tuple[bytes | None, str | None]:
        pattern = TYPE_PATTERNS.get(vr)
        if pattern is not None:
            if not pattern.fullmatch(value):
                if vr == b"CS":
                    return self._cleaned(tag, vr, value, Rule.CLEAN)
                return None, "removed (type)"
            if vr == b"CS":
                return self._code_string(tag, value)
            if vr in (b"DS", b"IS", b"TM") and self._number_identifies(value):
                return None, "removed (type)"
            return value, None
        if (vr in _BULK or (vr in SIZES and len(value) > 3)) and self.subject.identifiers.in_bytes(value):
            return None, "removed"
        if vr in SIZES:
            return (value, None) if len(value) % SIZES[vr] == 0 else (None, "removed (type)")
        if vr in TEXT_TYPES:
            return self._cleaned(tag, vr, value, Rule.CLEAN)
        if vr in (b"OB", b"UN"):
            return value, None
        return None, "removed (type)"

    def _is_code(self, scheme: bytes, value: bytes) -> bool:
        """Whether a value is a code as the public scheme has them, and no identifier of the file."""
        code = value.strip(b" \0").decode("latin_1")
        return is_public_code(scheme, code) and not self.subject.identifiers.has(squash(code))

    def _is_meaning(self, value: bytes) -> bool:
        """Whether a value is the meaning of one of DICOM's coded concepts, several words long, and no identifier of the file."""
        meaning = plain(self.decode(value).strip(" \0"))
        return meaning in public_meanings() and not self.subject.identifiers.extents(meaning)

    def _number_identifies(self, value: bytes) -> bool:
        """Whether a whole number of six digits and more is one of the known identifiers."""
        parts = value.decode("ascii").replace("\0", "").split("\\")
        return any(len(part.strip()) > 5 and part.strip() in self.subject.identifiers.words for part in parts)

    def _code_string(self, tag: int, value: bytes) -> tuple[bytes | None, str | None]:
        """A code string stays where its words are DICOM's terms or of the vocabulary; each value keeps its place."""
        if tag == tags.SpecificCharacterSet:
            return (value, None) if charset.is_known(value) else (None, "removed (type)")
        parts = value.decode("ascii").rstrip(" \0").split("\\")
        cleaned = [clean_code(part, self.subject.identifiers) for part in parts]
        if cleaned == parts:
            return value, None
        return ("\\".join(cleaned).encode("ascii"), "text cleaned") if any(cleaned) else self._fallback(tag, b"CS")

    def _uid(self, vr: bytes, value: bytes) -> tuple[bytes | None, str | None]:
        if vr != b"UI":
            return None, "removed (type)"
        if "uids" in self.profile.options and TYPE_PATTERNS[b"UI"].fullmatch(value):
            return value, None
        new = b"\\".join(self.subject.uid(part) for part in value.split(b"\\"))
        return (value, None) if new == value.strip(b"\0 ") else (new, "uid replaced")

    def _shifted(self, tag: int, vr: bytes, value: bytes) -> tuple[bytes | None, str | None]:
        shift = {b"DA": shift_date, b"DT": shift_datetime}.get(vr)
        if shift is None:
            return self._fallback(tag, vr)
        parts = value.rstrip(b" \0").split(b"\\")
        moved = [shift(part, self.subject.shift_days) if part.strip() else b"" for part in parts]
        if None in moved:
            return self._fallback(tag, vr)
        if not any(moved):
            return b"", None
        return b"\\".join(part or b"" for part in moved), ACTIONS[Rule.SHIFT]

    def _cleaned(self, tag: int, vr: bytes, value: bytes, rule: Rule) -> tuple[bytes | None, str | None]:
        if not value.strip(b" \0"):
            return value.rstrip(b" \0"), None
        if len(value) > MAX_TEXT:
            return self._fallback(tag, vr)
        clean = clean_technical if rule is Rule.TECHNICAL else clean_description
        text = self.decode(value).rstrip(" \0")
        parts = [text] if vr in _ONE_VALUE else text.split("\\")
        cleaned = [clean(part, self.subject.identifiers, self.modality) for part in parts]
        if [" ".join(part.split()) for part in parts] == cleaned or parts == cleaned:
            return value, None
        if not any(cleaned):
            return self._fallback(tag, vr)
        new = self.encode("\\".join(cleaned))
        if vr == b"CS":
            new = new.upper()
        return new, "text cleaned"

    def _fallback(self, tag: int, vr: bytes) -> tuple[bytes | None, str | None]:
        """What a value that cannot be cleaned becomes: the Basic Profile's action."""
        rule = self.profile.fallback.get(tag, Rule.REMOVE)
        if rule is Rule.DUMMY:
            return self._dummy(tag, vr, b""), ACTIONS[rule]
        return (b"", "emptied") if rule is Rule.EMPTY else (None, "removed")

    def _dummy(self, tag: int, vr: bytes, value: bytes) -> bytes:
        if tag in _DISTINCT and value:
            original = self.subject.pseudonym + self.decode(value)
            return self.subject.key.replacement_id(_DISTINCT[tag], original).encode("ascii")
        if vr == b"UI":
            return self.subject.uid(value)
        return _DUMMIES.get(vr, DUMMY_TEXT)

    def _age(self, value: bytes) -> tuple[bytes | None, str | None]:
        if not TYPE_PATTERNS[b"AS"].fullmatch(value):
            return None, "removed (type)"
        if value[3:4] == b"Y" and value[:3] > b"090":
            return b"090Y", ACTIONS[Rule.AGE]
        return value, None

    @staticmethod
    def _is_number(vr: bytes, value: bytes) -> bool:
        if vr in (b"DS", b"IS"):
            return TYPE_PATTERNS[vr].fullmatch(value) is not None
        if vr == b"CS":
            return value.strip(b" \0") in (
                b"NONE",
                b"DIRECTIONAL",
                b"ISOTROPIC",
                b"BMATRIX",
                b"P",
                b"R",
                b"S",
                b"I",
                b"O",
                b"A",
                b"",
            )
        return len(value) % SIZES[vr] == 0
