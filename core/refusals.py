"""The one shape of every refusal of the API: `{"reason", "detail", "errors": [{"reason", "where", "message"}]}`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.errors import StepError
from core.words import say


def refusal(reason: str, detail: str, errors: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """`reason` is a code for programs, `detail` the sentence for people; `errors` lists every fault, or is empty."""
    return {"reason": reason, "detail": detail, "errors": list(errors)}


def step_refusal(error: StepError) -> dict[str, Any]:
    """A step's refusal with every fault it carries, in the reader's language."""
    faults = [
        {"reason": fault.reason, "where": fault.where, "message": say(fault.template, fault.values)}
        for fault in getattr(error, "faults", [])
    ]
    return refusal(error.reason, error.words(), faults)
