"""The two sides of a comparison of files, and what may be wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from concours.formats.fault import FormatError


class ComparisonError(ValueError):
    """A call that makes no sense: an unknown metric or parameter, files that do not fit together."""


class UnreadableTruthError(Exception):
    """The truth itself cannot be read."""


@dataclass(frozen=True)
class Pair:
    """One thing to score: both sides, as the metric takes them."""

    truth: Any
    prediction: Any


def read_truth(read: Callable[..., Any], *arguments: Any) -> Any:
    """Read a truth: what is wrong with it is the organiser's fault, not the team's."""
    try:
        return read(*arguments)
    except (FormatError, OSError) as error:
        raise UnreadableTruthError(str(error)) from error
