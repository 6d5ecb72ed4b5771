"""How a picture writes numbers and names: in the reader's language, which the caller sets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Writing:
    """The decimal sign, what stands between a name and its value, and what stands between two numbers."""

    decimal: str = "."
    colon: str = ": "
    comma: str = ", "


ENGLISH = Writing()
_writing: ContextVar[Writing] = ContextVar("writing", default=ENGLISH)


@contextmanager
def written_as(writing: Writing) -> Iterator[None]:
    """Pictures drawn within are written so."""
    token = _writing.set(writing)
    try:
        yield
    finally:
        _writing.reset(token)


def number(value: float, form: str) -> str:
    """The value by a format specification such as `.3f`, with the language's decimal sign."""
    return format(value, form).replace(".", _writing.get().decimal)


def interval(low: str, high: str) -> str:
    """ "[0.86, 0.93]", of numbers that are written already."""
    return f"[{low}{_writing.get().comma}{high}]"


def named(name: object, value: object) -> str:
    """ "Team: 0.93"."""
    return f"{name}{_writing.get().colon}{value}"
