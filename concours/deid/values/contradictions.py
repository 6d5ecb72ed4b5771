"""One field, several values: in two tables, in two rows or columns of one, in the form and in a table. Which is meant?

Blank cells say nothing, and spellings of one value are one value. Values that differ are never chosen between: the field is left
out, and a reason names both places. Plain: values and places in, one value or a fault out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from concours.formats.fault import Fault, gettext_noop

FORM = "form"
TWO_SOURCES = gettext_noop(
    "“%(field)s” has different values in %(here)s and in %(there)s. Enter the right one, or correct one of the two and send the "
    "exam again."
)
FORM_AND_TABLE = gettext_noop(
    "“%(field)s” has another value in %(table)s than in the form of the upload page. Enter the right one, or correct one of the "
    "two and send the exam again."
)
TWO_ROWS = gettext_noop(
    "“%(field)s” has different values in rows %(first)d and %(second)d of %(table)s. Enter the right one, or correct the table "
    "and send the exam again."
)
TWO_COLUMNS = gettext_noop(
    "“%(field)s” has different values in the columns %(here)s and %(there)s of %(table)s. Enter the right one, or correct the "
    "table and send the exam again."
)
ROW_AND_TABLE = gettext_noop(
    "“%(field)s” has different values in %(here)s, row %(first)d, and in %(there)s, row %(second)d. Enter the right one, or "
    "correct one of the two and send the exam again."
)


@dataclass(frozen=True)
class SentValue:
    """A value as it was sent, and where: the source as people call it, the row (from 1 with the header; 0: none), the column."""

    value: Any
    source: str
    row: int = 0
    column: str = ""

    @property
    def is_blank(self) -> bool:
        return self.value is None or (isinstance(self.value, str) and not self.value.strip())


def contradiction(field: str, sent: Sequence[SentValue], parsed: Callable[[Any], Any]) -> Fault | None:
    """Why no value of the field can be taken; None where all that is not blank are one value. `parsed` gives a value its type."""
    filled = [value for value in sent if not value.is_blank]
    for other in filled[1:]:
        if other.value != filled[0].value and parsed(other.value) != parsed(filled[0].value):
            return _fault(field, filled[0], other)
    return None


def _fault(field: str, first: SentValue, other: SentValue) -> Fault:
    values: dict[str, Any] = {"field": field}
    if FORM in (first.source, other.source):
        table = other if first.source == FORM else first
        template = FORM_AND_TABLE
        values |= {"table": table.source}
    elif first.source == other.source and first.row != other.row:
        template = TWO_ROWS
        values |= {"table": first.source, "first": first.row, "second": other.row}
    elif first.source == other.source:
        template = TWO_COLUMNS
        values |= {"table": first.source, "here": first.column, "there": other.column}
    elif first.row and other.row:
        template = ROW_AND_TABLE
        values |= {"here": first.source, "first": first.row, "there": other.source, "second": other.row}
    else:
        template = TWO_SOURCES
        values |= {"here": first.source, "there": other.source}
    return Fault("contradiction", field, template, values)
