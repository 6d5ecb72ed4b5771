"""One clock for all processes: the database's, since workers on several machines compare leases and deadlines by it."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import DateTimeField, Expression, Value
from django.db.models.functions import Now
from django.utils import timezone


def database_now() -> datetime:
    """The present moment by the database server's clock, aware, in UTC. SQLite has no server: its host's clock counts.

    Where CONCOURS_CLOCK moves the site's clock, both are moved.
    """
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0].astimezone(UTC)
    return moment + settings.CLOCK.offset() if settings.CLOCK else moment


class SiteNow(Expression):
    """The moment of the query, for conditions: the database's own clock, unless the site's clock is moved."""

    output_field = DateTimeField()

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return compiler.compile(Value(database_now(), output_field=DateTimeField()) if settings.CLOCK else Now())


def zoned(moment: datetime) -> str:
    """The moment in the site's zone, which it names: people read deadlines in messages, far from a page's own clock."""
    return moment.astimezone(timezone.get_default_timezone()).strftime("%Y-%m-%d %H:%M %Z")
