"""The doctor's checks of what the site talks to: database, Redis, stores, mail."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.mail import get_connection
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from redis import Redis, RedisError

from core.clock import database_now
from core.operation.findings import SiteFinding, ok, problem, warning
from core.storage import store

MOST_CLOCK_SECONDS = 2.0  # leases are 60 s; files get their times from this host, rows from the database


def database() -> Iterator[SiteFinding]:
    try:
        began = time.monotonic()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        elapsed = (time.monotonic() - began) * 1000
    except DatabaseError as error:
        yield problem(
            "database",
            f"The database does not answer ({type(error).__name__}).",
            "Start the database, and check address, user and password in CONCOURS_DATABASE.",
        )
        return
    yield ok("database", f"The database ({connection.vendor}) answers in {elapsed:.0f} ms.")
    if connection.vendor == "postgresql":
        yield from _postgres()


def _postgres() -> Iterator[SiteFinding]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('transaction_read_only'), pg_is_in_recovery()")
        read_only, replica = cursor.fetchone()
        cursor.execute("SELECT count(*), current_setting('max_connections')::int FROM pg_stat_activity")
        used, most = cursor.fetchone()
        cursor.execute("SELECT current_setting('fsync'), current_setting('synchronous_commit')")
        durable = cursor.fetchone()
    if read_only == "on" or replica:
        yield problem("database", "The database is read-only.", "Point CONCOURS_DATABASE to the primary server.")
    if used > 0.8 * most:
        yield warning(
            "database",
            f"{used} of {most} connections of the database are used.",
            "Raise max_connections, or lower CONCOURS_THREADS and `pool` in CONCOURS_DATABASE.",
        )
    if durable[0] != "on" or durable[1] == "off":
        yield problem(
            "database",
            "The database acknowledges changes before they are on the disk.",
            "Set fsync and synchronous_commit to on.",
        )


def migrations() -> Iterator[SiteFinding]:
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return  # `database` has said it
    if missing:
        first = missing[0][0]
        yield problem(
            "migrations",
            f"{len(missing)} migrations are not applied; the first is {first.app_label} {first.name}.",
            "Back up, then run `manage.py migrate`.",
        )
    else:
        yield ok("migrations", "All migrations are applied.")


def redis() -> Iterator[SiteFinding]:
    if settings.REDIS_URL == "none":
        yield ok("redis", "No Redis is configured; workers look for tasks themselves.")
        return
    client = Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2)
    try:
        persistent = client.info("persistence")
        memory = client.info("memory")
    except (RedisError, OSError) as error:
        yield problem(
            "redis",
            f"Redis does not answer ({type(error).__name__}). Pages are computed without a cache and tasks start late.",
            "Start Redis, and check CONCOURS_REDIS.",
        )
        return
    yield ok("redis", "Redis answers.")
    if not persistent.get("aof_enabled"):
        yield warning(
            "redis",
            "Redis has no append-only file: a restart delays tasks.",
            "Start redis-server with --appendonly yes.",
        )
    if 0 < memory.get("maxmemory", 0) < 1.2 * memory["used_memory"]:
        yield warning("redis", "The memory of Redis is nearly full.", "Raise maxmemory.")


def stores() -> Iterator[SiteFinding]:
    for name in settings.STORES:
        key = f"doctor-{uuid.uuid4().hex}"
        try:
            saved = store(name).save(key, ContentFile(b"doctor"))
            store(name).delete(saved)
        except Exception as error:  # whatever the store's client raises
            yield problem(
                "stores",
                f"The store '{name}' cannot be written ({type(error).__name__}).",
                "Run `manage.py make_stores`, and check CONCOURS_FILES, or address and credentials of the object store.",
            )
        else:
            yield ok("stores", f"The store '{name}' can be written.")


def clock() -> Iterator[SiteFinding]:
    try:
        difference = abs((database_now() - datetime.now(UTC)).total_seconds())
    except DatabaseError:
        return
    if difference > MOST_CLOCK_SECONDS:
        yield problem(
            "clock",
            f"The clocks of this host and of the database differ by {difference:.0f} s.",
            "Synchronise both by NTP: deadlines follow the database, files follow this host.",
        )
    else:
        yield ok("clock", "The clocks of this host and of the database agree.")
    year = datetime.now(UTC).year
    if year < 2025:
        yield problem("clock", f"The clock of this host says {year}.", "Synchronise it by NTP.")


def mail() -> Iterator[SiteFinding]:
    backend = settings.EMAIL_BACKEND.rsplit(".", 2)[-2]
    if backend != "smtp":
        advice = "Set CONCOURS_MAIL_BACKEND to Django's smtp backend, and CONCOURS_SMTP_HOST."
        yield warning("mail", f"Mails go to '{backend}', not to people.", advice)
        return
    try:
        connection_to_server = get_connection(timeout=5)
        connection_to_server.open()
        connection_to_server.close()
    except OSError as error:  # of the network; smtplib's errors are OSErrors too
        yield problem(
            "mail",
            f"The mail server {settings.EMAIL_HOST}:{settings.EMAIL_PORT} does not take mails ({type(error).__name__}).",
            "Check CONCOURS_SMTP_HOST, _PORT, _USER, _PASSWORD and _TLS.",
        )
    else:
        yield ok("mail", "The mail server answers.")
