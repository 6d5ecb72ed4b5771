"""Who may act on a submission: members of its team while the phase is open; organisers look and try again."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_noop

from challenges.models import Question, Role, Team
from challenges.people import has_role, team_of
from core.errors import NotAllowedError
from scoring.models import Submission


def require_own(user: Any, submission: Submission) -> None:
    """The person is a member of the submission's team. Raises NotAllowedError."""
    if not submission.team.memberships.filter(user=user).exists():
        raise NotAllowedError(gettext_noop("Only a member of the team that sent it can do this."))


def is_organiser(user: Any, question: Question) -> bool:
    return has_role(user, question.challenge, Role.Kind.ORGANISER)


def is_juror(user: Any, question: Question) -> bool:
    """Whether the person holds the juror's role here. Running the site makes nobody a juror."""
    if not user.is_authenticated:
        return False
    roles = question.challenge.roles.filter(user=user, kind=Role.Kind.JUROR)
    return any(role.question_id in (None, question.pk) for role in roles)


def entered_team(user: Any, question: Question) -> Team | None:
    """The person's approved team, if it entered the question."""
    team = team_of(user, question.challenge)
    return team if team is not None and team.entries.filter(question=question).exists() else None
