"""Writes audit records with the change they tell of, chains them afterwards, and verifies the chain."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Max

from core.actors import Actor, person_of
from core.models import AuditRecord


def record(
    *,
    verb: str,
    subject: models.Model,
    actor: Actor = None,
    before: str = "",
    after: str = "",
    reason: str = "",
    detail: Mapping[str, Any] | None = None,
    challenge_id: int | None = None,
) -> AuditRecord:
    """One record, in the caller's transaction. `actor` None is the platform itself."""
    return AuditRecord.objects.create(
        actor=person_of(actor),
        verb=verb[:60],
        subject_kind=subject._meta.model_name or "",
        subject_id=str(subject.pk),
        before=before,
        after=after,
        reason=reason,
        detail=dict(detail or {}),
        challenge_id=challenge_id,
    )


def _link(previous: str, row: AuditRecord) -> str:
    body = [
        previous,
        row.sequence,
        row.at.isoformat(timespec="microseconds"),
        row.actor_id,
        row.verb,
        row.subject_kind,
        row.subject_id,
        row.challenge_id,
        row.before,
        row.after,
        row.reason,
        row.detail,
    ]
    text = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hmac.new(settings.AUDIT_KEY, text.encode(), hashlib.sha256).hexdigest()


def chain_records(limit: int = 500) -> int:
    """Links records that are not in the chain yet, in the order of their ids; the sweep's task, so that no writer waits.

    Links are computed before the lock is taken, and written only if no other sweeper was faster.
    """
    unlinked = AuditRecord.objects.filter(sequence__isnull=True).order_by("id")
    if not unlinked.exists():
        return 0
    # The end is read before the rows: rows that another sweeper links in between then show as an end that has moved.
    end = _end_of_chain()
    rows = list(unlinked[:limit])
    sequence, previous = end
    for row in rows:
        sequence += 1
        row.sequence = sequence
        row.chain = previous = _link(previous, row)
    with transaction.atomic():
        # Two sweepers may run: the oldest record is their common lock, and the end of the chain is read again behind it.
        AuditRecord.objects.order_by("id").select_for_update().first()
        if _end_of_chain() != end:
            return 0
        AuditRecord.objects.bulk_update(rows, ["sequence", "chain"], batch_size=50)
    return len(rows)


def _end_of_chain() -> tuple[int, str]:
    last = AuditRecord.objects.filter(sequence__isnull=False).order_by("-sequence").first()
    return (last.sequence or 0, last.chain) if last else (0, "")


def broken_links() -> Iterator[int]:
    """Sequence numbers at which the chain does not hold: a record edited, removed or put in later."""
    expected, previous = 1, ""
    for row in AuditRecord.objects.filter(sequence__isnull=False).order_by("sequence").iterator():
        if row.sequence != expected or not hmac.compare_digest(row.chain, _link(previous, row)):
            yield row.sequence or 0
        expected, previous = (row.sequence or 0) + 1, row.chain


def chain_head() -> tuple[int, str]:
    """Sequence number and HMAC of the newest link, to be exported and kept elsewhere."""
    newest = AuditRecord.objects.aggregate(newest=Max("sequence"))["newest"] or 0
    row = AuditRecord.objects.filter(sequence=newest).first()
    return newest, row.chain if row else ""
