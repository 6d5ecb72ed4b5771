"""The queue: milliseconds to claim and finish a piece of work, with 10, 1000 and 100 000 rows that wait. Flat is the goal.

Run as `python -m benchmarks.queue_rate` on an empty site (CONCOURS_DATA, CONCOURS_DATABASE); prints one line of JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
from typing import Any

from benchmarks.size import sized

WAITING = sized((10, 1000, 100_000), tiny=(10, 100, 1000))
ROUNDS = sized(200, tiny=10)
FILL = """INSERT INTO core_work (stage, subject_id, state, run_at, place_at, attempts, losses, outages, token, worker, reason,
          faults, created_at, cpu_seconds)
          SELECT 'receive', 'row ' || n, 'waiting', {past}, {past}, 0, 0, 0, 0, '', '', '[]', {past}, 0 FROM {numbers}"""
DIALECTS = {
    "postgresql": ("now() - interval '1 hour'", "generate_series({first}, {last}) AS n"),
    "sqlite": (
        "datetime('now', '-1 hour')",
        "(WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {last}) SELECT n FROM s)",
    ),
}


def figures() -> list[dict[str, Any]]:
    from benchmarks.spine import answer, figure, postgres, start

    rows = []
    for name, site in (("SQLite", contextlib.nullcontext({})), ("PostgreSQL", postgres())):
        with site as variables, tempfile.TemporaryDirectory() as data:
            if variables is None:
                print("  no PostgreSQL answers: its figure is left out")
                continue
            rates = answer(start("benchmarks.queue_rate", data=data, **variables))
        short = f"the same queue with {WAITING[0]} rows"
        for number in WAITING:
            ours, peer = rates[str(number)], rates[str(WAITING[0])]
            rows.append(figure(f"queue of {number} waiting rows, {name}: claim and finish", "ms", ours, peer, short))
    return rows


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.embedded")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from core.claims import claim_next
    from core.models import Work

    call_command("migrate", verbosity=0)
    past, numbers = DIALECTS[connection.vendor]
    rates, filled = {}, 0
    for number in WAITING:
        with connection.cursor() as cursor:
            of = numbers.format(first=filled + 1, last=filled + number)
            cursor.execute(FILL.format(past=past, numbers=of))
            if connection.vendor == "postgresql":
                cursor.execute("ANALYZE core_work")
        filled += number
        missing = number - Work.objects.filter(state="waiting").count()
        assert missing <= 0, f"{missing} rows are missing"
        done, least = min(ROUNDS, number), float("inf")
        for _ in range(2):
            began = time.monotonic()
            for _row in range(done // 2):
                claim = claim_next()
                assert claim is not None
                with claim.finish():
                    pass
            least = min(least, (time.monotonic() - began) / (done // 2) * 1000)
        rates[str(number)] = least
    print(json.dumps(rates))


if __name__ == "__main__":
    main()
