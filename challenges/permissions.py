"""Who may begin a challenge, and who speaks for a team."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_noop

from challenges.models import Challenge, Role, Team
from challenges.people import has_role
from core.errors import NotAllowedError


def may_found(user: Any) -> bool:
    """Those who run the site, and those who organise a challenge already."""
    if not user.is_authenticated:
        return False
    return bool(user.is_staff or user.is_superuser or Challenge.objects.organised_by(user).exists())


def require_founder(user: Any) -> None:
    if not may_found(user):
        raise NotAllowedError(
            gettext_noop("Only those who run the site or organise a challenge already can begin a new one.")
        )


def speaks_for(user: Any, team: Team) -> bool:
    """A member of the team, or an organiser of its challenge."""
    return team.memberships.filter(user=user).exists() or has_role(user, team.challenge, Role.Kind.ORGANISER)


def require_lead(user: Any, team: Team) -> None:
    """The team's lead, or an organiser of its challenge."""
    if has_role(user, team.challenge, Role.Kind.ORGANISER):
        return
    if not team.memberships.filter(user=user, leads=True).exists():
        raise NotAllowedError(gettext_noop("Only the lead of the team or an organiser can do this."))
