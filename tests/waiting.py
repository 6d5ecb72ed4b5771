"""Waits for what a process or thread does in its own time: as short as it takes, as long as a busy machine needs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Outcome = TypeVar("Outcome")
PATIENCE = 120.0  # seconds; only a test that fails waits so long


def wait_until(ask: Callable[[], Outcome], seconds: float = PATIENCE, what: str = "it") -> Outcome:
    """The first answer of `ask` that is true."""
    deadline = time.monotonic() + max(seconds, PATIENCE)
    while not (answer := ask()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {seconds:g} s")
        time.sleep(0.02)
    return answer
