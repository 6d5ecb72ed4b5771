"""One file moves the clock of every process; production refuses it, and nothing real depends on it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from core.clock import SiteNow, database_now
from core.models import User
from core.moved_clock import MovedClock
from tests.core.test_environment import ADDRESS, PRODUCTION
from tests.processes import environment, manage

DAY = timedelta(days=1)
CODE = (
    "from datetime import UTC, datetime; from core.clock import database_now; from core.models import Work; "
    "from django.utils import timezone; "
    "print([round((m - datetime.now(UTC)).total_seconds() / 86400) "
    "for m in (database_now(), timezone.now(), Work().created_at)])"
)


def clock(folder: Path, days: float) -> Path:
    path = folder / "clock"
    path.write_text(str(days * 86400), encoding="ascii")
    return path


def test_replacing_the_file_moves_the_clock_and_it_runs_on(tmp_path: Path) -> None:
    moved = MovedClock(clock(tmp_path, -30))
    assert abs(moved.now() + 30 * DAY - datetime.now(UTC)) < timedelta(seconds=5)
    first = moved.now()
    time.sleep(0.01)
    assert first < moved.now() < first + timedelta(seconds=5)
    fresh = tmp_path / "new"
    fresh.write_text("86400", encoding="ascii")
    fresh.replace(tmp_path / "clock")
    assert abs(moved.now() - DAY - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.parametrize("text", ["", "soon", "nan", "inf", "1e300", "2019-09-11"])
def test_a_file_without_a_number_is_an_error_and_never_real_time(tmp_path: Path, text: str) -> None:
    path = clock(tmp_path, 1)
    moved = MovedClock(path)
    path.unlink()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ImproperlyConfigured, match="holds no number of seconds"):
        moved.now()
    path.unlink()
    with pytest.raises(ImproperlyConfigured):
        moved.offset()


def test_every_clock_of_a_process_is_moved_before_the_models_are_loaded(tmp_path: Path) -> None:
    env = environment(tmp_path, f"sqlite:///{tmp_path}/x", CONCOURS_CLOCK=str(clock(tmp_path, -2600)))
    assert manage(env, "shell", "--no-imports", "-c", CODE).strip() == "[-2600, -2600, -2600]"


def test_production_starts_with_a_moved_clock_only_as_a_rehearsal(tmp_path: Path) -> None:
    env = {**environment(tmp_path, ADDRESS), **PRODUCTION, "CONCOURS_CLOCK": str(clock(tmp_path, 5))}
    with pytest.raises(RuntimeError, match="CONCOURS_CLOCK moves every deadline"):
        manage(env, "check")
    assert "no issues" in manage({**env, "CONCOURS_CLOCK_REHEARSAL": "1"}, "check")


@pytest.mark.django_db
def test_conditions_in_queries_follow_the_moved_clock(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    User.objects.create_user("paul@example.org", None)
    joined = User.objects.filter(date_joined__lte=SiteNow())
    assert joined.exists()
    settings.CLOCK = MovedClock(clock(tmp_path, -1))
    monkeypatch.setattr(timezone, "now", settings.CLOCK.now)
    assert abs(database_now() + DAY - datetime.now(UTC)) < timedelta(seconds=5)
    assert not joined.all().exists()
