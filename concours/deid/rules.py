"""The profile in force: one rule for each attribute, compiled from table.json, the options chosen and a question's keep list."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from concours.deid import tags
from concours.deid.keep import check_keep
from concours.deid.table import AttributeRow, table

DATA = Path(__file__).parent / "profile"

OPTIONS: dict[str, tuple[str, str]] = {
    "uids": ("113110", "Retain UIDs Option"),
    "dev": ("113109", "Retain Device Identity Option"),
    "inst": ("113112", "Retain Institution Identity Option"),
    "pat": ("113108", "Retain Patient Characteristics Option"),
    "moddates": ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    "desc": ("113105", "Clean Descriptors Option"),
    "struct": ("113104", "Clean Structured Content Option"),
    "graph": ("113103", "Clean Graphics Option"),
    "priv": ("113111", "Retain Safe Private Option"),
}
"""Options of PS3.15 Annex E by the column's code, with the code of DCM that the output carries."""

BASIC: tuple[str, ...] = ()
DEFAULT = ("desc", "graph", "struct", "moddates", "priv")
NAMED = {"basic": BASIC, "default": DEFAULT}


class Rule(IntEnum):
    """What happens to an attribute. Each member's description is in `describe.py`, and a test compares them."""

    KEEP = 0
    REMOVE = 1
    EMPTY = 2
    DUMMY = 3
    UID = 4
    SHIFT = 5
    CLEAN = 6
    TECHNICAL = 7
    ENTER = 8
    STRUCTURE = 9
    PSEUDONYM = 10
    AGE = 11
    KEEP_CODE = 12


class ProfileError(ValueError):
    """The profile's name or an option in it is unknown; the message says which exist."""


@dataclass(frozen=True)
class Profile:
    """Rules by tag (an integer), the value representations each tag may have, and what a cleaned text falls back to."""

    options: frozenset[str]
    keep: tuple[str, ...]
    rules: dict[int, Rule] = field(repr=False)
    vrs: dict[int, tuple[bytes, ...]] = field(repr=False)
    fallback: dict[int, Rule] = field(repr=False)
    safe_private: dict[tuple[int, str, int], bytes] = field(repr=False)

    def rule(self, tag: int) -> Rule:
        """The rule of a public tag; what the dictionary does not know is removed."""
        return self.rules.get(tag, Rule.REMOVE)


@cache
def decisions() -> dict[str, Any]:
    """decisions.yaml, as it is."""
    loaded: dict[str, Any] = yaml.safe_load((DATA / "decisions.yaml").read_text("utf-8"))
    return loaded


def parse_profile(name: str) -> frozenset[str]:
    """The options behind a name: `basic`, `default`, or either followed by `+option` or `-option`, e.g. `default+pat-priv`."""
    words = name.replace("-", " -").replace("+", " +").split()
    if not words or words[0] not in NAMED:
        raise ProfileError(
            f"No profile is called '{name}'. Profiles: {', '.join(NAMED)}, with +option or -option after it."
        )
    options = set(NAMED[words[0]])
    for word in words[1:]:
        if word[1:] not in OPTIONS:
            raise ProfileError(f"No option is called '{word[1:]}'. Options: {', '.join(OPTIONS)}.")
        (options.add if word[0] == "+" else options.discard)(word[1:])
    return frozenset(options)


@cache
def load_profile(options: frozenset[str] = frozenset(DEFAULT), keep: tuple[str, ...] = ()) -> Profile:
    """The profile with these options of PS3.15 and this keep list of DICOM keywords. Raises KeepError, ProfileError."""
    if unknown := options - OPTIONS.keys():
        raise ProfileError(f"No option is called '{min(unknown)}'. Options: {', '.join(OPTIONS)}.")
    rules: dict[int, Rule] = {}
    vrs: dict[int, tuple[bytes, ...]] = {}
    fallback: dict[int, Rule] = {}
    kept_tags = set(check_keep(keep, table(), decisions()["never_keep"].split(), decisions()["never_keep_vr"]))
    for text, row in table().items():
        if "X" in text or text == "PRIVATE":
            continue
        tag = int(text, 16)
        rules[tag] = _kept_rule(row, _rule(row, options)) if text in kept_tags else _rule(row, options)
        fallback[tag] = _basic_rule(row) if row.action else Rule.EMPTY
        vrs[tag] = tuple(part.encode("ascii") for part in row.vr.split(" or "))
    fallback[tags.CodeMeaning] = Rule.DUMMY  # CodeMeaning is needed in every code
    rules[tags.PatientName] = rules[tags.PatientID] = rules[tags.ClinicalTrialSubjectID] = Rule.PSEUDONYM
    safe = _safe_private() if "priv" in options else {}
    return Profile(options, tuple(keep), rules, vrs, fallback, safe)


