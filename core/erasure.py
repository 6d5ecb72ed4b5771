"""Erases objects from the stores for certain: entered in the transaction that decides it, carried out after its commit, and
repeated by the sweep where a store was away or a worker was still writing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from core.clock import database_now
from core.models import Erasure
from core.storage import erase, erase_owner

logger = logging.getLogger(__name__)
AT_ONCE = 200  # a sweep


def erase_after_commit(objects: Iterable[tuple[str, str]]) -> None:
    """`(store, key)`, each one object or, with a slash at the end of the key, all of one owner. In the caller's transaction."""
    now = database_now()
    rows = [
        Erasure.objects.update_or_create(store=store, key=key, defaults={"asked_at": now, "done_at": None})[0]
        for store, key in dict.fromkeys(objects)
        if key
    ]
    transaction.on_commit(lambda: [_carry_out(row) for row in rows])


def keep_object(store: str, key: str) -> None:
    """The object is in use again: it is no longer to be erased. In the transaction that makes it so."""
    Erasure.objects.filter(store=store, key=key).delete()


def is_erased(keys: Iterable[str]) -> bool:
    """Whether nothing that was to leave a store under these keys is still there."""
    return not Erasure.objects.filter(key__in=list(keys), done_at=None).exists()


def sweep_erasures() -> int:
    """Repeats what could not be erased, and erases once more what a worker may have written meanwhile."""
    settled = database_now() - timedelta(seconds=settings.WORK_LEASE_SECONDS)
    due = Q(done_at=None) | Q(asked_at__lte=settled)
    count = 0
    for row in Erasure.objects.filter(due).order_by("pk")[:AT_ONCE]:
        again = row.done_at is None or row.key.endswith("/")
        if not again or _carry_out(row):
            count += Erasure.objects.filter(pk=row.pk, asked_at__lte=settled).delete()[0]
    return count


def _carry_out(row: Erasure) -> bool:
    try:
        if row.key.endswith("/"):
            erase_owner(row.store, row.key.rstrip("/"))
        else:
            erase(row.store, row.key)
    except Exception as error:  # whatever a store raises: the row stays, and the sweep tries again
        logger.warning("erasure %s from %s: %s", row.pk, row.store, type(error).__name__)
        return False
    Erasure.objects.filter(pk=row.pk, asked_at=row.asked_at, done_at=None).update(done_at=database_now())
    return True
