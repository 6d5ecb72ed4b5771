"""People with a part in a challenge. Olga organises, Paul takes part, Rita grades, Sam is a stranger."""

from __future__ import annotations

from typing import Any

from challenges.charter import charter_in_force, publish_charter, sign_charter
from challenges.models import Challenge, Membership, Question, Role, Team
from challenges.roles import grant_role
from challenges.teams import apply_team, approve_team, enter_question
from core.models import User


def person(name: str, **more: Any) -> User:
    """A user with the address `<name>@example.org`; asked for twice, the same one."""
    email = f"{name.lower().replace(' ', '.')}@example.org"
    user = User.objects.filter(email=email).first()
    return user or User.objects.create_user(email, "a long pass phrase", full_name=name.title(), **more)


def signed(user: User, challenge: Challenge, audience: str) -> User:
    """The person has signed the charter in force; a first version is published where there is none."""
    charter = charter_in_force(challenge, audience) or publish_charter(
        challenge=challenge, audience=audience, text={"en": "Play fair.", "fr": "Jouez franc jeu."}, actor=None
    )
    sign_charter(charter=charter, user=user, name=user.full_name)
    return user


def team_in(question: Question, name: str, *members: User, baseline: bool = False) -> Team:
    """An approved team that entered the question, whose members (at least one is made) have signed."""
    people = members or (person(f"{name} lead"),)
    team = apply_team(
        challenge=question.challenge, name=name, user=people[0], profession="engineer", is_baseline=baseline
    )
    for other in people[1:]:
        Membership.objects.create(team=team, user=other, profession="radiologist")
    approve_team(team=team, actor=None, waiver="a test")
    enter_question(team=team, question=question, actor=people[0])
    for member in people:
        signed(member, question.challenge, "team")
    return team


def juror_of(question: Question, name: str) -> User:
    user = person(name)
    grant_role(challenge=question.challenge, user=user, kind=Role.Kind.JUROR, actor=None, question=question)
    return user


def member_of(team: Team) -> User:
    """The team's lead."""
    user: User = team.memberships.order_by("pk")[0].user
    return user
