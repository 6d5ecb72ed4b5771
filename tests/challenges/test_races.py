"""Forms that are sent twice, or by two organisers at once: one row each, and no error that is ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from challenges.charter import publish_charter
from challenges.frame import load_question
from challenges.invitations import accept_invitation, cancel_invitation, invite
from challenges.models import Charter, Invitation, Membership, Question, QuestionRevision, Role, Team
from challenges.teams import apply_team, leave_team
from tests.factories.people import person, team_in
from tests.factories.questions import catalogue_text, challenge, question
from tests.interleaved import overlapping

BOTH = pytest.mark.parametrize(
    "any_database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
pytestmark = BOTH


@pytest.fixture(autouse=True)
def own_folders(settings: Any, tmp_path: Path) -> None:
    settings.KEYS_DIR = tmp_path / "keys"


def test_two_texts_of_a_question_at_once_are_two_revisions(any_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    home = challenge()
    texts = [catalogue_text("sarcopenia") + f"# {number}\n" for number in range(2)]
    doers = [lambda text=text: load_question(challenge=home, text=text, actor=None) for text in texts]
    assert overlapping(monkeypatch, "challenges.frame._set_phases", *doers) == []
    assert Question.objects.get().revision == 2
    assert sorted(QuestionRevision.objects.values_list("number", flat=True)) == [1, 2]


@pytest.mark.parametrize(("second", "versions"), [("Play fair.", [1]), ("Play well.", [1, 2])])
def test_two_charters_at_once_are_versions_in_turn(
    any_database: str, second: str, versions: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = challenge()
    doers = [
        lambda text=text: publish_charter(challenge=home, audience="team", text={"en": text}, actor=None)
        for text in ("Play fair.", second)
    ]
    assert overlapping(monkeypatch, "challenges.charter.record", *doers) == []
    assert sorted(Charter.objects.values_list("version", flat=True)) == versions


def test_an_application_sent_twice_is_one_team(any_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    home, user = question().challenge, person("Paul")
    doers = [
        lambda name=name: apply_team(challenge=home, name=name, user=user, profession="engineer")
        for name in ("Owls", "Cats")
    ]
    errors = overlapping(monkeypatch, "challenges.teams.record", *doers)
    assert [getattr(error, "template", "")[:24] for error in errors] == ["You are already in a team of"[:24]]
    assert Team.objects.count() == Membership.objects.count() == 1


def test_the_last_two_who_leave_at_once_withdraw_their_team(any_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    people = person("Paul"), person("Petra")
    team = team_in(question(), "Owls", *people)
    doers = [lambda user=user: leave_team(team=Team.objects.get(pk=team.pk), user=user) for user in people]
    assert overlapping(monkeypatch, "challenges.teams.record", *doers) == []
    team.refresh_from_db()
    assert team.state == "withdrawn" and not Membership.objects.exists()


def test_an_invitation_accepted_twice_at_once_gives_its_role_once(
    any_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, user = challenge(), person("Rita")
    _invitation, secret = invite(challenge=home, email=user.email, what="reader", actor=person("Olga"))
    accept = lambda: accept_invitation(secret=secret, user=user)  # noqa: E731
    assert overlapping(monkeypatch, "challenges.invitations._give", accept, accept) == []
    assert Role.objects.filter(user=user).count() == 1


@pytest.mark.parametrize("order", [1, -1])
def test_an_invitation_is_accepted_or_cancelled(any_database: str, order: int, monkeypatch: pytest.MonkeyPatch) -> None:
    home, user = challenge(), person("Rita")
    invitation, secret = invite(challenge=home, email=user.email, what="reader", actor=person("Olga"))
    doers = [
        lambda: accept_invitation(secret=secret, user=user),
        lambda: cancel_invitation(invitation=Invitation.objects.get(pk=invitation.pk), actor=None),
    ][::order]
    errors = overlapping(monkeypatch, "challenges.invitations.record", *doers)
    assert [getattr(error, "reason", "") for error in errors] == ["invitation"]
    assert Role.objects.filter(user=user).exists() == Invitation.objects.exists() == (order == 1)
