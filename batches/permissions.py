"""Who may fetch a batch: its question's approved teams that signed, once it is out; organisers always."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from batches.models import Batch
from challenges.charter import require_signature
from challenges.models import Charter, Role, Team
from challenges.people import has_role, team_of


@dataclass(frozen=True)
class Leave:
    """Permission to download: for which team (None: an organiser looks)."""

    team: Team | None


def find_batch(user: Any, batch_id: Any) -> Batch | None:
    """The built batch if the person may see it; None is a 404."""
    visible = Batch.objects.visible_to(user).select_related("question__challenge")
    return visible.filter(pk=batch_id, state=Batch.State.BUILT).first()


def may_download(user: Any, batch: Batch) -> Leave:
    """Raises CharterNotSignedError where the person's signature is missing."""
    challenge = batch.question.challenge
    if has_role(user, challenge, Role.Kind.ORGANISER):
        return Leave(None)
    require_signature(user, challenge, Charter.Audience.TEAM)
    return Leave(team_of(user, challenge))
