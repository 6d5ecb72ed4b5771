"""Rows that several processes may change at the same time: held for a transaction, and numbered one after the other.

Locks are taken in one order everywhere: the row of the work first, then its subject, then the subject's parents. A step that
changes a subject and asks for work on it, or cancels it, therefore calls `enqueue` or `cancel` before it locks the subject.
SQLite has no row locks; its transactions begin IMMEDIATE, so that only one writes at a time.
"""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import models
from django.db.models import Max

Row = TypeVar("Row", bound=models.Model)


def locked(row: Row, *related: str) -> Row:
    """The row as it is now, held until the caller's transaction ends. Rows that refer to it can still be added."""
    rows = type(row)._default_manager.select_for_update(of=("self",), no_key=True)
    return rows.select_related(*related).get(pk=row.pk)


def next_number(
    rows: models.QuerySet[Any] | models.Manager[Any], *, parent: models.Model, field: str = "number"
) -> int:
    """The number after the highest of `rows`, which all belong to `parent`; nobody else gets it before the transaction ends."""
    locked(parent)
    highest = rows.aggregate(highest=Max(field))["highest"]
    return int(highest or 0) + 1
