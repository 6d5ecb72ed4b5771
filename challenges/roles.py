"""Roles of persons in a challenge."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from challenges.models import Challenge, Question, Role
from core.actors import Actor
from core.audit import record


def grant_role(*, challenge: Challenge, user: Any, kind: str, actor: Actor, question: Question | None = None) -> Role:
    with transaction.atomic():
        role, created = Role.objects.get_or_create(challenge=challenge, user=user, kind=kind, question=question)
        if created:
            record(verb="role granted", subject=role, actor=actor, detail={"kind": kind}, challenge_id=challenge.pk)
    return role
