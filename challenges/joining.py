"""Who may join or leave a team: one team per person, the sizes that questions allow, and a date after which nothing changes."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop

from challenges.frame import spec_of
from challenges.models import Challenge, Membership, Question, Team
from challenges.team_rules import TeamRuleError
from core.clock import database_now, zoned
from core.errors import ClosedError
from core.locks import locked

ELSEWHERE = gettext_noop("You are already in a team of this challenge. Leave it before you apply with another.")
CLOSED = gettext_noop(
    "Teams of “%(question)s” could change their members until %(at)s. Ask an organiser if somebody has to join or leave."
)
FULL = gettext_noop("Team '%(team)s' is complete: “%(question)s” allows %(count)s at most.")


def require_no_other_team(challenge: Challenge, user: Any, besides: Team | None = None) -> None:
    """One team per person and challenge. The caller holds the lock of the challenge. Raises TeamRuleError."""
    memberships = Membership.objects.filter(team__challenge=challenge, user=user).exclude(
        team__state=Team.State.WITHDRAWN
    )
    if memberships.exclude(team=besides).exists():
        raise TeamRuleError(ELSEWHERE)


def entered_questions(team: Team) -> list[Question]:
    """The questions that the team entered."""
    return [entry.question for entry in team.entries.select_related("question__challenge").order_by("question_id")]


def require_changes_open(team: Team) -> None:
    """Raises ClosedError once a question that the team entered has closed changes of its members."""
    now = database_now()
    for question in entered_questions(team):
        until = spec_of(question).rules.changes_until
        if until is not None and now >= until:
            raise ClosedError(CLOSED, question=str(question), at=zoned(until))


def join_team(*, team: Team, user: Any, profession: str, institution: str = "") -> Membership:
    """The person becomes a member. A second call gives the same row. Raises TeamRuleError and ClosedError."""
    with transaction.atomic():
        locked(team.challenge)  # of two teams that accept one person at the same time, the second sees the first
        member = Membership.objects.filter(team=team, user=user).first()
        if member is not None:
            return member
        require_no_other_team(team.challenge, user, besides=team)
        require_changes_open(team)
        _require_room(team)
        return Membership.objects.create(team=team, user=user, profession=profession, institution=institution)


def _require_room(team: Team) -> None:
    count = team.memberships.count()
    for question in entered_questions(team):
        most = spec_of(question).rules.team_max
        if most is not None and count >= most and not (team.waiver and spec_of(question).rules.waivable):
            raise TeamRuleError(FULL, team=team.name, count=most, question=str(question))
