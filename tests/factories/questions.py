"""Challenges with questions of the catalogue, their windows set around now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from django.utils import timezone

from challenges.frame import create_challenge, load_question, open_challenge
from challenges.models import Challenge, Phase, Question
from core.models import User
from tests.factories.people import person

CATALOGUE = Path(__file__).resolve().parents[2] / "concours" / "questions" / "catalogue"


def catalogue_text(slug: str, changes: Mapping[str, Any] | None = None, now: datetime | None = None) -> str:
    """A catalogue question whose batches are out since yesterday and whose phases are open from yesterday till tomorrow.

    Limits and rules are free, so that a test says only what it is about. `changes` is merged in, deeply; None removes a key.
    """
    now = now or timezone.now()
    document = yaml.safe_load((CATALOGUE / f"{slug}.yaml").read_text(encoding="utf-8"))
    document["rules"] = {}
    document.pop("limits", None)
    for batch in document.get("batches", []):
        batch["released_at"] = (now - timedelta(days=1)).isoformat()
    for phase in document["phases"].values():
        phase["opens"], phase["closes"] = (now - timedelta(days=1)).isoformat(), (now + timedelta(days=1)).isoformat()
    if "reveal_at" in document.get("leaderboard", {}):
        del document["leaderboard"]["reveal_at"]
    document = merged(document, changes or {})
    if document.get("leaderboard", {}).get("public_share"):  # which no question file may have without a cap
        document["limits"] = {"per_phase": 1000, **document.get("limits", {})}
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False)


def merged(document: Any, changes: Mapping[str, Any]) -> Any:
    """Mappings are merged, everything else is replaced."""
    result = dict(document) if isinstance(document, dict) else {}
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping):
            result[key] = merged(result.get(key), value)
        else:
            result[key] = value
    return result


def challenge(slug: str = "cup", organiser: User | None = None) -> Challenge:
    """A challenge that Olga organises; open as soon as `question` gives it one."""
    return create_challenge(
        slug=slug, title={"en": slug.title(), "fr": slug.title()}, actor=organiser or person("Olga")
    )


def question(
    slug: str = "sarcopenia",
    changes: Mapping[str, Any] | None = None,
    *,
    within: Challenge | None = None,
) -> Question:
    """A question of the catalogue in an open challenge."""
    home = within or challenge()
    question_row = load_question(challenge=home, text=catalogue_text(slug, changes), actor=home.created_by)
    if home.state == Challenge.State.DRAFT:
        open_challenge(challenge=home, actor=home.created_by)
    return question_row


def deciding_phase(of: Question) -> Phase:
    return of.phases.get(decides=True)


def close_phase(phase: Phase) -> None:
    """It closed a minute ago: what is in can be published."""
    Phase.objects.filter(pk=phase.pk).update(closes=timezone.now() - timedelta(minutes=1))
    phase.refresh_from_db()


def reopen_phase(phase: Phase) -> None:
    """It was prolonged until tomorrow."""
    Phase.objects.filter(pk=phase.pk).update(closes=timezone.now() + timedelta(days=1))
    phase.refresh_from_db()