def _rule(row: AttributeRow, options: frozenset[str]) -> Rule:
    if row.unlisted:
        return _UNLISTED[row.unlisted]
    active = {option: letter for option, letter in row.options.items() if option in options}
    if "K" in active.values():
        return _kept_rule(row, _basic_rule(row))
    if "C" not in active.values():
        return _basic_rule(row)
    vr = row.vr
    if vr == "SQ":
        return Rule.STRUCTURE if "struct" in active else Rule.ENTER
    if "moddates" in active:
        return {"DA": Rule.SHIFT, "DT": Rule.SHIFT, "TM": Rule.KEEP}.get(vr, _basic_rule(row))
    if vr in ("LO", "SH", "ST", "LT", "UT", "UC") and not row.is_narrative:
        return Rule.CLEAN
    return _basic_rule(row)


_UNLISTED = {
    "keep": Rule.KEEP,
    "remove": Rule.REMOVE,
    "clean": Rule.CLEAN,
    "technical": Rule.TECHNICAL,
    "enter": Rule.ENTER,
    "uid": Rule.UID,
    "shift": Rule.SHIFT,
}


def _basic_rule(row: AttributeRow) -> Rule:
    """The Basic Profile's action. Of a compound action the one that keeps every kind of object valid is taken: D, then Z,
    then X.
    """
    actions = row.action.replace("*", "").split("/")
    if "U" in actions:
        return Rule.UID if row.vr == "UI" else Rule.ENTER
    if row.vr == "SQ" and "D" in actions:
        if len(actions) > 1:
            return Rule.EMPTY if "Z" in actions else Rule.REMOVE
        return Rule.DUMMY if row.keyword == "PersonIdentificationCodeSequence" else Rule.ENTER
    for letter, rule in (("D", Rule.DUMMY), ("Z", Rule.EMPTY), ("X", Rule.REMOVE)):
        if letter in actions:
            return rule
    raise ProfileError(f"The table's action '{row.action}' is unknown.")


def _kept_rule(row: AttributeRow, otherwise: Rule) -> Rule:
    """How a kept attribute stays: text only cleaned, an age of 90 and more capped, dates still moved."""
    if row.unlisted == "technical":
        return Rule.TECHNICAL
    if row.vr in ("LO", "SH", "ST", "LT", "UT", "UC"):
        is_cleaned = not row.action or "desc" in row.options or "pat" in row.options
        return Rule.CLEAN if is_cleaned else Rule.TECHNICAL
    if row.vr == "AS":
        return Rule.AGE
    return {"SQ": Rule.ENTER, "DA": Rule.SHIFT, "DT": Rule.SHIFT, "UI": Rule.KEEP, "PN": otherwise}.get(
        row.vr, Rule.KEEP
    )


def _safe_private() -> dict[tuple[int, str, int], bytes]:
    return {
        (int(block["group"], 16), creator, int(element, 16)): vr.encode("ascii")
        for creator, block in decisions()["safe_private"].items()
        for element, vr in block["elements"].items()
    }


def options_text(options: Iterable[str]) -> list[tuple[str, str]]:
    """Codes of DCM for DeidentificationMethodCodeSequence: the Basic Profile first, then the options in the order of the
    standard.
    """
    return [("113100", "Basic Application Confidentiality Profile"), *sorted(OPTIONS[option] for option in options)]
