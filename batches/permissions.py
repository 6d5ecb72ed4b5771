"""Who may fetch a batch: its question's approved teams that signed, once it is out; organisers always."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from batches.models import Batch
from challenges.charter import require_signature
from challenges.models import Challenge, Charter, Role, Team
from challenges.permissions import has_role, team_of
from core.actors import Reader
from core.errors import MoveNotAllowedError


class BeingRebuiltError(MoveNotAllowedError):
    reason = "being_rebuilt"


@dataclass(frozen=True)
class Leave:
    """Permission to download: for which team (None: an organiser looks)."""

    team: Team | None


def find_batch(user: Reader, batch_id: UUID | str) -> Batch | None:
    """The batch if the person may see it, and it has an archive or is being built again; None is a 404."""
    visible = Batch.objects.visible_to(user).select_related("question__challenge").filter(pk=batch_id)
    return visible.filter(Q(state=Batch.State.BUILT) | Q(state=Batch.State.PLANNED, version__gt=1)).first()


def require_built(batch: Batch) -> None:
    """Raises BeingRebuiltError while the archive is made again without a case that was withdrawn."""
    if batch.state != Batch.State.BUILT:
        raise BeingRebuiltError(
            gettext_noop(
                "The batch '%(name)s' is being prepared again: its content changed after the release. Version %(version)s "
                "can be downloaded in some minutes."
            ),
            name=batch.name,
            version=batch.version,
        )


def may_download(user: Reader, batch: Batch) -> Leave:
    """Raises CharterNotSignedError where the person's signature is missing."""
    challenge = batch.question.challenge
    if has_role(user, challenge, Role.Kind.ORGANISER):
        return Leave(None)
    require_signature(user, challenge, Charter.Audience.TEAM)
    return Leave(team_of(user, challenge))


def sees_deletions(user: Reader) -> QuerySet[Challenge]:
    """The challenges of which the person reads who was asked to delete what."""
    officer = Challenge.objects.filter(roles__user=user.pk, roles__kind=Role.Kind.PROTECTION_OFFICER)
    return Challenge.objects.filter(Q(pk__in=Challenge.objects.organised_by(user)) | Q(pk__in=officer))
