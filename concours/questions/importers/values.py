"""Single values of other platforms' files: dates that keep their hour and offset, yes and no, numbers, texts."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from concours.formats.fault import gettext_noop
from concours.formats.values import parse_boolean
from concours.questions.schema.mistakes import SpecError
from concours.questions.schema.tree import Located, read_tree

from .imported import Findings


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


DAY = re.compile(r"\d{4}-?\d{2}-?\d{2}")
START_DAY = gettext_noop("%(written)s is a day without an hour: read as its first moment in UTC, %(read)s")
END_DAY = gettext_noop(
    "%(written)s is a day without an hour: read as its first moment in UTC, %(read)s, so the phase is already closed on "
    "%(written)s itself. To keep that day open write %(written)s 23:59:59 with an offset"
)
NO_LIMIT = gettext_noop("%(written)s is not a limit above 0: no limit is set here; write the limit you want")
NO_EARLIER_LIMIT = gettext_noop("%(written)s is not a limit above 0: not carried over")


def left_behind(
    located: Mapping[str, Located], carried: Collection[str], why: Mapping[str, str], findings: Findings
) -> None:
    """A note of every pair that is not carried over, with the reason where one is known."""
    for key, value in located.items():
        if key not in carried:
            findings.note(
                value.line, value.path, why.get(key, gettext_noop("not carried over")), written=text(value)[:80]
            )


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
    return parse_boolean(text(located))


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
    limits: dict[str, int] = {}
    for limit, theirs in names.items():
        by_phase = [next((here[key] for key in theirs if key in here), None) for here in map(pairs, phases)]
        deciding = count(by_phase[-1]) if by_phase else None
        if deciding is not None:
            limits[limit] = deciding
        for value in by_phase:
            if value is not None and value.value is not None and count(value) is None:
                template = NO_LIMIT if value is by_phase[-1] else NO_EARLIER_LIMIT
                findings.note(value.line, value.path, template, written=text(value))
        for value in by_phase[:-1]:
            if value is not None and count(value) not in (None, deciding):
                template = gettext_noop(
                    "not carried over: the limits are those of the deciding phase %(name)s, which differ"
                )
                last = pairs(phases[-1])
                name = next((text(last[key]) for key in ("name", "label", "codename") if key in last), str(len(phases)))
                findings.note(value.line, value.path, template, name=name)
    return limits


def moment(located: Located | None, findings: Findings, *, ends: bool = False) -> datetime | None:
    """A date with its hour and offset as written. Without an offset it is UTC, and that is noted; so is a day without an hour,
    which is its first moment: a phase that `ends` on it is closed on that day.
    """
    if located is None or located.value is None:
        return None
    written = text(located)
    try:
        instant = datetime.fromisoformat(written)
    except ValueError:
        template = gettext_noop("%(written)s is not a date; write 2024-01-31 23:59:00+01:00")
        findings.wrong(located.line, located.path, template, written=written or "?")
        return None
    if instant.tzinfo is None:
        template = gettext_noop("%(written)s has no offset: read as UTC, %(read)s")
        if DAY.fullmatch(written):
            template = END_DAY if ends else START_DAY
        instant = instant.replace(tzinfo=UTC)
        findings.note(located.line, located.path, template, written=written, read=instant.isoformat())
    return instant
