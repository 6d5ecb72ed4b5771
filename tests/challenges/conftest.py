"""Named people of a small challenge with one question, sarcopenia, in words as its file says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from challenges.centres import add_centre
from challenges.charter import publish_charter, sign_charter
from challenges.frame import create_challenge, load_question, open_challenge
from challenges.models import Challenge, Question, Team
from challenges.teams import apply_team, approve_team, enter_question
from core.models import User

CATALOGUE = Path(__file__).parents[2] / "concours" / "questions" / "catalogue"
SARCOPENIA = (CATALOGUE / "sarcopenia.yaml").read_text()


def person(name: str, **fields: Any) -> User:
    return User.objects.create_user(f"{name}@example.org", "a long enough one", full_name=name.title(), **fields)


@pytest.fixture
def olivia(db: None) -> User:
    """The organiser."""
    return person("olivia")


@pytest.fixture
def challenge(olivia: User, settings: Any, tmp_path: Path) -> Challenge:
    settings.KEYS_DIR = tmp_path / "keys"
    challenge_result = create_challenge(
        slug="jfr-2019", title={"en": "JFR 2019", "fr": "JFR 2019"}, actor=olivia, contact="jfr@example.org"
    )
    load_question(challenge=challenge_result, text=SARCOPENIA, actor=olivia)
    open_challenge(challenge=challenge_result, actor=olivia)
    return challenge_result


@pytest.fixture
def question(challenge: Challenge) -> Question:
    return challenge.questions.get(slug="sarcopenia")


@pytest.fixture
def maya(db: None) -> User:
    """Leads team Milvue."""
    return person("maya")


@pytest.fixture
def milvue(challenge: Challenge, question: Question, maya: User, olivia: User) -> Team:
    """An approved team that signed and entered."""
    team = apply_team(challenge=challenge, name="Milvue", user=maya, profession="radiologist", institution="Milvue SAS")
    approve_team(team=team, actor=olivia, waiver="a small edition")
    enter_question(team=team, question=question, actor=maya)
    charter = publish_charter(challenge=challenge, audience="team", text={"en": "Use it well."}, actor=olivia)
    sign_charter(charter=charter, user=maya, name="Maya Milvue")
    return team


@pytest.fixture
def oskar(challenge: Challenge, question: Question, olivia: User) -> User:
    """Leads another team, Owkin, that signed nothing."""
    user = person("oskar")
    team = apply_team(challenge=challenge, name="Owkin", user=user, profession="engineer")
    approve_team(team=team, actor=olivia, waiver="a small edition")
    enter_question(team=team, question=question, actor=user)
    return user


@pytest.fixture
def stefan(db: None) -> User:
    """A stranger with an account."""
    return person("stefan")


@pytest.fixture
def bichat(challenge: Challenge, olivia: User) -> Any:
    return add_centre(challenge=challenge, name="Bichat", city="Paris", actor=olivia)


def api(user: User | None = None) -> APIClient:
    client = APIClient()
    if user is not None:
        client.force_login(user)
    return client
