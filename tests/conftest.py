"""For every test: no network but this machine's own, what a mark needs or a skip that says why, the sample images."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.databases import fresh_postgres, fresh_sqlite, swapped_default
from tests.pages.edition_fixtures import as_, edition
from tests.presence import ABSENT_WORDS, absences, sample_dir

# The small edition and clients of its people, for every test that asks for them.
__all__ = ["as_", "edition"]

# The same examples in every run, however slow the machine is: a failure is the code's, and can be repeated.
hypothesis.settings.register_profile("concours", deadline=None, derandomize=True)
hypothesis.settings.load_profile("concours")

_connect = socket.socket.connect


def _is_local(address: Any) -> bool:
    if not isinstance(address, tuple):  # a Unix socket's path
        return True
    try:
        return ipaddress.ip_address(str(address[0]).split("%")[0]).is_loopback
    except ValueError:
        return address[0] == "localhost"


def _guarded(self: socket.socket, address: Any) -> None:
    if not _is_local(address):
        raise RuntimeError(f"a test tried to reach {address!r}; tests speak to this machine only")
    _connect(self, address)


def pytest_configure(config: pytest.Config) -> None:
    socket.socket.connect = _guarded  # type: ignore[assignment, method-assign]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = absences()
    for item in items:
        for mark, why in missing.items():
            if item.get_closest_marker(mark):
                item.add_marker(pytest.mark.skip(reason=f"{why} {ABSENT_WORDS[mark]}"))


@pytest.fixture(scope="session")
def sample() -> Path:
    """The folder of real images, for tests marked `sample`."""
    return sample_dir()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def any_database(request: pytest.FixtureRequest, tmp_path: Path, django_db_blocker: Any) -> Iterator[str]:
    """A new, migrated database, SQLite and PostgreSQL in turn, as `default` of every thread; its address for processes."""
    with django_db_blocker.unblock():
        source = fresh_sqlite(tmp_path / "fresh.sqlite3") if request.param == "sqlite" else fresh_postgres()
        with source as url, swapped_default(url):
            yield url


@pytest.fixture
def postgres_database(django_db_blocker: Any) -> Iterator[str]:
    """A new, migrated PostgreSQL database, for tests marked `postgres`; its address."""
    with django_db_blocker.unblock(), fresh_postgres() as url, swapped_default(url):
        yield url
