"""Settings from the environment: what is wrong stops the start and is named."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import Environment, database
from config.secrets_file import read_or_make_secret
from tests.processes import environment, manage

SECRET = "b7Kq0pZy3mXc8RtW1nVj5LsD9fGh2AeU4iOo6TzQb7Kq0pZy3mXc8RtW"
KEY = base64.b64encode(b"thirty-two bytes and some more..").decode()
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "CONCOURS_SECRET_KEY": SECRET,
    "CONCOURS_AUDIT_KEY": KEY,
    "CONCOURS_REDIS": "redis://127.0.0.1:6379/9",
    "CONCOURS_ORIGIN": "https://concours.example.org",
    "CONCOURS_HOSTS": "concours.example.org",
}
ADDRESS = "postgresql://concours:secret@127.0.0.1:5432/concours"


def test_a_flag_is_1_or_0() -> None:
    env = Environment({"A": "1", "B": "false", "C": "", "D": "perhaps"})
    assert [env.flag("A", False), env.flag("B", True), env.flag("C", True), env.flag("E", False)] == [
        True,
        False,
        True,
        False,
    ]
    with pytest.raises(ImproperlyConfigured, match="D is 'perhaps'; it must be 1 or 0"):
        env.flag("D", False)


@pytest.mark.parametrize("wrong", ["-1", "1.5", "many", "١", "0"])
def test_a_number_is_whole_and_large_enough(wrong: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"N is .*at least 1"):
        Environment({"N": wrong}).number("N", 3, least=1)
    assert Environment({}).number("N", 3, least=1) == 3


def test_a_text_without_default_must_be_given() -> None:
    with pytest.raises(ImproperlyConfigured, match="N is not set"):
        Environment({"N": ""}).text("N")
    assert Environment({"N": "a, b,,c"}).words("N") == ["a", "b", "c"]


@pytest.mark.parametrize(("value", "says"), [("not base64!", "is not base64"), ("c2hvcnQ=", "at least 32 bytes")])
def test_a_key_is_32_bytes_in_base64(value: str, says: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"K {says}|K must hold {says}"):
        Environment({"K": value}).key("K")
    assert len(Environment({"K": f" {KEY[:20]}\n{KEY[20:]} "}).key("K")) == 32


def test_the_database_is_sqlite_with_immediate_transactions_or_postgresql() -> None:
    sqlite = database("sqlite:////data/concours.sqlite3")
    assert sqlite["NAME"] == "/data/concours.sqlite3"
    options = sqlite["OPTIONS"]
    assert isinstance(options, dict)
    assert options["transaction_mode"] == "IMMEDIATE"
    assert options["timeout"] == 20
    assert "journal_mode=WAL" in options["init_command"]
    assert "synchronous=FULL" in options["init_command"]
    postgres = database("postgresql://con%40cours:p%2Fw@db:5433/site?pool=4&sslmode=require")
    assert (postgres["USER"], postgres["PASSWORD"], postgres["HOST"], postgres["PORT"]) == (
        "con@cours",
        "p/w",
        "db",
        "5433",
    )
    assert postgres["OPTIONS"] == {"pool": {"min_size": 1, "max_size": 4}, "sslmode": "require"}
    with pytest.raises(ImproperlyConfigured, match="CONCOURS_DATABASE begins with 'mysql'"):
        database("mysql://x/y")


def test_embedded_secrets_are_made_once_and_readable_by_their_user_alone(tmp_path: Path) -> None:
    first = read_or_make_secret(tmp_path / "keys" / "secret")
    assert len(first) >= 40
    assert read_or_make_secret(tmp_path / "keys" / "secret") == first
    assert (tmp_path / "keys" / "secret").stat().st_mode & 0o077 == 0
    assert [file.name for file in (tmp_path / "keys").iterdir()] == ["secret"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"CONCOURS_SECRET_KEY": ""}, "CONCOURS_SECRET_KEY is not set"),
        ({"CONCOURS_SECRET_KEY": "a" * 60}, "CONCOURS_SECRET_KEY is too short or too plain"),
        ({"CONCOURS_AUDIT_KEY": "short"}, "CONCOURS_AUDIT_KEY"),
        ({"CONCOURS_REDIS": ""}, "CONCOURS_REDIS is not set"),
        ({"CONCOURS_DATABASE": "sqlite:///x"}, "CONCOURS_DATABASE must be a postgresql"),
    ],
    ids=["no secret", "plain secret", "short audit key", "no broker", "sqlite"],
)
def test_production_does_not_start_without_what_it_needs(tmp_path: Path, change: dict[str, str], says: str) -> None:
    with pytest.raises(RuntimeError, match=says):
        manage({**environment(tmp_path, ADDRESS), **PRODUCTION, **change}, "check")


def test_production_passes_djangos_own_deployment_checks(tmp_path: Path) -> None:
    env = {**environment(tmp_path, ADDRESS), **PRODUCTION}
    assert "no issues" in manage(env, "check", "--deploy", "--fail-level", "WARNING")


def test_a_site_with_a_broker_knows_its_task_and_an_embedded_one_loads_no_celery(tmp_path: Path) -> None:
    code = "import sys; print('core.tasks' in sys.modules, 'celery' in sys.modules)"
    env = {**environment(tmp_path, ADDRESS), **PRODUCTION}
    assert manage(env, "shell", "--no-imports", "-c", code).strip() == "True True"
    assert manage(environment(tmp_path, f"sqlite:///{tmp_path}/x"), "shell", "--no-imports", "-c", code).endswith(
        "False\n"
    )


def test_a_web_process_holds_no_library_that_only_workers_use(tmp_path: Path) -> None:
    """The router with every page and route, and what the pages ask of metrics: their names, and how far readers agree."""
    heavy = ("scipy.spatial", "cv2", "onnxruntime", "pandas", "sklearn")
    code = (
        "import sys, config.asgi, config.urls; from concours import metrics; from grading.agreement import _pairs, _fleiss;"
        "grades = {str(n): {1: 'ABCD'[n % 4], 2: 'AACD'[n % 4]} for n in range(8)};"
        "print(metrics.names() and _pairs(grades)[0].kappa > 0.5 and _fleiss(grades, 2).kappa > 0.5,"
        f"[name for name in {heavy!r} if name in sys.modules])"
    )
    manage_result = manage(environment(tmp_path, f"sqlite:///{tmp_path}/x"), "shell", "--no-imports", "-c", code)
    assert manage_result.strip() == "True []"
