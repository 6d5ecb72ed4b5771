"""Which parts of a phase's scores are out: an app above says it, since rankings stand above submissions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from challenges.models import Phase

_source = ""


def register_revealed(function: str) -> None:
    """The dotted path of a function of a phase that gives the parts whose ranking is published now."""
    global _source
    _source = function


def revealed_parts(phase: Phase) -> frozenset[str]:
    """The parts (all, public, private) whose scores teams may see; none where nobody says otherwise."""
    if not _source:
        return frozenset()
    function: Callable[[Phase], frozenset[str]] = import_string(_source)
    return function(phase)
