"""Access tokens of a person: issued with an end, revoked at once, both on record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction

from core.audit import record
from core.clock import database_now
from core.models import AccessToken
from core.models.access_token import SCOPES


def issue_token(*, user: Any, name: str, days: int, scopes: Sequence[str] = SCOPES) -> tuple[AccessToken, str]:
    """A new token and its secret, which is never shown again. `days`: how long it is valid; `scopes`: what for."""
    with transaction.atomic():
        token, secret = AccessToken.issue(user, name)
        token.expires_at = database_now() + timedelta(days=days)
        token.scopes = [scope for scope in SCOPES if scope in scopes]
        token.save(update_fields=["expires_at", "scopes"])
        record(verb="token issued", subject=token, actor=user, detail={"days": days, "scopes": token.scopes})
    return token, secret


def revoke_token(*, token: AccessToken) -> None:
    with transaction.atomic():
        record(verb="token revoked", subject=token, actor=token.user)
        token.delete()
