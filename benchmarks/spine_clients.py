"""The deadline hour: teams that all submit at once, each from a process of its own, by the real step.

Run as `python -m benchmarks.spine_clients CLIENTS EACH [plain]` on an empty site (CONCOURS_DATA, CONCOURS_DATABASE); `plain`
leaves Django's own settings of SQLite in place of ours. Prints one line of JSON: submissions kept, errors, seconds of CPU.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import sys
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.embedded")
import django
from django.conf import settings

if "plain" in sys.argv:
    settings.DATABASES["default"] = {name: settings.DATABASES["default"][name] for name in ("ENGINE", "NAME")}
django.setup()

from django.core.management import call_command  # noqa: E402  (apps must be ready before models are imported)
from django.db import DatabaseError, connections  # noqa: E402

from challenges.models import Question, Team  # noqa: E402
from scoring.models import Submission  # noqa: E402
from tests.factories.contests import contest  # noqa: E402
from tests.factories.people import team_in  # noqa: E402
from tests.factories.submissions import sent  # noqa: E402


def client(question: Question, team: Team, each: int, ready: Any) -> None:
    """Ends with the number of submissions that failed as its exit code."""
    ready.wait()
    failed = 0
    for number in range(each):
        try:
            sent(question, team, b"submission %d" % number)
        except DatabaseError:
            failed += 1
    sys.exit(min(failed, 250))


def main(clients: int, each: int) -> None:
    call_command("migrate", verbosity=0)
    question = contest().question
    teams = [team_in(question, f"Team {number}") for number in range(clients)]
    for connection in connections.all():
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()
    forks = multiprocessing.get_context("fork")
    ready = forks.Barrier(clients)
    processes = [forks.Process(target=client, args=(question, team, each, ready)) for team in teams]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        json.dumps(
            {
                "kept": Submission.objects.count(),
                "failed": sum(process.exitcode or 0 for process in processes),
                "cpu": used.ru_utime + used.ru_stime,
            }
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
