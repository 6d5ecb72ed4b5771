"""Fields worked out by a question's published rule instead of asked from a centre. Plain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from concours.questions.schema import DeriveSpec


def any_row(rows: Iterable[Mapping[str, Any]], derive: DeriveSpec) -> bool:
    """Whether one row has one column above its threshold (at it, where the question counts the threshold in)."""
    return any(_above(row, derive) for row in rows)


def _above(row: Mapping[str, Any], derive: DeriveSpec) -> bool:
    for column, threshold in derive.over.items():
        value = row.get(column)
        if isinstance(value, int | float) and (value > threshold or (derive.inclusive and value == threshold)):
            return True
    return False
