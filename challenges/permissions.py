"""Who holds which role, who may begin a challenge, and who speaks for a team or a centre."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_noop

from challenges.models import Centre, Challenge, Question, Role, Team
from core.errors import NotAllowedError


def has_role(user: Any, challenge: Challenge, kind: str, question: Question | None = None) -> bool:
    """Whether the person holds the role for this question (or for the whole challenge)."""
    if not user.is_authenticated:
        return False
    if user.is_superuser:
        return True
    roles = challenge.roles.filter(user=user, kind=kind)
    return any(role.question_id is None or question is None or role.question_id == question.pk for role in roles)


def require_organiser(user: Any, challenge: Challenge) -> None:
    if not has_role(user, challenge, Role.Kind.ORGANISER):
        raise NotAllowedError(gettext_noop("Only an organiser of this challenge can do this."))


def team_of(user: Any, challenge: Challenge) -> Team | None:
    """The person's approved team in this challenge, or None."""
    if not user.is_authenticated:
        return None
    return Team.objects.filter(challenge=challenge, memberships__user=user, state=Team.State.APPROVED).first()


def centres_of(user: Any, challenge: Challenge) -> Sequence[Centre]:
    """Centres of this challenge the person uploads for."""
    if not user.is_authenticated:
        return []
    return list(Centre.objects.filter(challenge=challenge, memberships__user=user))


def may_create_challenge(user: Any) -> bool:
    """Those who run the site, and those who organise a challenge already."""
    if not user.is_authenticated:
        return False
    return bool(user.is_staff or user.is_superuser or Challenge.objects.organised_by(user).exists())


def require_founder(user: Any) -> None:
    if not may_create_challenge(user):
        raise NotAllowedError(
            gettext_noop("Only site administrators and organisers of an existing challenge can create a new one.")
        )


def speaks_for(user: Any, team: Team) -> bool:
    """A member of the team, or an organiser of its challenge."""
    return team.memberships.filter(user=user).exists() or has_role(user, team.challenge, Role.Kind.ORGANISER)


def require_lead(user: Any, team: Team) -> None:
    """The team's lead, or an organiser of its challenge."""
    if has_role(user, team.challenge, Role.Kind.ORGANISER):
        return
    if not team.memberships.filter(user=user, leads=True).exists():
        raise NotAllowedError(gettext_noop("Only the team leader or an organiser can do this."))
