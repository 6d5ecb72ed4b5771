"""Claiming and sweeping read the waiting and the running rows by an index, however many rows wait and however many are done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from core.claims import Claim, claim_next
from core.models import Work
from core.sweep import reoffer_dead_workers, sweep

ROWS = 3000
INDEXES = ("waiting_work_in_order", "running_work_by_lease")


def finish(claim: Claim) -> None:
    with claim.finish():
        pass


def plans_of(function: Callable[[], object]) -> dict[str, str]:
    """The plan of each query for many rows of the queue, made with the values that are bound to it."""
    plans: dict[str, str] = {}

    def explain(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT") and "core_work" in sql and '"core_work"."id" = ' not in sql and sql not in plans:
            prefix = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
            plans[sql] = ""
            with connection.cursor() as cursor:
                cursor.execute(prefix + sql, parameters)
                plans[sql] = "\n".join(str(row[-1]) for row in cursor.fetchall())
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(explain):
        function()
    return plans


def test_the_queue_is_read_by_indexes_of_its_states(any_database: str, stage: Any) -> None:
    stage("probe", finish)
    stage("other", finish)
    now = timezone.now()
    lease = now + timedelta(minutes=1)
    Work.objects.bulk_create(Work(stage="probe", subject_id=str(n), state="done", finished_at=now) for n in range(ROWS))
    Work.objects.bulk_create(Work(stage="probe", subject_id=f"w{n}", run_at=now, place_at=now) for n in range(ROWS))
    Work.objects.create(stage="probe", subject_id="r", state="running", lease_until=lease, worker="elsewhere:1")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE core_work")
    for function in (claim_next, sweep, reoffer_dead_workers):
        plans = plans_of(function)
        assert plans, function
        for sql, plan in plans.items():
            assert any(name in plan for name in INDEXES), f"{sql}\n{plan}"
            assert "autoindex" not in plan and "one_work_per_stage_and_subject" not in plan, f"{sql}\n{plan}"


def test_work_of_an_unknown_stage_blocks_nothing(any_database: str, stage: Any) -> None:
    """Rows of an app that a site no longer has stay in the queue, at its head."""
    stage("probe", finish)
    past = timezone.now() - timedelta(days=1)
    Work.objects.bulk_create(Work(stage="gone", subject_id=str(n), run_at=past, place_at=past) for n in range(20))
    Work.objects.create(stage="probe", subject_id="1")
    claim = claim_next()
    assert claim is not None and claim.stage == "probe"
