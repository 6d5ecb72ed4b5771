"""Single values of other platforms' files: dates that keep their hour and offset, yes and no, numbers, texts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from challenges.spec.mistakes import SpecError
from challenges.spec.tree import Located, read_tree
from formats.fault import gettext_noop

from .imported import Findings

YES, NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def opened(configuration: str, otherwise: str) -> tuple[dict[str, Located], Findings]:
    """The pairs of another platform's file, with what is wrong so far: no title. Raises SpecError, saying `otherwise`,
    when it holds no pairs.
    """
    tree, mistakes = read_tree(configuration, aliases=True)
    findings = Findings(list(mistakes))
    top = pairs(tree)
    if not top:
        findings.wrong(1, "", otherwise)
        raise SpecError(findings.mistakes)
    if not text(top.get("title")):
        findings.wrong(tree.line, "", gettext_noop("title is missing"))
    return top, findings


def left_behind(
    located: Mapping[str, Located], carried: Collection[str], why: Mapping[str, str], findings: Findings
) -> None:
    """A note of every pair that is not carried over, with the reason where one is known."""
    for key, one in located.items():
        if key not in carried:
            findings.note(one.line, one.path, why.get(key, gettext_noop("not carried over")))


def pairs(located: Located | None) -> dict[str, Located]:
    """The pairs of a mapping; empty for anything else."""
    return located.value if located is not None and isinstance(located.value, dict) else {}


def items(located: Located | None) -> list[Located]:
    """The items of a list, or the values of a mapping in its order (v1.5 writes phases as `1: {...}`)."""
    if located is None:
        return []
    if isinstance(located.value, list):
        return located.value
    return list(located.value.values()) if isinstance(located.value, dict) else []


def text(located: Located | None) -> str:
    """A text, or an empty one."""
    if located is None or isinstance(located.value, dict | list) or located.value is None:
        return ""
    return str(located.value).strip()


def yes(located: Located | None) -> bool | None:
    """Yes or no in any of YAML 1.1's spellings; None when it says neither."""
    word = text(located).lower()
    return True if word in YES else False if word in NO else None


def count(located: Located | None) -> int | None:
    """A whole number above 0."""
    value: Any = located.value if located is not None else None
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdecimal():
        value = int(value.strip()[:12])
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def limits_of(phases: list[Located], names: Mapping[str, tuple[str, ...]], findings: Findings) -> dict[str, int]:
    """Our limits, under their `names` there, of the last phase, which decides. What an earlier one allows besides is noted:
    a limit that the last phase does not name is left out, since ours would hold where theirs does not.
    """
    found: dict[str, int] = {}
    for limit, theirs in names.items():
        said = [next((here[key] for key in theirs if key in here), None) for here in map(pairs, phases)]
        kept = count(said[-1]) if said else None
        if kept is not None:
            found[limit] = kept
        for one in said[:-1]:
            if one is not None and count(one) not in (None, kept):
                template = gettext_noop(
                    "not carried over: limits are those of %(name)s, the phase that decides, and it has another or none"
                )
                last = pairs(phases[-1])
                name = next((text(last[key]) for key in ("name", "label", "codename") if key in last), str(len(phases)))
                findings.note(one.line, one.path, template, name=name)
    return found


def moment(located: Located | None, findings: Findings) -> datetime | None:
    """A date with its hour and offset as written. Without an offset it is UTC, and that is noted."""
    if located is None or located.value is None:
        return None
    written = text(located)
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        template = gettext_noop("%(written)s is no date; write 2024-01-31 23:59:00+01:00")
        findings.wrong(located.line, located.path, template, written=written or "?")
        return None
    if found.tzinfo is None:
        template = gettext_noop("%(written)s has no offset: read as UTC, %(read)s")
        found = found.replace(tzinfo=UTC)
        findings.note(located.line, located.path, template, written=written, read=found.isoformat())
    return found
