"""Takes back what people were given: roles and places in centres, with a reason, from this moment on."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_noop

from challenges.models import CentreMembership, Challenge, Role
from core.actors import Actor
from core.audit import record
from core.errors import InvalidInputError, LostRaceError, MoveNotAllowedError
from core.registry import call_hook

GONE = gettext_noop("Someone else has already revoked this.")


class LastOrganiserError(MoveNotAllowedError):
    reason = "last_organiser"


def revoke_role(*, role: Role, actor: Actor, reason: str) -> None:
    """The person holds the role no more. A challenge keeps at least one organiser who can sign in.

    Apps above answer "role_revoked" with the person's id, each for its own rows.
    """
    _require_reason(reason)
    with transaction.atomic():
        challenge = Challenge.objects.select_for_update().get(
            pk=role.challenge_id
        )  # two cannot revoke one another at once
        others = challenge.roles.filter(kind=Role.Kind.ORGANISER, user__is_active=True).exclude(pk=role.pk)
        if role.kind == Role.Kind.ORGANISER and not others.exists():
            raise LastOrganiserError(
                gettext_noop(
                    "A challenge needs at least one organiser. Invite another organiser before you revoke this role."
                )
            )
        gone, _rows = Role.objects.filter(pk=role.pk).delete()
        if not gone:
            raise LostRaceError(GONE)
        record(
            verb="role revoked",
            subject=role,
            actor=actor,
            reason=reason,
            detail={"kind": role.kind, "person": role.user_id},
            challenge_id=role.challenge_id,
        )
        call_hook("role_revoked", str(role.user_id))


def revoke_membership(*, membership: CentreMembership, actor: Actor, reason: str) -> None:
    """The person sends nothing for the centre any more and sees none of its exams; what was sent stays the centre's."""
    _require_reason(reason)
    centre = membership.centre
    with transaction.atomic():
        gone, _rows = CentreMembership.objects.filter(pk=membership.pk).delete()
        if not gone:
            raise LostRaceError(GONE)
        record(
            verb="centre membership revoked",
            subject=centre,
            actor=actor,
            reason=reason,
            detail={"person": membership.user_id},
            challenge_id=centre.challenge_id,
        )
        call_hook("role_revoked", str(membership.user_id))


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise InvalidInputError(gettext_noop("Give a reason; it is kept in the audit trail."))
