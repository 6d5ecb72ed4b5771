"""The board of a question with results of 20 teams: CPU of a request, with nothing cached and again, beside a trivial view.

Run as `python -m benchmarks.spine_board` with CONCOURS_DATA naming an empty folder; prints one line of JSON, in milliseconds.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.embedded")
import django

django.setup()

from django.core.cache import cache  # noqa: E402  (apps must be ready before models are imported)
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.size import sized  # noqa: E402
from challenges.models import Phase  # noqa: E402
from leaderboard.models import Ranking  # noqa: E402
from leaderboard.publish import publish_ranking  # noqa: E402
from tests.factories.contests import contest  # noqa: E402
from tests.factories.exams import work_all  # noqa: E402
from tests.factories.people import team_in  # noqa: E402
from tests.factories.submissions import sent  # noqa: E402

TEAMS, TIMES = sized(20, tiny=3), sized(40, tiny=3)


def cpu(work: Callable[[], object], times: int = TIMES) -> float:
    """Milliseconds a call, the least of four rounds."""
    rounds = []
    each = max(1, times // 4)
    for _ in range(4):
        began = time.process_time()
        for _ in range(each):
            work()
        rounds.append((time.process_time() - began) / each * 1000)
    return min(rounds)


def main() -> None:
    call_command("migrate", verbosity=0)
    small = contest({"leaderboard": {"public_share": 0}})
    for number in range(TEAMS):
        sent(
            small.question,
            team_in(small.question, f"Team {number:02d}"),
            small.entry(wear=number % 7, off=number * 3.0),
        )
    work_all()
    ranking = Ranking.objects.filter(question=small.question).latest("pk")
    Phase.objects.filter(pk=ranking.phase_id).update(closes=timezone.now())  # results of an open phase stay hidden
    publish_ranking(ranking=ranking, actor=small.question.challenge.created_by)
    visitor = Client(headers={"host": "localhost"})
    path = reverse("leaderboard:board", args=[small.question.challenge.slug, small.question.slug])

    def page(address: str) -> None:
        answer = visitor.get(address)
        if answer.status_code != 200:
            raise RuntimeError(f"{address} answers {answer.status_code}")

    def uncached() -> None:
        cache.clear()
        page(path)

    page(path)
    text = visitor.get(path).content.decode()
    if f"Team {TEAMS - 1:02d}" not in text:
        raise RuntimeError("the board shows no teams")
    print(
        json.dumps(
            {"uncached": cpu(uncached), "cached": cpu(lambda: page(path)), "trivial": cpu(lambda: page("/healthz"))}
        )
    )


if __name__ == "__main__":
    main()
