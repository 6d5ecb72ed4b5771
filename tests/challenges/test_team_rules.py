"""A team that falls short of a question's rules: what a waiver covers, and what it meets when it enters."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from challenges.frame import load_question
from challenges.models import Challenge, Phase, Team
from challenges.team_rules import TeamRuleError, unmet_rules
from challenges.teams import apply_team, approve_team, enter_question, waive_rules
from core.errors import ClosedError
from core.models import User
from tests.challenges.conftest import CATALOGUE, api

pytestmark = pytest.mark.django_db
# Two to three members, two students, and nothing to be waived.
STRICT = (CATALOGUE / "lung-tumour.yaml").read_text().replace("accepts: registrations", "accepts: nothing")


def ago(**spent: float) -> datetime:
    return timezone.now() - timedelta(**spent)


def applied(challenge: Challenge, user: User, name: str = "Axone") -> Team:
    return apply_team(challenge=challenge, name=name, user=user, profession="radiologist")


def reasons(error: TeamRuleError) -> set[str]:
    return {fault.where for fault in error.faults}


def test_every_unmet_rule_is_told_at_once_and_a_waiver_needs_a_reason(
    challenge: Challenge, olivia: User, stefan: User
) -> None:
    team = applied(challenge, stefan)
    answer = api(olivia).post(f"/api/v1/teams/{team.pk}/approve/", {"waiver": "  "}, format="json")
    assert answer.status_code == 400
    message = [fault["message"] for fault in answer.json()["errors"]]
    assert (
        len(message) == 2
        and any("engineer" in words for words in message)
        and any("company" in words for words in message)
    )
    approve_team(team=team, actor=olivia, waiver="six teams share two radiologists")
    assert (team.state, team.waiver) == ("approved", "six teams share two radiologists")


def test_a_rule_that_cannot_be_waived_bars_the_question_but_not_the_challenge(
    challenge: Challenge, olivia: User, stefan: User
) -> None:
    strict = load_question(challenge=challenge, text=STRICT, actor=olivia)
    team = applied(challenge, stefan)
    approve_team(team=team, actor=olivia, waiver="small")  # sarcopenia's rules can be waived
    with pytest.raises(TeamRuleError) as refused:
        enter_question(team=team, question=strict, actor=stefan)
    assert len(refused.value.faults) == 2 and "does not allow a waiver" in str(refused.value)
    assert not team.entries.exists()
    enter_question(team=team, question=challenge.questions.get(slug="sarcopenia"), actor=stefan)


def test_where_nothing_can_be_waived_no_reason_lets_a_team_in(challenge: Challenge, olivia: User, stefan: User) -> None:
    challenge.questions.all().delete()
    load_question(challenge=challenge, text=STRICT, actor=olivia)
    stefan.email = "stefan@gmail.com"
    stefan.save()
    team = applied(challenge, stefan)
    Team.objects.filter(pk=team.pk).update(name="Two words")
    team.refresh_from_db()
    with pytest.raises(TeamRuleError) as refused:
        approve_team(team=team, actor=olivia, waiver="because")
    assert len(refused.value.faults) == 4  # members, students, name, private address


def test_a_question_entered_after_approval_is_checked_and_the_organiser_waives(
    challenge: Challenge, olivia: User, stefan: User
) -> None:
    team = applied(challenge, stefan)
    Team.objects.filter(pk=team.pk).update(state="approved")  # as approved before this question was there
    team.refresh_from_db()
    enter, waive = f"/api/v1/teams/{team.pk}/enter/", f"/api/v1/teams/{team.pk}/waive/"
    refused = api(stefan).post(enter, {"question": "sarcopenia"}, format="json")
    assert refused.status_code == 400 and len(refused.json()["errors"]) == 2
    assert "organiser" in refused.json()["detail"]
    assert api(stefan).post(waive, {"reason": "me"}, format="json").status_code == 403
    assert api(olivia).post(waive, {"reason": " "}, format="json").status_code == 400
    assert api(olivia).post(waive, {"reason": "late question"}, format="json").json()["waiver"] == "late question"
    assert api(stefan).post(enter, {"question": "sarcopenia"}, format="json").json()["entered"] == ["sarcopenia"]


def test_a_waiver_is_for_a_team_that_is_in(challenge: Challenge, olivia: User, stefan: User) -> None:
    with pytest.raises(TeamRuleError, match="Approve"):
        waive_rules(team=applied(challenge, stefan), actor=olivia, reason="small")


def test_a_question_with_a_registration_window_is_entered_in_it_only(
    challenge: Challenge, olivia: User, stefan: User
) -> None:
    question = challenge.questions.get(slug="sarcopenia")
    team = applied(challenge, stefan)
    window = Phase.objects.create(
        question=question, name="registration", accepts="registrations", opens=ago(days=2), closes=ago(days=1)
    )
    times = 'opens: "2019-01-01T00:00:00Z", closes: "2019-02-01T00:00:00Z"'
    declared = f"\nphases:\n  registration: {{{times}, accepts: registrations}}"
    source = question.current().source.replace("\nphases:", declared)
    question = load_question(challenge=challenge, text=source, actor=olivia)
    for opens, closes, words in ((-2, -1, "closed at"), (1, 2, "opens at")):
        Phase.objects.filter(pk=window.pk).update(opens=ago(days=-opens), closes=ago(days=-closes))
        with pytest.raises(ClosedError, match=words):
            enter_question(team=team, question=question, actor=stefan)
    Phase.objects.filter(pk=window.pk).update(opens=ago(days=1), closes=ago(days=-1))
    enter_question(team=team, question=question, actor=stefan)
    Phase.objects.filter(pk=window.pk).update(closes=ago(hours=1))
    enter_question(team=team, question=question, actor=stefan)  # entering twice is entering once, also afterwards


def test_what_was_waived_is_no_longer_asked(challenge: Challenge, olivia: User, stefan: User) -> None:
    team = applied(challenge, stefan)
    assert len(unmet_rules(team)) == 2
    approve_team(team=team, actor=olivia, waiver="six teams share two radiologists")
    assert unmet_rules(team) == []


def test_the_registration_page_says_whose_rules_they_are(challenge: Challenge, olivia: User, stefan: User) -> None:
    client = Client()
    client.force_login(stefan)
    same = client.get(f"/c/{challenge.slug}/team/").context["rules"]
    assert [title for title, _rules in same] == [""]
    strict = load_question(challenge=challenge, text=STRICT, actor=olivia)
    page = client.get(f"/c/{challenge.slug}/team/")
    assert [title for title, _rules in page.context["rules"]] == [
        str(question) for question in challenge.questions.all()
    ]
    assert str(strict) in page.content.decode()
    assert "and no others" in page.content.decode()
