"""The rules applied to elements. Both readers hand their elements to this one transformation, so that they have one result."""

from dataclasses import dataclass, field

from concours.deid import charset, tags
from concours.deid.codes import PUBLIC
from concours.deid.rules import Profile, Rule
from concours.deid.subject import Subject
from concours.deid.text import has_unknown_words
from concours.deid.tokens import DataElement, NotPlain, encode, encode_items, items
from concours.deid.value_rules import ACTIONS, DUMMY_TEXT, MAX_TEXT, SIZES, TEXT_TYPES, TYPE_PATTERNS, ValueRules

_CODE_PARTS = frozenset((tags.CodeValue, tags.LongCodeValue, tags.CodeMeaning))
_DROPPED_CONTENT = frozenset((b"TEXT", b"PNAME"))


@dataclass
class Outcome:
    """What happened to one file's elements: action by tag, and whether free text of a report was dropped."""

    actions: dict[int, str] = field(default_factory=dict)
    text_dropped: bool = False


class Transform(ValueRules):
    """The rules applied to the elements of a data set; remembers the result of equal bytes, which a series is full of."""

    def __init__(
        self, profile: Profile, subject: Subject, explicit_out: bool, characters: bytes, modality: str = ""
    ) -> None:
        super().__init__(profile, subject, characters, modality)
        self.explicit_out = explicit_out
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

    def _real_vr(self, declared: tuple[bytes, ...]) -> bytes:
        return b"OW" if b"OW" in declared and len(declared) > 1 else declared[0]

    @staticmethod
    def _rule_of_wrong_vr(rule: Rule, vr: bytes) -> Rule:
        """An element whose value representation is not the dictionary's is treated as what it says it is, never as kept."""
        if rule in (Rule.EMPTY, Rule.DUMMY, Rule.PSEUDONYM):
            return rule
        if vr in TEXT_TYPES:
            return Rule.CLEAN
        if vr in TYPE_PATTERNS or vr in SIZES:
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

    def _private(
        self, token: DataElement, explicit_in: bool, safe: dict[int, bytes], out: list[bytes], actions: dict[int, str]
    ) -> None:
        vr = safe.get(token.tag)
        if vr is None or self.subject.identifiers.in_bytes(token.value):
            actions[token.tag] = "removed"
        else:
            out.append(encode(token.tag, vr, token.value, self.explicit_out))
