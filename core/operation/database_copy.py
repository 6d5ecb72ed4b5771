"""The database as a backup has it: one snapshot while work goes on, and its way back into an empty database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from django.apps import apps
from django.core.management.color import no_style
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from psycopg import sql

from core.operation.backup_files import TableCopy, read_pieces
from core.temporary import lease_folder

WHOLE = "whole"  # the name of SQLite's one copy
NOT_KEPT = "django_session"  # people sign in again
# Rows that migrations make: a database that has no others is empty.
OF_MIGRATIONS = ("django_migrations", "django_content_type", "auth_permission", "django_session")


@dataclass(frozen=True)
class DatabaseSnapshot:
    """A database at one moment. `copies`: each table with a function that reads its copy."""

    copies: list[tuple[TableCopy, Callable[[], Iterator[bytes]]]]


@contextmanager
def snapshot() -> Iterator[DatabaseSnapshot]:
    with _postgres_snapshot() if connection.vendor == "postgresql" else _sqlite_snapshot() as taken:
        yield taken


def server() -> psycopg.Connection[Any]:
    """A connection of our own, beside Django's pool."""
    values = connection.settings_dict
    options = {"host": values["HOST"], "port": values["PORT"], "user": values["USER"], "password": values["PASSWORD"]}
    return psycopg.connect(dbname=values["NAME"], **{name: value for name, value in options.items() if value})


@contextmanager
def _postgres_snapshot() -> Iterator[DatabaseSnapshot]:
    with server() as own:
        own.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        own.read_only = True
        own.execute("SELECT 1")  # the snapshot is taken here
        rows = own.execute(
            "SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position) FROM information_schema.columns"
            " JOIN information_schema.tables USING (table_schema, table_name)"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND is_generated = 'NEVER'"
            " GROUP BY table_name ORDER BY table_name"
        ).fetchall()
        tables = [TableCopy(table, columns, 0) for table, columns in rows if table != NOT_KEPT]
        yield DatabaseSnapshot([(table, partial(_copy_out, own, table)) for table in tables])


def _copy_out(own: psycopg.Connection[Any], table: TableCopy) -> Iterator[bytes]:
    with own.cursor() as cursor, cursor.copy(_copy_statement(table, "TO STDOUT")) as copy:
        for piece in copy:
            yield bytes(piece)


def _copy_statement(table: TableCopy, direction: str) -> sql.Composed:
    columns = sql.SQL(", ").join(sql.Identifier(name) for name in table.columns)
    return sql.SQL("COPY {} ({}) {}").format(sql.Identifier(table.table), columns, sql.SQL(direction))


@contextmanager
def _sqlite_snapshot() -> Iterator[DatabaseSnapshot]:
    with lease_folder("backup") as folder:
        path = folder / "database.sqlite3"
        with (
            closing(sqlite3.connect(connection.settings_dict["NAME"])) as source,
            closing(sqlite3.connect(path)) as copy,
        ):
            source.backup(copy)
            copy.execute("DELETE FROM django_session")  # NOT_KEPT
            copy.commit()

        def read() -> Iterator[bytes]:
            with path.open("rb") as file:
                yield from read_pieces(file)

        yield DatabaseSnapshot([(TableCopy(WHOLE, [], path.stat().st_size), read)])


def applied_migrations() -> list[tuple[str, str]]:
    return sorted(MigrationRecorder(connection).applied_migrations())


def why_not_empty() -> list[str]:
    """What stands in this database that a restored one would mix with; nothing where it is empty."""
    tables = connection.introspection.table_names()
    reasons = []
    with connection.cursor() as cursor:
        for table in sorted(set(tables) - set(OF_MIGRATIONS)):
            first_row = f"SELECT 1 FROM {connection.ops.quote_name(table)} LIMIT 1"  # noqa: S608  (of the schema)
            cursor.execute(first_row)
            if cursor.fetchone():
                reasons.append(f"the table {table} has rows")
    return reasons


def why_not_these(migrations: list[tuple[str, str]]) -> list[str]:
    """Whether this release knows the backup's tables, and the database has none or the same."""
    own_migrations = {key for key in MigrationExecutor(connection).loader.graph.nodes if isinstance(key, tuple)}
    unknown = [f"{app}.{name}" for app, name in migrations if (app, name) not in own_migrations]
    if unknown:
        return [f"this release does not know the backup's migrations {', '.join(unknown[:5])}: use a newer one"]
    here = applied_migrations()
    if here and here != migrations and connection.vendor == "postgresql":
        return ["the database has the tables of another release: give an empty one"]
    return []


def put_back(
    migrations: list[tuple[str, str]], tables: list[TableCopy], read: Callable[[TableCopy], Iterator[bytes]]
) -> None:
    """Fills the empty database, then applies the migrations that are newer than the backup."""
    if connection.vendor == "postgresql":
        if not applied_migrations():
            executor = MigrationExecutor(connection)
            executor.migrate(_last_of(executor, migrations))
        _copy_in(tables, read)
        _reset_sequences()
    else:
        _replace_file(read(tables[0]))
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def _last_of(executor: MigrationExecutor, migrations: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those of the backup's migrations that none of its others follows."""
    graph, present = executor.loader.graph, set(migrations)
    return [key for key in migrations if not any(child.key in present for child in graph.node_map[key].children)]


def _copy_in(tables: list[TableCopy], read: Callable[[TableCopy], Iterator[bytes]]) -> None:
    """In one transaction; foreign keys are deferred, so that the order does not matter."""
    with server() as own, own.cursor() as cursor:
        names = sql.SQL(", ").join(sql.Identifier(table.table) for table in tables)
        cursor.execute(sql.SQL("TRUNCATE {} CASCADE").format(names))
        for table in tables:
            with cursor.copy(_copy_statement(table, "FROM STDIN")) as copy:
                for piece in read(table):
                    copy.write(piece)


def _reset_sequences() -> None:
    models = apps.get_models(include_auto_created=True)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)


def _replace_file(pieces: Iterator[bytes]) -> None:
    path = Path(connection.settings_dict["NAME"])
    connection.close()
    for old in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        old.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for piece in pieces:
            file.write(piece)
