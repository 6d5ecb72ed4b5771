"""The rules applied to elements. Both readers hand their elements to this one transformation, so that they have one result."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from concours.deid import charset, tags
from concours.deid.codes import PUBLIC, is_public_code
from concours.deid.dates import shift_date, shift_datetime
from concours.deid.identity import CentreKey
from concours.deid.known import IdentifierMatcher
from concours.deid.rules import Profile, Rule
from concours.deid.text import clean_code, clean_description, clean_technical, has_unknown_words
from concours.deid.tokens import DataElement, NotPlain, encode, encode_items, items
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

_TYPE = {
    b"AS": re.compile(rb"(?:\d{3}[DWMY])?[ \0]?"),
    b"CS": re.compile(rb"[A-Z0-9 _\\]*\0?"),
    b"DA": re.compile(rb"[\d.\-\\ ]*\0?"),
    b"DS": re.compile(rb"[\d+\-.eE \\]*\0?"),
    b"IS": re.compile(rb"[\d+\- \\]*\0?"),
    b"TM": re.compile(rb"(?:(?:[01]\d|2[0-3])(?::?[0-5]\d(?::?[0-6]\d(?:\.\d{1,6})?)?)?[ \\\-]*)*\0?"),
    b"DT": re.compile(rb"[\d.+\-\\ ]*\0?"),
    b"UI": re.compile(rb"[\d.\\]*[\0 ]?"),
}
_SIZE = {
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
_CODE_PARTS = frozenset((tags.CodeValue, tags.LongCodeValue, tags.CodeMeaning))
_TEXT = frozenset((b"LO", b"SH", b"ST", b"LT", b"UT", b"UC"))
_ONE_VALUE = frozenset((b"ST", b"LT", b"UT"))
_DUMMIES = {
    b"DA": b"19000101", b"TM": b"000000", b"DT": b"19000101000000", b"AS": b"000D", b"IS": b"0", b"DS": b"0",
    b"OB": b"\0\0", b"OW": b"\0\0", b"UN": b"\0\0",
    b"UR": b"about:blank", b"FD": bytes(8), b"FL": bytes(4), b"US": bytes(2), b"SS": bytes(2), b"UL": bytes(4), b"SL": bytes(4),
}  # fmt: skip
_STANDARD_UID = re.compile(rb"1\.2\.840\.10008(?:\.\d{1,4}){1,8}")
"""UIDs of the standard itself (PS3.6 Annex A) have components of at most four digits: a longer one could be
a number of a person.
"""
_DROPPED_CONTENT = frozenset((b"TEXT", b"PNAME"))
_DISTINCT = {
    tags.ContainerIdentifier: "container",
    tags.SpecimenIdentifier: "specimen",
    tags.ClinicalTrialSubjectReadingID: "reading",
}
MAX_TEXT = 1 << 16
"""Longer free text than this is not searched but removed."""


def tag_text(tag: int) -> str:
    """A tag as reports show it: (gggg,eeee) in hexadecimal."""
    return f"({tag >> 16:04x},{tag & 0xFFFF:04x})"


@dataclass
class Subject:
    """Who a file is about, and so what stands instead. Its repr shows nothing of the person."""

    key: CentreKey = field(repr=False)
    pseudonym: str = field(repr=False)
    shift_days: int = field(repr=False)
    identifiers: IdentifierMatcher = field(repr=False)
    uids: dict[bytes, bytes] = field(default_factory=dict, repr=False)

    def uid(self, value: bytes) -> bytes:
        """The UID that stands instead of `value`; UIDs of the standard itself stay. UIDs stay when the profile says so,
        before this.
        """
        value = value.strip(b"\0 ")
        if not value or _STANDARD_UID.fullmatch(value):
            return value
        new_uid = self.uids.get(value)
        if new_uid is None:
            if len(self.uids) > 100_000:
                self.uids.clear()
            new_uid = self.uids[value] = self.key.new_uid(value.decode("latin_1")).encode("ascii")
        return new_uid


@dataclass
class Outcome:
    """What happened to one file's elements: action by tag, and whether free text of a report was dropped."""

    actions: dict[int, str] = field(default_factory=dict)
    text_dropped: bool = False


