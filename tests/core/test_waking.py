"""Waking workers through a broker: after the commit, once, and never in the way of the person who caused the work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from core.registry import register_waker
from core.work import enqueue, sweep
from tests.core.conftest import perform_probe
from tests.core.test_environment import PRODUCTION
from tests.processes import environment, free_port, manage


@pytest.fixture
def sent(stage: Any, settings: Any) -> list[int]:
    """What a broker would have been sent."""
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:6379/9"
    messages: list[int] = []
    stage("probe", perform_probe)
    register_waker("probe", messages.append)
    return messages


def test_a_worker_is_woken_after_the_commit(any_database: str, sent: list[int]) -> None:
    with transaction.atomic():
        row = enqueue("probe", "1")
        assert sent == []
    assert sent == [row.pk]


def test_the_sweep_wakes_again_for_what_still_waits(any_database: str, sent: list[int]) -> None:
    row = enqueue("probe", "1")
    assert sweep()["woken"] == 1
    assert sent == [row.pk, row.pk]


@pytest.mark.postgres
def test_a_broker_that_is_away_fails_nobody_and_keeps_nobody_waiting(postgres_database: str, tmp_path: Path) -> None:
    code = (
        "import time; from core.models import Work; from core.work import enqueue; b = time.monotonic();"
        "enqueue('receive', '1'); enqueue('receive', '2');"
        "print(round(time.monotonic() - b, 1), set(Work.objects.values_list('state', flat=True)))"
    )
    nobody = f"redis://127.0.0.1:{free_port()}/0"
    env = {**environment(tmp_path, postgres_database), **PRODUCTION, "CONCOURS_REDIS": nobody}
    seconds, states = manage(env, "shell", "--no-imports", "-c", code).split()
    assert states == "{'waiting'}"
    assert float(seconds) < 4  # with the broker's own retries it is 13
