"""`manage.py work` as a process of its own: killed at its work, replaced, stopped politely, waiting for its database."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from core.models import Progress, Work
from core.work import enqueue
from tests.core.conftest import perform_probe
from tests.processes import PYTHON, environment, kill, process, wait_until

WORK = [PYTHON, "manage.py", "work", "--pause", "0.05", "--sweep-every", "0.2"]


@pytest.fixture
def place(any_database: str, tmp_path: Path, stage: Any) -> tuple[Path, dict[str, str]]:
    """The folder and the environment of a site with the slow stage."""
    stage("probe", perform_probe)
    data = tmp_path / "data"
    data.mkdir()
    env = environment(
        data,
        any_database,
        DJANGO_SETTINGS_MODULE="tests.core.probe.settings",
        CONCOURS_LEASE_SECONDS="2",
        CONCOURS_HEARTBEAT_SECONDS="1",
    )
    return data, env


def begun(data: Path) -> list[list[str]]:
    file = data / "begun"
    return [line.split() for line in file.read_text().splitlines()] if file.exists() else []


def test_work_of_a_killed_worker_is_done_once_by_the_next(place: tuple[Path, dict[str, str]]) -> None:
    data, env = place
    row = enqueue("probe", "7")
    with process(WORK, env, data / "log") as first:
        wait_until(lambda: len(begun(data)) == 1, 60, "the first try")
        kill(first)
    row.refresh_from_db()
    assert row.state == "running"  # it died with the work in its hands
    (data / "go").touch()
    with process(WORK, env, data / "log"):
        wait_until(lambda: Work.objects.get(pk=row.pk).state == "done", 60, "the second try")
    row.refresh_from_db()
    assert (row.losses, row.attempts) == (1, 0)
    assert len(begun(data)) == 2
    assert Progress.objects.filter(subject_kind="probe", subject_id="7").count() == 1


def test_long_work_keeps_its_lease(place: tuple[Path, dict[str, str]]) -> None:
    data, env = place
    row = enqueue("probe", "8")
    with process(WORK, env, data / "log"), process(WORK, env, data / "log"):
        wait_until(lambda: len(begun(data)) == 1, 60, "the first try")
        first_lease = Work.objects.get(pk=row.pk).lease_until
        wait_until(lambda: Work.objects.get(pk=row.pk).lease_until > first_lease, 20, "a heartbeat")
        wait_until(lambda: Work.objects.get(pk=row.pk).lease_until > first_lease, 20, "a heartbeat")
        (data / "go").touch()
        wait_until(lambda: Work.objects.get(pk=row.pk).state == "done", 20, "the end")
    assert len(begun(data)) == 1


def test_a_worker_that_is_asked_to_stop_finishes_what_it_has(place: tuple[Path, dict[str, str]]) -> None:
    data, env = place
    first = enqueue("probe", "1")
    with process(WORK, env, data / "log") as worker:
        wait_until(lambda: len(begun(data)) == 1, 60, "the work's beginning")
        second = enqueue("probe", "2")
        worker.send_signal(signal.SIGTERM)
        (data / "go").touch()
        assert worker.wait(20) == 0
    assert Work.objects.get(pk=first.pk).state == "done"
    assert Work.objects.get(pk=second.pk).state == "waiting"
