"""The names a question file may use. Apps above say theirs by dotted path in `AppConfig.ready()`; metrics stand below."""

from __future__ import annotations

from functools import cache

from django.utils.module_loading import import_string

from challenges.spec import Known

_source = ""


def register_known(function: str) -> None:
    """The dotted path of a function without arguments that returns `Known`; the scorer's app gives it."""
    global _source
    _source = function
    known.cache_clear()


@cache
def known() -> Known:
    """Every kind, metric and criterion that exists."""
    names: Known = import_string(_source)()
    return names
