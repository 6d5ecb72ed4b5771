"""Makes the site of a run: a contest whose truth the clients know, and a question that a centre and a reader work on.

Run as `python -m benchmarks.faults.prepare TEAMS FOLDER PER_PHASE CLOSES_IN` with the site's environment, before its processes
start. Writes the true masks to `FOLDER/truth.npz` and prints one line of JSON: names and tokens.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

django.setup()

import numpy as np  # noqa: E402  (apps must be ready before models are imported)
from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from challenges.models import CentreMembership, Phase, Role  # noqa: E402
from challenges.roles import grant_role  # noqa: E402
from core.models import AccessToken  # noqa: E402
from tests.factories.contests import contest  # noqa: E402
from tests.factories.exams import centre  # noqa: E402
from tests.factories.juries import judged_question  # noqa: E402
from tests.factories.people import juror_of, person, signed, team_in  # noqa: E402
from tests.factories.questions import challenge, question  # noqa: E402


def main(teams: int, folder: Path, per_phase: int, closes_in: float) -> None:
    call_command("migrate", verbosity=0)
    call_command("make_stores", verbosity=0)
    intake = question(within=challenge("intake"), changes={"limits": None})
    clara, rita = person("Clara"), person("Rita")
    CentreMembership.objects.create(centre=centre(intake, "Hôpital Sud"), user=clara)
    signed(clara, intake.challenge, "centre")
    grant_role(challenge=intake.challenge, user=rita, kind=Role.Kind.READER, actor=None)
    signed(rita, intake.challenge, "reader")
    judged = judged_question(within=challenge("images"))
    jules = juror_of(judged, "Jules")
    small = contest({"leaderboard": {"public_share": 0}, "limits": {"per_phase": per_phase}})
    rows = [team_in(small.question, f"Team {number:03d}") for number in range(teams)]
    leads = [team.memberships.get().user for team in rows]
    if closes_in:
        Phase.objects.filter(pk=small.phase.pk).update(closes=timezone.now() + timedelta(seconds=closes_in))
    masks: dict[str, Any] = dict(small.masks)
    np.savez(folder / "truth.npz", **masks)
    print(  # the last line: the commands above have printed others
        json.dumps(
            {
                "question": f"{small.question.challenge.slug}/{small.question.slug}",
                "question_id": small.question.pk,
                "phase_id": small.phase.pk,
                "closes": Phase.objects.get(pk=small.phase.pk).closes.isoformat(),
                "intake": f"{intake.challenge.slug}/{intake.slug}",
                "per_phase": per_phase,
                "teams": {team.name: AccessToken.issue(lead, "f")[1] for team, lead in zip(rows, leads, strict=True)},
                "clara": AccessToken.issue(clara, "faults")[1],
                "jury": f"{judged.challenge.slug}/{judged.slug}",
                "jules": AccessToken.issue(jules, "faults")[1],
                "rita": AccessToken.issue(rita, "faults")[1],
            }
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
