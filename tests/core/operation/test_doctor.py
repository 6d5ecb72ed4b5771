"""The doctor: each part well and broken, the sentence that says so, the exit code."""

from __future__ import annotations

import json
import shutil
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from core.models import Work
from core.operation import machine, services
from core.operation.doctor import CHECKS, examine, is_well
from core.operation.findings import Health
from tests.processes import free_port

pytestmark = pytest.mark.django_db


def healths(*names: str) -> set[Health]:
    return {finding.health for finding in examine(names)}


def test_every_check_says_something_here(settings: Any) -> None:
    findings = examine()
    assert {finding.check for finding in findings} >= set(CHECKS) - {"workers"} | {"workers", "queue"}
    for finding in findings:
        assert finding.sentence.endswith(".")
        assert bool(finding.advice) == (finding.health != Health.OK), finding


def test_the_parts_that_a_test_has_are_well(settings: Any) -> None:
    assert healths("database", "migrations", "redis", "stores", "clock", "audit", "sandbox") == {Health.OK}
    for name in settings.STORES:
        folder = Path(settings.FILES_DIR) / name
        assert not list(folder.glob("doctor*")) if folder.exists() else True


def test_a_store_that_cannot_be_written_is_a_problem(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    storages = {name: dict(entry) for name, entry in settings.STORAGES.items()}
    storages["sealed"] = {**storages["sealed"], "OPTIONS": {"location": tmp_path / "file"}}
    settings.STORAGES = storages
    problems = [finding for finding in examine(["stores"]) if finding.health == Health.PROBLEM]
    assert len(problems) == 1 and "'sealed'" in problems[0].sentence and "make_stores" in problems[0].advice


def test_redis_and_mail_that_do_not_answer_are_problems(settings: Any) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    assert healths("redis") == {Health.PROBLEM}
    assert healths("mail") == {Health.PROBLEM}


def test_a_full_disk_keys_of_others_and_plain_http_are_problems(settings: Any, tmp_path: Path) -> None:
    settings.KEYS_DIR = tmp_path / "keys"
    settings.KEYS_DIR.mkdir(mode=0o755)
    assert Health.PROBLEM in healths("folders")
    settings.KEYS_DIR.chmod(0o700)
    assert healths("folders") == {Health.OK}
    settings.UPLOAD_FREE_SPACE_FLOOR = 10 * shutil.disk_usage(tmp_path).total
    assert healths("disk") == {Health.PROBLEM}
    settings.SITE_ORIGIN, settings.ALLOWED_HOSTS = "http://challenge.example.org", ["challenge.example.org"]
    assert healths("names") == {Health.PROBLEM}
    settings.ALLOWED_HOSTS = ["elsewhere.example.org"]
    assert "CONCOURS_HOSTS" in next(iter(machine.names())).sentence


def test_a_missing_migration_and_a_wrong_clock_are_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'leaderboard'")
    assert healths("migrations") == {Health.PROBLEM}
    real = services.database_now()
    monkeypatch.setattr(services, "database_now", lambda: real.replace(year=real.year - 1))
    assert healths("clock") == {Health.PROBLEM}


def test_a_worker_that_is_silent_and_work_that_failed_are_told(settings: Any, tmp_path: Path) -> None:
    settings.DATA = tmp_path
    assert healths("workers") >= {Health.PROBLEM}
    (tmp_path / "sweep.turn").write_bytes(b".")
    assert healths("workers") == {Health.OK}
    Work.objects.create(stage="receive", subject_id="1", state="failed", reason="DiskFull")
    assert healths("workers") == {Health.OK, Health.WARNING}


def test_a_check_that_breaks_is_a_problem_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHECKS, "clock", lambda: iter([1 // 0]))
    findings = examine(["clock", "database"])
    assert [finding.health for finding in findings][:2] == [Health.PROBLEM, Health.OK]
    assert "ZeroDivisionError" in findings[0].sentence and not is_well(findings)


def test_the_command_ends_with_1_for_a_problem_and_speaks_json(settings: Any, tmp_path: Path) -> None:
    out = StringIO()
    call_command("doctor", "--only", "database,clock", stdout=out)
    assert "ok      database" in out.getvalue()
    settings.DATA, out = tmp_path, StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", "--only", "workers", "--json", stdout=out)
    assert ended.value.code == 1
    document = json.loads(out.getvalue())
    assert document["well"] is False
    assert set(document["findings"][0]) == {"check", "health", "sentence", "advice"}
    with pytest.raises(SystemExit) as wrong:
        call_command("doctor", "--only", "weather", stderr=StringIO())
    assert wrong.value.code == 2
