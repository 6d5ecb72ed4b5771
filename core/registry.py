"""What apps register by name in `AppConfig.ready()`, so that `core` and lower apps never import a higher one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Stage:
    """A stage's name, the dotted path of its function, and of what to do when its work has failed for good."""

    name: str
    perform: str
    on_failed: str = ""


_stages: dict[str, Stage] = {}
_sweepers: dict[str, str] = {}
_wakers: dict[str, Callable[[int], Any]] = {}


def register_stage(name: str, perform: str, *, on_failed: str = "") -> None:
    """Functions are named by dotted path, so that web processes import no engine."""
    _stages[name] = Stage(name, perform, on_failed)


def register_sweeper(name: str, function: str) -> None:
    """A function without arguments that the sweep calls every round; it must be quick and may run anywhere, any time."""
    _sweepers[name] = function


def register_waker(stage: str, send: Callable[[int], Any]) -> None:
    """How to wake a worker for a stage (Celery's `task.delay`); without one, workers look for themselves."""
    _wakers[stage] = send


def stages() -> dict[str, Stage]:
    return _stages


def sweepers() -> dict[str, str]:
    return _sweepers


def waker(stage: str) -> Callable[[int], Any] | None:
    return _wakers.get(stage)
