"""`Authorization: Bearer con_…` for scripts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from core.errors import NotAllowedError
from core.models import AccessToken, User
from core.models.access_token import needed_scope, token_hash


class ScopeError(NotAllowedError):
    reason = "scope"


def user_of_token(secret: str, method: str = "GET", path: str = "") -> User | None:
    """The person whose unexpired token this is, or None. Raises ScopeError where it was made for something else."""
    now = timezone.now()
    token = (
        AccessToken.objects.select_related("user")
        .filter(secret_hash=token_hash(secret), expires_at__gt=now, user__is_active=True)
        .first()
    )
    if token is None:
        return None
    scope = needed_scope(method, path)
    if scope not in token.scopes:
        raise ScopeError(
            gettext_noop(
                "This token does not have the scope '%(scope)s'. Create one that has it on your account page."
            ),
            scope=scope,
        )
    if token.last_used_at is None or now - token.last_used_at > timedelta(minutes=10):
        AccessToken.objects.filter(pk=token.pk).update(last_used_at=now)
    user: User = token.user
    return user


class TokenAuthentication(BaseAuthentication):
    """Access tokens, by the header that every HTTP client knows."""

    def authenticate(self, request: Request) -> tuple[User, str] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() not in (b"bearer", b"token"):
            return None
        user = (
            user_of_token(words[1].decode("latin-1"), request.method or "", request.path) if len(words) == 2 else None
        )
        if user is None:
            raise AuthenticationFailed(
                _("This token is unknown or has expired. Create a new one on your account page.")
            )
        return user, "token"

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class TokenInSchema(OpenApiAuthenticationExtension):
    """Names the tokens in the published schema."""

    target_class = "core.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An access token from your account page."}
