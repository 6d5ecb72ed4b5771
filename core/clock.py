"""One clock for all processes: the database's, since workers on several machines compare leases and deadlines by it."""

from datetime import UTC, datetime

from django.db import connection
from django.utils import timezone


def database_now() -> datetime:
    """The present moment by the database server's clock, aware, in UTC. SQLite has no server: its host's clock counts."""
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment.astimezone(UTC)
