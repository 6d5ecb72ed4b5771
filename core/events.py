"""Events by name: a lower app announces, each app that cares answers with one idempotent handler, in one transaction."""

from __future__ import annotations

from collections import defaultdict

from django.utils.module_loading import import_string

_handlers: dict[str, list[str]] = defaultdict(list)


def register_handler(event: str, function: str) -> None:
    """The dotted path of a function of one argument (the subject's id), called inside the announcer's transaction."""
    if function not in _handlers[event]:
        _handlers[event].append(function)


def announce(event: str, subject_id: str) -> None:
    for function in _handlers[event]:
        import_string(function)(subject_id)
