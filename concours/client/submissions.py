"""A team's submission as the site describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SETTLED = ("scored", "rejected", "failed", "cancelled")
"""The states that do not change any more."""


@dataclass(frozen=True)
class SubmissionReport:
    """`errors` and `notes` in words; `reason`: why it was not scored; `scores` by name, as far as the team may see them."""

    id: str
    phase: str
    state: str
    errors: tuple[str, ...]
    notes: tuple[str, ...]
    reason: str
    scores: Mapping[str, Any]

    @property
    def is_settled(self) -> bool:
        return self.state in SETTLED

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> SubmissionReport:
        """From an answer of `submissions/`."""
        return cls(
            id=str(document["id"]),
            phase=str(document["phase"]),
            state=str(document["state"]),
            errors=tuple(str(error.get("message", error)) for error in document["errors"]),
            notes=tuple(str(note.get("message", note)) for note in document["notes"]),
            reason=str(document["reason"]),
            scores=document["scores"] or {},
        )
