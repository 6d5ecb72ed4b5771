"""Who joins, leaves and merges: one team per person, sizes, domains, conflicts of interest, and a last day for changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import yaml
from django.test import Client
from django.utils import timezone

from challenges.conflicts import conflicts_of, declare_conflict
from challenges.frame import load_question
from challenges.invitations import accept_invitation, invite
from challenges.models import Centre, CentreMembership, Challenge, Membership, Question, Role, Team
from challenges.team_rules import TeamRuleError, unmet_rules
from challenges.teams import apply_team, approve_team, enter_question, leave_team, merge_teams
from core.errors import ClosedError, InvalidInputError
from core.models import User
from core.words import say
from tests.challenges.conftest import CATALOGUE, api
from tests.factories.people import person

pytestmark = pytest.mark.django_db


def ruled(challenge: Challenge, actor: User, **team: Any) -> Question:
    """Prognosis with these rules of teams."""
    document = yaml.safe_load((CATALOGUE / "prognosis.yaml").read_text())
    document["rules"] = {"team": team}
    for phase in document["phases"].values():
        phase["accepts"] = "nothing" if phase.get("accepts") == "registrations" else phase.get("accepts", "submissions")
    return load_question(challenge=challenge, text=yaml.safe_dump(document), actor=actor)


def team_of(challenge: Challenge, user: User, name: str) -> Team:
    return apply_team(challenge=challenge, name=name, user=user, profession="engineer")


def joins(team: Team, user: User, inviter: User) -> None:
    _invitation, secret = invite(challenge=team.challenge, email=user.email, what="team", actor=inviter, team=team)
    accept_invitation(secret=secret, user=user)


def words(team: Team) -> list[str]:
    return [say(rule.template, rule.values) for rule in unmet_rules(team)]


def test_nobody_is_in_two_teams_of_a_challenge_however_they_come(
    challenge: Challenge, olivia: User, stefan: User
) -> None:
    first, second = team_of(challenge, stefan, "First"), team_of(challenge, person("Nina"), "Second")
    with pytest.raises(TeamRuleError, match="already in a team"):
        joins(second, stefan, olivia)
    assert Membership.objects.filter(user=stefan).count() == 1
    leave_team(team=first, user=stefan)
    joins(second, stefan, olivia)
    assert second.memberships.count() == 2


def test_an_invitation_does_not_lift_the_size_of_a_team(challenge: Challenge, olivia: User, stefan: User) -> None:
    question = ruled(challenge, olivia, max=1)
    team = team_of(challenge, stefan, "Solo")
    enter_question(team=team, question=question, actor=stefan)
    with pytest.raises(TeamRuleError, match="is complete"):
        joins(team, person("Nina"), olivia)


def test_domains_of_institutions_include_their_subdomains(challenge: Challenge, olivia: User) -> None:
    question = ruled(challenge, olivia, email_domains=["chu-lille.fr"])
    for email, accepted in (("a@chu-lille.fr", True), ("b@imaging.chu-lille.fr", True), ("c@notchu-lille.fr", False)):
        member = User.objects.create_user(email=email, password="x" * 12, full_name=email)
        team = team_of(challenge, member, email.split("@")[0] + "x")
        enter_question(team=team, question=question, actor=member)
        assert (words(team) == []) is accepted, email


def test_from_the_date_on_nobody_joins_or_leaves(challenge: Challenge, olivia: User, stefan: User) -> None:
    past = (timezone.now() - timedelta(hours=1)).isoformat()
    question = ruled(challenge, olivia, changes_until=past)
    team = team_of(challenge, stefan, "Fixed")
    enter_question(team=team, question=question, actor=stefan)
    with pytest.raises(ClosedError, match="change their members until"):
        leave_team(team=team, user=stefan)
    with pytest.raises(ClosedError):
        joins(team, person("Nina"), olivia)
    client = Client()
    client.force_login(stefan)
    client.post(f"/c/{challenge.slug}/team/leave/")
    answer = api(stefan).post(f"/api/v1/teams/{team.pk}/leave/")
    assert answer.status_code in (403, 409) and team.memberships.filter(user=stefan).exists()


@pytest.mark.parametrize("rule", ["show", "declare", "refuse"])
def test_members_with_another_part_are_found_and_declared(
    challenge: Challenge, olivia: User, stefan: User, rule: str
) -> None:
    question = ruled(challenge, olivia, conflicts=rule)
    centre = Centre.objects.create(challenge=challenge, slug="lyon", name="Lyon")
    CentreMembership.objects.create(centre=centre, user=stefan)
    team = team_of(challenge, stefan, "Axone")
    enter_question(team=team, question=question, actor=stefan)
    assert [conflict.role for conflict in conflicts_of([team])[team.pk]] == ["member of the inclusion centre Lyon"]
    assert bool(words(team)) is (rule != "show")
    declare_conflict(team=team, actor=stefan, words="I upload for Lyon.")
    assert bool(words(team)) is (rule == "refuse")
    page = Client()
    page.force_login(olivia)
    assert "I upload for Lyon." in page.get(f"/c/{challenge.slug}/people/").content.decode()


def test_a_juror_of_another_question_is_no_conflict_here(challenge: Challenge, olivia: User, stefan: User) -> None:
    question = ruled(challenge, olivia, conflicts="refuse")
    other = challenge.questions.get(slug="sarcopenia")
    team = team_of(challenge, stefan, "Axone")
    enter_question(team=team, question=question, actor=stefan)
    Role.objects.create(challenge=challenge, user=stefan, kind="juror", question=other)
    assert words(team) == []
    Role.objects.create(challenge=challenge, user=stefan, kind="juror", question=question)
    assert "Juror" in words(team)[0]


def test_a_declaration_on_the_page_and_by_the_api(challenge: Challenge, stefan: User) -> None:
    team = apply_team(challenge=challenge, name="Axone", user=stefan, profession="engineer", conflict="None of mine")
    client = Client()
    client.force_login(stefan)
    assert "None of mine" in client.get(f"/c/{challenge.slug}/team/").content.decode()
    client.post(f"/c/{challenge.slug}/team/conflict/", {"conflict": "My hospital sends exams."})
    assert team.memberships.get().conflict == "My hospital sends exams."
    answer = api(stefan).post(f"/api/v1/teams/{team.pk}/declare-conflict/", {"conflict": ""}, format="json")
    assert answer.status_code == 200 and team.memberships.get().conflict == ""


def test_two_teams_become_one(challenge: Challenge, olivia: User, stefan: User) -> None:
    question = ruled(challenge, olivia, max=2)
    nina = person("Nina")
    small, large = team_of(challenge, nina, "Small"), team_of(challenge, stefan, "Large")
    enter_question(team=small, question=question, actor=nina)
    with pytest.raises(InvalidInputError):
        merge_teams(team=small, into=large, actor=olivia, reason=" ")
    answer = api(olivia).post(f"/api/v1/teams/{small.pk}/merge/", {"into": "large", "reason": "asked"}, format="json")
    assert answer.status_code == 200, answer.content
    small.refresh_from_db()
    assert small.state == "withdrawn" and not small.memberships.exists()
    assert set(large.memberships.values_list("user_id", "leads")) == {(nina.pk, False), (stefan.pk, True)}
    assert large.entries.get().question == question
    again = api(olivia).post(f"/api/v1/teams/{small.pk}/merge/", {"into": "large", "reason": "asked"}, format="json")
    assert again.status_code == 400


def test_a_merger_that_breaks_a_rule_leaves_both_teams_as_they_were(
    challenge: Challenge, olivia: User, stefan: User
) -> None:
    question = ruled(challenge, olivia, max=1)
    nina = person("Nina")
    small, large = team_of(challenge, nina, "Small"), team_of(challenge, stefan, "Large")
    enter_question(team=large, question=question, actor=stefan)
    approve_team(team=large, actor=olivia)
    with pytest.raises(TeamRuleError):
        merge_teams(team=small, into=large, actor=olivia, reason="asked")
    small.refresh_from_db()
    assert small.state == "applied" and small.memberships.get().user == nina


def test_no_team_is_registered_once_every_window_is_over(challenge: Challenge, stefan: User) -> None:
    past = timezone.now() - timedelta(days=1)
    for question in challenge.questions.all():
        phase = question.phases.first()
        assert phase is not None
        question.phases.filter(pk=phase.pk).update(accepts="registrations", opens=past - timedelta(days=1), closes=past)
        question.phases.exclude(pk=phase.pk).filter(accepts="registrations").delete()
    with pytest.raises(ClosedError, match="closed at"):
        team_of(challenge, stefan, "Late")
    answer = api(stefan).post(
        "/api/v1/teams/", {"challenge": challenge.slug, "name": "Late", "profession": "engineer"}, format="json"
    )
    assert answer.status_code in (403, 409)
