"""Figures of the queue and of this process, for `/metrics`."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q

from core.clock import database_now
from core.models import Work
from core.operation.samples import Sample
from core.registry import stages

WINDOW = timedelta(minutes=5)
MOST_ENDED = 10_000  # of the window: more would not change a quantile
QUANTILES = (0.5, 0.9, 0.99)

# Requests that this process has answered: (route, method, status class) to number and seconds. Threads of Django and the event
# loop add to it; an addition that is lost in between is no harm.
answered: Counter[tuple[str, str, str]] = Counter()
answer_seconds: Counter[tuple[str, str, str]] = Counter()


def queue_samples() -> Iterator[Sample]:
    """Length and age of each stage's queue, and how long work took that has ended within the last five minutes."""
    now = database_now()
    unfinished = [Work.State.WAITING, Work.State.RUNNING, Work.State.FAILED]
    due = Q(state=Work.State.WAITING, run_at__lte=now)
    grouped = (
        Work.objects.filter(state__in=unfinished)
        .order_by()
        .values("stage", "state")
        .annotate(number=Count("pk"), due=Count("pk", filter=due), oldest=Min("run_at", filter=due))
    )
    rows = {(row["stage"], row["state"]): row for row in grouped}
    for stage in stages():
        for state in unfinished:
            row = rows.get((stage, str(state)))
            labels = {"stage": stage, "state": str(state)}
            yield Sample("work", "Tasks in the queue by state.", row["number"] if row else 0, labels)
        waiting = rows.get((stage, str(Work.State.WAITING)))
        oldest = waiting["oldest"] if waiting else None
        age = (now - oldest).total_seconds() if oldest else 0.0
        here = {"stage": stage}
        yield Sample("work_due", "Tasks that could start now.", waiting["due"] if waiting else 0, here)
        yield Sample("work_oldest_due_seconds", "Age of the oldest task that could start now.", age, here)
    yield from _ended(now)


def _ended(now: datetime) -> Iterator[Sample]:
    ended = Work.objects.filter(state=Work.State.DONE, finished_at__gte=now - WINDOW).order_by("-finished_at")
    by_stage: dict[str, list[tuple[float, float]]] = {}
    for stage, since, until, cpu in ended.values_list("stage", "run_at", "finished_at", "cpu_seconds")[:MOST_ENDED]:
        took_seconds = (until - since).total_seconds() if until else 0.0
        by_stage.setdefault(stage, []).append((took_seconds, cpu))
    for stage, pairs in by_stage.items():
        labels = {"stage": stage}
        yield Sample("work_done_5m", "Tasks done in the last five minutes.", len(pairs), labels)
        cpu = sum(pair[1] for pair in pairs)
        yield Sample("work_cpu_seconds_5m", "CPU time of tasks done in the last five minutes.", cpu, labels)
        took = sorted(max(0.0, pair[0]) for pair in pairs)
        for quantile in QUANTILES:
            value = took[min(len(took) - 1, int(quantile * len(took)))]
            help_text = "From due to done, of tasks done in the last five minutes."
            yield Sample("work_seconds_5m", help_text, value, {**labels, "quantile": str(quantile)})


def process_samples() -> Iterator[Sample]:
    """Requests of this process; each has its own series, since a site has several."""
    process = str(os.getpid())
    for key, number in sorted(answered.copy().items()):
        route, method, status = key
        labels = {"route": route, "method": method, "status": status, "process": process}
        yield Sample("requests_total", "Requests answered by a process.", number, labels)
        yield Sample("request_seconds_total", "Wall time of requests of a process.", answer_seconds[key], labels)
