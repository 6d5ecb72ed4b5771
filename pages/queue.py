"""Work and audit records that an organiser may see, and asking for failed work again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from challenges.models import Challenge
from core.actors import Actor
from core.audit import record
from core.clock import database_now
from core.models import AuditRecord, Work
from core.work import retry

LATE = timedelta(minutes=10)  # work that has been due for longer than this is stuck


def visible_work(user: Any) -> QuerySet[Work]:
    """Work of the challenges that the person organises; all of it for those who run the site."""
    if getattr(user, "is_superuser", False):
        return Work.objects.all()
    return Work.objects.filter(challenge_id__in=Challenge.objects.organised_by(user).values("pk"))


def visible_records(user: Any) -> QuerySet[AuditRecord]:
    if getattr(user, "is_superuser", False):
        return AuditRecord.objects.all()
    return AuditRecord.objects.filter(challenge_id__in=Challenge.objects.organised_by(user).values("pk"))


def stuck() -> Q:
    """Due for a while and not begun, or begun by a worker that no longer beats."""
    now = database_now()
    late = Q(state=Work.State.WAITING, run_at__lt=now - LATE)
    return late | Q(state=Work.State.RUNNING, lease_until__lt=now)


def retry_work(*, row: Work, actor: Actor) -> bool:
    """A person asks for work again, on record. False where a worker is at it."""
    with transaction.atomic():
        if not retry(row.pk):
            return False
        record(
            verb="work asked for again",
            subject=row,
            actor=actor,
            detail={"stage": row.stage, "subject": row.subject_id},
            challenge_id=row.challenge_id,
        )
    return True
