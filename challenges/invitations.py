"""Invitations as they are asked for on a page or by a script: names are looked up, and who may invite is checked."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_noop

from challenges.models import Challenge, Invitation
from challenges.people import InvitationError, has_role, invite, require_organiser
from challenges.permissions import require_lead


def invitation_link(secret: str) -> str:
    return f"{settings.SITE_ORIGIN}{reverse('challenges:invitation', args=[secret])}"


def require_inviter(actor: Any, invitation: Invitation) -> None:
    """Who may cancel it or send it again: organisers; of an invitation to a team, its lead as well."""
    if invitation.what == "team" and invitation.team is not None:
        require_lead(actor, invitation.team)
    else:
        require_organiser(actor, invitation.challenge)


def invite_from_draft(
    *,
    challenge: Challenge,
    actor: Any,
    email: str,
    what: str,
    centre: str = "",
    team: str = "",
    question: str = "",
    profession: str = "",
) -> tuple[Invitation, str]:
    """Organisers invite everybody; the lead of a team, to that team. Names are slugs. Raises InvitationError."""
    named_team = challenge.teams.filter(slug=team).first() if team else None
    if what == "team" and named_team is not None and not has_role(actor, challenge, "organiser"):
        require_lead(actor, named_team)
    else:
        require_organiser(actor, challenge)
    named_centre = challenge.centres.filter(slug=centre).first() if centre else None
    named_question = challenge.questions.filter(slug=question).first() if question else None
    if what == "team" and named_team is None:
        raise InvitationError(gettext_noop("Say which team of this challenge the invitation is for."))
    if what == "centre" and named_centre is None:
        raise InvitationError(gettext_noop("Say which centre of this challenge the invitation is for."))
    if question and named_question is None:
        raise InvitationError(gettext_noop("This challenge has no question '%(name)s'."), name=question[:80])
    return invite(
        challenge=challenge,
        email=email,
        what=what,
        actor=actor,
        centre=named_centre if what == "centre" else None,
        team=named_team if what == "team" else None,
        question=named_question if what in ("reader", "juror") else None,
        profession=profession,
    )
