"""The parts whose scores a team may see of its own submission."""

from __future__ import annotations

from challenges.models import Phase
from core.registry import call_hook


def revealed_parts(phase: Phase) -> frozenset[str]:
    """The parts (all, public, private) whose scores teams may see. Rankings stand above submissions: their app answers."""
    return frozenset().union(*call_hook("revealed_parts", phase))


def final_parts(phase: Phase) -> frozenset[str]:
    """The parts of which teams may also see what lies behind their scores: a confusion table tells more than its score."""
    return frozenset().union(*call_hook("final_parts", phase))
