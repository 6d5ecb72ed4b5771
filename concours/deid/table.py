"""The table of attributes: what PS3.15 E.1-1 does to each, and what we decided where it is silent."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

TABLE = Path(__file__).resolve().parent / "profile" / "table.json"


@dataclass(frozen=True, slots=True)
class AttributeRow:
    """One attribute. `action` and `options` (option -> letter) are the standard's; `unlisted` is our decision for an attribute
    that the standard does not list. A narrative is free text that no cleaner can be trusted with; an attribute that is filled
    came with edition 2026c.
    """

    keyword: str
    vr: str
    action: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    unlisted: str = ""
    is_narrative: bool = False
    is_filled: bool = False


@cache
def table() -> dict[str, AttributeRow]:
    """The rows of table.json by tag."""
    return {
        tag: AttributeRow(
            keyword=row["k"],
            vr=row["vr"],
            action=row.get("a", ""),
            options=row.get("o", {}),
            unlisted=row.get("u", ""),
            is_narrative=row.get("narrative", False),
            is_filled=bool(row.get("filled")),
        )
        for tag, row in json.loads(TABLE.read_text("utf-8")).items()
    }
