"""Who may act on a submission: members of its team while the phase is open; organisers look and try again."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from challenges.models import Question, Role, Team
from challenges.permissions import has_role
from core.actors import Actor, Reader, person_of
from core.errors import NotAllowedError
from scoring.models import Submission


def require_own(user: Reader, submission: Submission) -> None:
    """The person is a member of the submission's team. Raises NotAllowedError."""
    if not submission.team.memberships.filter(user=user.pk).exists():
        raise NotAllowedError(gettext_noop("Only a member of the team that submitted it can do this."))


def is_organiser(user: Reader, question: Question) -> bool:
    return has_role(user, question.challenge, Role.Kind.ORGANISER)


def is_juror(user: Actor, question: Question) -> bool:
    """Whether the person holds the juror's role here. Running the site makes nobody a juror."""
    person = person_of(user)
    if person is None:
        return False
    roles = question.challenge.roles.filter(user=person, kind=Role.Kind.JUROR)
    return any(role.question_id in (None, question.pk) for role in roles)


def entered_team(user: Reader, question: Question) -> Team | None:
    """The person's approved team, if it entered the question."""
    if not user.is_authenticated:
        return None
    approved = Team.objects.filter(challenge=question.challenge_id, state=Team.State.APPROVED)
    return approved.filter(memberships__user=person_of(user), entries__question=question).first()
