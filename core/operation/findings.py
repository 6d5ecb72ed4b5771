"""What a check of the doctor found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    OK = "ok"
    WARNING = "warning"  # works, but not for long or not safely
    PROBLEM = "problem"


@dataclass(frozen=True)
class SiteFinding:
    """One fact of the site in a sentence, and what to do about it where it is not well."""

    check: str
    health: Health
    sentence: str
    advice: str = ""


Check = Callable[[], Iterator[SiteFinding]]


def ok(check: str, sentence: str) -> SiteFinding:
    return SiteFinding(check, Health.OK, sentence)


def warning(check: str, sentence: str, advice: str) -> SiteFinding:
    return SiteFinding(check, Health.WARNING, sentence, advice)


def problem(check: str, sentence: str, advice: str) -> SiteFinding:
    return SiteFinding(check, Health.PROBLEM, sentence, advice)
