"""The site of a replay: the embedded default, or PostgreSQL, Redis and Celery, with a clock that the replay moves."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from demo.site import Site, free_port
from replay.people import Participant, accounts

POSTGRES_SERVER = "postgresql://postgres@127.0.0.1:5432/postgres"
REDIS = "redis://127.0.0.1:6379/5"
# The people of a replay act in minutes where those of an edition had months: the limits per minute are not what is replayed.
QUICK_PEOPLE = {"CONCOURS_API_PER_MINUTE": "100000", "CONCOURS_API_PER_MINUTE_ANONYMOUS": "100000"}


class ReplaySite(Site):
    """A site with a data folder, a database and a clock of its own."""

    def __init__(self, data: Path, *, workers: int, database: str = "", redis: str = "") -> None:
        self.database, self.clock = database, data / "clock"
        settings = {"CONCOURS_CLOCK": str(self.clock), "CONCOURS_SECOND_FACTOR": "0", **QUICK_PEOPLE}
        super().__init__(data, free_port(), workers=workers, settings=settings)
        if database:
            self.environment |= {
                "DJANGO_SETTINGS_MODULE": "config.settings.production",
                "CONCOURS_CLOCK_REHEARSAL": "1",
                "CONCOURS_DATABASE": f"{database}?pool=20",
                "CONCOURS_REDIS": redis,
                "CONCOURS_HOSTS": "127.0.0.1",
                "CONCOURS_SECRET_KEY": secrets.token_urlsafe(48),
                "CONCOURS_AUDIT_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
                "CONCOURS_MAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            }

    def names(self) -> list[str]:
        return ["web", "workers", "sweeper"] if self.database else super().names()

    def start(self) -> None:
        if self.database:  # pages of a production site name their files by a list that is made beforehand
            self.manage("collectstatic", "--noinput", "--verbosity", "0")
        super().start()

    def command(self, name: str) -> list[str]:
        if name == "workers":
            words = (
                "-m celery -A config.celery worker --loglevel WARNING --without-gossip --without-mingle --concurrency"
            )
            return [*words.split(), str(self.workers)]
        return ["manage.py", "sweep"] if name == "sweeper" else super().command(name)

    def go_to(self, moment: datetime) -> None:
        """The clock of every process stands at this moment, and runs on."""
        ahead = (moment - datetime.now(UTC)).total_seconds()
        fresh = self.clock.with_suffix(".new")
        fresh.write_text(f"{ahead:.3f}", encoding="ascii")
        fresh.replace(self.clock)

    def now(self) -> datetime:
        """The moment by the site's clock."""
        offset = float(self.clock.read_text(encoding="ascii"))
        return datetime.fromtimestamp(datetime.now(UTC).timestamp() + offset, UTC)

    def tokens(self, people: Sequence[Participant]) -> dict[str, str]:
        """A new token for everybody, valid for 90 days of the site's clock, by e-mail; accounts are made where there are none."""
        answer = self.manage("enrol", "-", "--tokens", stdin=accounts(people))
        tokens: dict[str, str] = json.loads(answer)
        return tokens

    def database_bytes(self) -> int:
        """The size of the database on disk."""
        if self.database:
            with psycopg.connect(self.database) as connection:
                row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
            return int(row[0]) if row else 0
        return sum(file.stat().st_size for file in self.data.glob("concours.sqlite3*"))


@contextmanager
def new_database(server: str) -> Iterator[str]:
    """The address of an empty database on this PostgreSQL server, dropped at the end."""
    name = f"concours_replay_{os.getpid()}_{secrets.token_hex(3)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}", query=""))
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
