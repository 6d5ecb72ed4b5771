"""New databases for tests that need real commits, several threads or several processes: copies of one migrated template."""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.core.management import call_command
from django.db import connections
from psycopg import sql

from config.database_access import ROLES
from config.environment import database
from tests.presence import POSTGRES_URL


def _named(name: str) -> str:
    parts = urlsplit(POSTGRES_URL)
    return urlunsplit(parts._replace(path=f"/{name}"))


def _admin(statement: str) -> None:
    with psycopg.connect(POSTGRES_URL, autocommit=True) as connection:
        connection.execute(statement.encode())


@contextmanager
def swapped_default(url: str) -> Iterator[None]:
    """`default` is the database at `url` for this and every new thread, until the end."""
    entry, former = connections.settings["default"], connections["default"]
    connections.settings["default"] = {
        **entry,
        "TEST": entry["TEST"],
        "PORT": "",
        "HOST": "",
        "USER": "",
        **database(url),
    }
    del connections["default"]
    try:
        yield
    finally:
        fresh = connections["default"]
        fresh.close()
        if hasattr(fresh, "close_pool"):
            fresh.close_pool()
        connections.settings["default"] = entry
        connections["default"] = former


def _migrate(url: str) -> None:
    with swapped_default(url):
        call_command("migrate", verbosity=0)


@cache
def _sqlite_template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="concours-template-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "template.sqlite3"
    _migrate(f"sqlite:///{path}")
    return path


@cache
def _postgres_template() -> str:
    name = f"concours_template_{os.getpid()}_{uuid.uuid4().hex[:8]}"
    _admin(f'CREATE DATABASE "{name}"')
    atexit.register(_admin, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    _migrate(_named(name))
    return name


@contextmanager
def fresh_sqlite(path: Path) -> Iterator[str]:
    shutil.copyfile(_sqlite_template(), path)
    yield f"sqlite:///{path}"


@contextmanager
def fresh_postgres() -> Iterator[str]:
    name = f"concours_test_{uuid.uuid4().hex}"
    _admin(f'CREATE DATABASE "{name}" TEMPLATE "{_postgres_template()}"')
    try:
        yield _named(name)
    finally:
        _admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@dataclass(frozen=True)
class Roles:
    """The database roles of a test's site: the setting that `manage.py database_roles` reads, and each role's address."""

    passwords: str
    addresses: Mapping[str, str]


@contextmanager
def fresh_roles(url: str) -> Iterator[Roles]:
    """Passwords for roles that the caller makes in the database at `url`; the roles go with the block."""
    parts, words = urlsplit(url), {role: secrets.token_hex(16) for role in ROLES}
    names = {role: f"{parts.path[1:]}_{role}" for role in ROLES}
    addresses = {
        role: urlunsplit(parts._replace(netloc=f"{names[role]}:{words[role]}@{parts.hostname}:{parts.port}"))
        for role in ROLES
    }
    try:
        yield Roles(",".join(f"{role}={word}" for role, word in words.items()), addresses)
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            for name in names.values():
                connection.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)))
                connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))
