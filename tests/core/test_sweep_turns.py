"""Workers of one machine sweep in turn, and a sweep that finds nothing takes no lock."""

import os
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.audit import chain_records
from core.sweep import sweep_in_turn


@pytest.fixture
def data(settings: Any, tmp_path: Path) -> Path:
    settings.DATA = tmp_path
    return tmp_path


def test_the_second_worker_leaves_it_to_the_first(data: Path, db: None) -> None:
    assert sweep_in_turn(60) is True
    assert sweep_in_turn(60) is False
    assert sweep_in_turn(0) is True


def test_a_round_is_due_again_after_its_time(data: Path, db: None) -> None:
    assert sweep_in_turn(5) is True
    turn = data / "sweep.turn"
    os.utime(turn, (turn.stat().st_atime, turn.stat().st_mtime - 6))
    assert sweep_in_turn(5) is True


def test_a_clock_that_was_set_back_does_not_stop_the_sweep(data: Path, db: None) -> None:
    assert sweep_in_turn(5) is True
    turn = data / "sweep.turn"
    os.utime(turn, (turn.stat().st_atime, turn.stat().st_mtime + 3600))
    assert sweep_in_turn(5) is True


def test_an_idle_chaining_begins_no_transaction(transactional_db: None) -> None:
    with CaptureQueriesContext(connection) as address:
        assert chain_records() == 0
    assert len(address.captured_queries) == 1
