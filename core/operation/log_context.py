"""What is being done just now in this thread: the request or the task that a line of the log belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class RequestNotes:
    """A request under way. `route` is filled in once it is known; never the path, which may contain a key."""

    id: str
    route: str = ""


@dataclass(frozen=True)
class TaskNotes:
    """A task under way."""

    work_id: int
    stage: str


current_request: ContextVar[RequestNotes | None] = ContextVar("current_request", default=None)
current_task: ContextVar[TaskNotes | None] = ContextVar("current_task", default=None)


@contextmanager
def working_on(work_id: int, stage: str) -> Iterator[None]:
    """Lines of the log inside the block belong to this task."""
    token = current_task.set(TaskNotes(work_id, stage))
    try:
        yield
    finally:
        current_task.reset(token)