class Transform:
    """The rules of one profile for one subject and character set; remembers the result of equal bytes, which a series is
    full of.
    """

    def __init__(
        self, profile: Profile, subject: Subject, explicit_out: bool, characters: bytes, modality: str = ""
    ) -> None:
        self.profile = profile
        self.subject = subject
        self.explicit_out = explicit_out
        self.modality = modality
        self.decode: Callable[[bytes], str] = charset.decoder(characters)
        self.encode: Callable[[str], bytes] = charset.encoder(characters)
        self.remembered: dict[bytes, tuple[bytes, dict[int, str], bool]] = {}

    def top(
        self, tokens: list[DataElement], explicit_in: bool, extra: list[tuple[int, bytes]], outcome: Outcome
    ) -> list[bytes]:
        """The encoded elements of the main data set, with `extra` elements (tag, encoded) put in their places."""
        private = self._safe_private(tokens)
        out: list[bytes] = []
        waiting = iter([*extra, (1 << 32, b"")])
        next_tag, next_bytes = next(waiting)
        remembered, actions = self.remembered, outcome.actions
        for token in tokens:
            tag = token[0]
            while next_tag <= tag:
                out.append(next_bytes)
                replaced = next_tag == tag
                next_tag, next_bytes = next(waiting)
                if replaced:
                    break
            else:
                replaced = False
            if replaced:
                continue
            if tag & 0x10000:
                self._private(token, explicit_in, private, out, actions)
                continue
            raw = token[3]
            hit = remembered.get(raw)
            if hit is None:
                mine = Outcome()
                hit = (self._element(token, explicit_in, mine, 1, None), mine.actions, mine.text_dropped)
                if len(raw) < 4096:
                    if len(remembered) > 20_000:
                        remembered.clear()
                    remembered[raw] = hit
            if hit[0]:
                out.append(hit[0])
            if hit[1]:
                actions.update(hit[1])
            if hit[2]:
                outcome.text_dropped = True
        while next_tag < 1 << 32:
            out.append(next_bytes)
            next_tag, next_bytes = next(waiting)
        return out

    def _level(self, tokens: list[DataElement], explicit_in: bool, outcome: Outcome, depth: int) -> bytes:
        """The encoded elements of one item."""
        private = self._safe_private(tokens)
        scheme = self._public_scheme(tokens)
        own = next((token.value for token in tokens if token.tag == tags.SpecificCharacterSet), None)
        before = self.decode, self.encode
        if own is not None:
            self.decode, self.encode = charset.decoder(own), charset.encoder(own)
        out: list[bytes] = []
        for token in tokens:
            if token.tag & 0x10000:
                self._private(token, explicit_in, private, out, outcome.actions)
            else:
                out.append(self._element(token, explicit_in, outcome, depth, scheme))
        self.decode, self.encode = before
        return b"".join(out)

    def _element(
        self, token: DataElement, explicit_in: bool, outcome: Outcome, depth: int, scheme: bytes | None
    ) -> bytes:
        """One public element after its rule, encoded; empty bytes where it goes. `scheme`: the public one of a code's item."""
        tag, vr = token.tag, token.vr
        rule = self.profile.rules.get(tag, Rule.REMOVE)
        if rule is Rule.REMOVE or tag & 0xFFFF == 0:
            outcome.actions[tag] = "removed"
            return b""
        declared = self.profile.vrs[tag]
        if vr == b"UN" or token.undefined:
            vr = self._real_vr(declared)
        elif vr not in declared:
            rule = self._rule_of_wrong_vr(rule, vr)
        if vr == b"SQ" or (rule in (Rule.ENTER, Rule.STRUCTURE) and b"SQ" in declared):
            return self._sequence(token, rule, explicit_in and token.vr != b"UN", outcome, depth)
        value = token.value
        if tag in _CODE_PARTS:
            if scheme is None:
                rule = Rule.CLEAN if tag == tags.CodeMeaning else Rule.TECHNICAL
            elif self._is_meaning(value) if tag == tags.CodeMeaning else self._is_code(scheme, value):
                rule = Rule.KEEP_CODE
        new, action = self._value(tag, vr, value, rule)
        if action:
            outcome.actions[tag] = action
        if new is None:
            return b""
        if new is value and vr == token.vr and explicit_in == self.explicit_out:
            return token.raw
        return encode(tag, vr, new, self.explicit_out)

    def _sequence(self, token: DataElement, rule: Rule, explicit: bool, outcome: Outcome, depth: int) -> bytes:
        tag = token.tag
        if rule is Rule.EMPTY:
            outcome.actions[tag] = "emptied"
            return encode(tag, b"SQ", b"", self.explicit_out)
        if rule is Rule.DUMMY:
            outcome.actions[tag] = "replaced by a dummy"
            return encode_items(tag, [self._dummy_code()], self.explicit_out)
        try:
            parsed = items(token.value, explicit, self.profile.vrs, depth)
        except NotPlain:
            if token.vr != b"UN":
                raise
            outcome.actions[tag] = "removed"  # bytes of unknown form: what cannot be read is not let through
            return b""
        if rule is Rule.STRUCTURE:
            outcome.actions[tag] = ACTIONS[rule]
        contents = []
        for item in parsed:
            if rule is Rule.STRUCTURE and self._is_text_content(item):
                outcome.text_dropped = outcome.text_dropped or self._says_something(item)
                continue
            contents.append(self._level(item, explicit, outcome, depth + 1))
        return encode_items(tag, contents, self.explicit_out)

    @staticmethod
    def _is_text_content(item: list[DataElement]) -> bool:
        return any(t.tag == tags.ValueType and t.value.strip(b" \0") in _DROPPED_CONTENT for t in item)

    def _says_something(self, item: list[DataElement]) -> bool:
        """Whether the text of a content item holds words that are neither the vocabulary's nor known identifiers; a person
        then looks at what was lost.
        """
        texts = [self.decode(t.value[:MAX_TEXT]).strip(" \0") for t in item if t.tag == tags.TextValue]
        return any(has_unknown_words(text, self.subject.identifiers) for text in texts)

    def _dummy_code(self) -> bytes:
        parts = (
            (tags.CodeValue, b"SH", DUMMY_TEXT),
            (tags.CodingSchemeDesignator, b"SH", b"99CONCOURS"),
            (tags.CodeMeaning, b"LO", DUMMY_TEXT),
        )
        return b"".join(encode(tag, vr, value, self.explicit_out) for tag, vr, value in parts)

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
        pattern = _TYPE.get(vr)
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
        if (vr in _BULK or (vr in _SIZE and len(value) > 3)) and self.subject.identifiers.in_bytes(value):
            return None, "removed"
        if vr in _SIZE:
            return (value, None) if len(value) % _SIZE[vr] == 0 else (None, "removed (type)")
        if vr in _TEXT:
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
        if "uids" in self.profile.options and _TYPE[b"UI"].fullmatch(value):
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
        if not _TYPE[b"AS"].fullmatch(value):
            return None, "removed (type)"
        if value[3:4] == b"Y" and value[:3] > b"090":
            return b"090Y", ACTIONS[Rule.AGE]
        return value, None

    def _real_vr(self, declared: tuple[bytes, ...]) -> bytes:
        return b"OW" if b"OW" in declared and len(declared) > 1 else declared[0]

    @staticmethod
    def _rule_of_wrong_vr(rule: Rule, vr: bytes) -> Rule:
        """An element whose value representation is not the dictionary's is treated as what it says it is, never as kept."""
        if rule in (Rule.EMPTY, Rule.DUMMY, Rule.PSEUDONYM):
            return rule
        if vr in _TEXT:
            return Rule.CLEAN
        if vr in _TYPE or vr in _SIZE:
            return {b"UI": Rule.UID, b"DA": Rule.SHIFT, b"DT": Rule.SHIFT}.get(
                vr, rule if rule is not Rule.CLEAN else Rule.KEEP
            )
        return Rule.ENTER if vr == b"SQ" else Rule.REMOVE

    @staticmethod
    def _public_scheme(tokens: list[DataElement]) -> bytes | None:
        """The scheme of this item's code, where it is public: the meanings of a local one are free text."""
        designators = {t.value.strip(b" \0") for t in tokens if t.tag == tags.CodingSchemeDesignator}
        return designators.pop() if len(designators) == 1 and designators <= PUBLIC else None

    def _safe_private(self, tokens: list[DataElement]) -> dict[int, bytes]:
        """The private elements of this level that stay, with the value representation they must have; their creators too."""
        safe = self.profile.safe_private
        tokens = [token for token in tokens if token[0] & 0x10000]
        if not safe or not tokens:
            return {}
        safe_elements: dict[int, bytes] = {}
        creators: dict[int, str] = {}
        for token in tokens:
            tag = token.tag
            element = tag & 0xFFFF
            if 0x10 <= element <= 0xFF:
                creators[(tag & 0xFFFF0000) | element << 8] = token.value.strip(b" \0").decode("latin_1")
            elif creator := creators.get(tag & 0xFFFFFF00):
                vr = safe.get((tag >> 16, creator, tag & 0xFF))
                if vr is not None and token.vr in (vr, b"UN") and self._is_number(vr, token.value):
                    safe_elements[tag] = vr
                    safe_elements[(tag & 0xFFFF0000) | (tag & 0xFF00) >> 8] = b"LO"
        return safe_elements

    @staticmethod
    def _is_number(vr: bytes, value: bytes) -> bool:
        if vr in (b"DS", b"IS"):
            return _TYPE[vr].fullmatch(value) is not None
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
        return len(value) % _SIZE[vr] == 0

    def _private(
        self, token: DataElement, explicit_in: bool, safe: dict[int, bytes], out: list[bytes], actions: dict[int, str]
    ) -> None:
        vr = safe.get(token.tag)
        if vr is None or self.subject.identifiers.in_bytes(token.value):
            actions[token.tag] = "removed"
        else:
            out.append(encode(token.tag, vr, token.value, self.explicit_out))
