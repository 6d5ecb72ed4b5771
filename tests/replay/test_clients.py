"""What a replay does besides HTTP: figures of processes, and the clock's file."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from replay.measure import Meter, cpu_seconds, memory_bytes
from replay.site import ReplaySite


def test_a_stage_is_measured_in_the_processes_of_the_site() -> None:
    own = {os.getsid(0)}
    assert cpu_seconds(own) > 0 and memory_bytes(own) > 1_000_000
    assert cpu_seconds(set()) == 0
    meter = Meter(lambda: own, lambda: 7, lambda: 42)
    for _ in range(2):
        with meter.stage("Once more") as figures:
            sum(range(10_000))
            figures.rows = 3
    assert list(meter.stages) == ["Once more", "Once more (2)"]
    figures = meter.stages["Once more (2)"]
    assert (figures.queue, figures.database, figures.rows) == (7, 42, 3) and figures.memory > 0


def test_the_clock_of_a_site_goes_to_a_date_and_runs_on(tmp_path: Path) -> None:
    site = ReplaySite(tmp_path, workers=1)
    moment = datetime(2019, 9, 11, 7, 0, tzinfo=UTC)
    site.go_to(moment)
    assert moment <= site.now() < moment + timedelta(minutes=5)
    assert [file.name for file in tmp_path.iterdir()] == ["clock"]
