"""Celery's side of the queue: one decorator for the whole site. Messages carry an id and only wake a worker."""

from collections.abc import Callable
from typing import Any

from celery import shared_task
from kombu.exceptions import OperationalError

from core.registry import register_waker


def stage_task(stage: str) -> Callable[[Callable[[int], None]], Any]:
    """A task of `stage` with the site's settings: acknowledged late, no result kept (rows are the results)."""

    def wrap(function: Callable[[int], None]) -> Any:
        task = shared_task(name=function.__name__, acks_late=True, ignore_result=True, max_retries=0)(function)

        def send(work_id: int) -> None:
            """One try: a broker that is away must not keep the person waiting whose change is already stored."""
            try:
                task.apply_async((work_id,), retry=False)
            except OperationalError as error:
                raise ConnectionError("the broker does not answer") from error

        register_waker(stage, send)
        return task

    return wrap
