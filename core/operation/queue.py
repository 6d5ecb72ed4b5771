"""The doctor's checks of the queue: do workers and sweepers live, and does work end?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError
from django.utils.module_loading import import_string

from core.audit import broken_links
from core.clock import database_now
from core.models import AuditRecord, Work
from core.operation.findings import SiteFinding, ok, problem, warning

SWEEP_SECONDS = 30  # a sweep comes every 2 s
WAITS_LONG = timedelta(minutes=10)


def workers() -> Iterator[SiteFinding]:
    try:
        yield from (_celery() if settings.CELERY_BROKER_URL else _embedded())
        yield from _work()
    except DatabaseError:
        return  # `database` has said it


def _embedded() -> Iterator[SiteFinding]:
    turn = Path(settings.DATA) / "sweep.turn"
    age = time.time() - turn.stat().st_mtime if turn.exists() else None
    if age is None or age > SWEEP_SECONDS:
        since = "has never run here" if age is None else f"was last heard of {age:.0f} s ago"
        yield problem("workers", f"The worker {since}.", "Start `manage.py work`, or the site by `make run`.")
    else:
        yield ok("workers", f"A worker was heard of {age:.0f} s ago.")


def _celery() -> Iterator[SiteFinding]:
    try:
        answers = import_string("config.celery.app").control.ping(timeout=2.0)
    except Exception as error:  # whatever the broker's client raises; `redis` says what to do
        yield problem("workers", f"Workers cannot be asked ({type(error).__name__}).", "Start Redis.")
        return
    if answers:
        yield ok("workers", f"{len(answers)} workers answer.")
    else:
        yield problem(
            "workers", "No worker answers.", "Start `celery -A config.celery worker`, or the service `worker`."
        )
    oldest = AuditRecord.objects.filter(sequence__isnull=True).order_by("id").first()
    age = (database_now() - oldest.at).total_seconds() if oldest else 0.0
    if age > SWEEP_SECONDS:
        sentence = f"The audit trail has not been chained for {age:.0f} s: no sweeper runs."
        yield problem("sweeper", sentence, "Start `manage.py sweep`, or the service `sweeper`.")
    else:
        yield ok("sweeper", "The audit trail is chained up to now.")


def _work() -> Iterator[SiteFinding]:
    now = database_now()
    silent = Work.objects.filter(state=Work.State.RUNNING, lease_until__lt=now - timedelta(seconds=SWEEP_SECONDS))
    late = Work.objects.filter(state=Work.State.WAITING, run_at__lt=now - WAITS_LONG).count()
    failed = Work.objects.filter(state=Work.State.FAILED).count()
    if lost := silent.count():
        advice = "Start workers; they take over what others left."
        yield problem("queue", f"{lost} tasks are held by workers that no longer answer.", advice)
    if late:
        yield problem("queue", f"{late} tasks have waited for more than ten minutes.", "Start more workers.")
    if failed:
        advice = "See Tasks on the consoles; retry what the platform failed at."
        yield warning("queue", f"{failed} tasks have failed.", advice)
    if not (lost or late or failed):
        yield ok("queue", "No task has failed or waits for long.")


def audit() -> Iterator[SiteFinding]:
    try:
        broken = next(broken_links(), None)
    except DatabaseError:
        return
    if broken is None:
        yield ok("audit", "The audit trail is an unbroken chain.")
    else:
        advice = "Run `manage.py verify_audit`; check that CONCOURS_AUDIT_KEY is the one of this site."
        yield problem("audit", f"The audit trail is broken at record {broken}.", advice)
