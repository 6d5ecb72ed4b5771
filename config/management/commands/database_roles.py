"""Makes one PostgreSQL role per kind of process, with the rights of `config/database_access.py` and no others.

Run it as the owner of the tables after each migration. Running it again changes only the passwords.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from psycopg import sql

from config.database_access import ACCESS, ROLES, UNSAMPLED

RIGHTS = {"r": "SELECT", "i": "INSERT", "u": "UPDATE", "d": "DELETE"}


class Command(BaseCommand):
    help = "Makes the database roles of web, intake, worker, scorer and sweeper (CONCOURS_ROLE_PASSWORDS)."

    def handle(self, **options: Any) -> None:
        if connection.vendor != "postgresql":
            raise CommandError("Only PostgreSQL has roles. Nothing was changed.")
        passwords = dict(pair.partition("=")[::2] for pair in settings.ROLE_PASSWORDS)
        if set(passwords) != set(ROLES) or not all(passwords.values()):
            raise CommandError(f"CONCOURS_ROLE_PASSWORDS must give a password to each of {', '.join(ROLES)}.")
        tables = {model._meta.label: model._meta.db_table for model in apps.get_models(include_auto_created=True)}
        if missing := sorted(set(tables) - set(ACCESS)):
            raise CommandError(f"config/database_access.py says nothing of {', '.join(missing)}.")
        with transaction.atomic():
            for role in ROLES:
                _make_role(role, passwords[role])
                for label, table in tables.items():
                    _grant(role, label, table)
            for label, columns in UNSAMPLED.items():
                for column in columns:
                    _do("ALTER TABLE {} ALTER COLUMN {} SET STATISTICS 0", tables[label], column)
        for label in UNSAMPLED:  # forgets the samples that were taken before
            _do("ANALYZE {}", tables[label])
        self.stdout.write(f"{len(ROLES)} roles, {len(tables)} tables")


def role_name(role: str) -> str:
    """Roles belong to the whole server: the database's name keeps those of two sites apart."""
    return f"{connection.settings_dict['NAME']}_{role}"


def _do(template: str, *names: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(template).format(*(sql.Identifier(name) for name in names)))


def _make_role(role: str, password: str) -> None:
    name, database = role_name(role), str(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
        verb = "ALTER" if cursor.fetchone() else "CREATE"
        statement = sql.SQL(verb + " ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT PASSWORD {}")
        cursor.execute(statement.format(sql.Identifier(name), sql.Literal(password)))
    _do("REVOKE ALL ON DATABASE {} FROM PUBLIC", database)
    _do("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    _do("GRANT CONNECT ON DATABASE {} TO {}", database, name)
    _do("GRANT USAGE ON SCHEMA public TO {}", name)
    _do("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}", name)


def _grant(role: str, label: str, table: str) -> None:
    access = ACCESS[label]
    rights = [RIGHTS[letter] for letter in access.of(role) if letter != "c"]
    if rights:
        _do("GRANT " + ", ".join(rights) + " ON {} TO {}", table, role_name(role))
    if "c" in access.of(role):
        for column in access.columns:
            _do("GRANT SELECT ({}) ON {} TO {}", column, table, role_name(role))
