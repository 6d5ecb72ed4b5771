"""What a centre sent for one field of an exam, before it is read; crosses to a child process as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class GivenField:
    """`declared` is the field's block of the question file; `path` names an annotation's file, `value` is a clinical value.

    A field with neither is missing. `called` is our own name of the file, which damages are reported under.
    """

    declared: Mapping[str, Any] = field(default_factory=dict)
    path: str = ""
    called: str = ""
    value: Any = None

    def to_json(self) -> dict[str, Any]:
        return {"declared": dict(self.declared), "path": self.path, "called": self.called, "value": self.value}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> GivenField:
        return cls(
            document.get("declared") or {},
            document.get("path") or "",
            document.get("called") or "",
            document.get("value"),
        )


def given_fields(documents: Mapping[str, Mapping[str, Any]]) -> dict[str, GivenField]:
    """By field name, as a child process receives them."""
    return {name: GivenField.from_json(document) for name, document in documents.items()}
