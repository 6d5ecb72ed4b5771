"""Tokens for scripts: shown once, kept as a hash, expiring."""

import hashlib
import re
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone


def token_hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


CENTRE_KEY = re.compile(r"/api/v1/centres/[0-9]+/key/")
SCOPES = ("read", "upload", "submit", "organise")


def every_scope() -> list[str]:
    return list(SCOPES)


def needed_scope(method: str, path: str) -> str:
    """What a token must be made for: who uploads may have the centre's key. Whatever is neither a look, an upload nor a
    submission is `organise`.
    """
    if method in ("GET", "HEAD", "OPTIONS"):
        return "read"
    if path.startswith(("/api/v1/uploads", "/dicomweb/")) or CENTRE_KEY.fullmatch(path):
        return "upload"
    return "submit" if path.startswith("/api/v1/submissions/") else "organise"


def _in_ninety_days() -> datetime:
    return timezone.now() + timedelta(days=90)


class AccessToken(models.Model):
    """One token of one person. The secret is known to nobody once it has been shown."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="access_tokens")
    name = models.CharField(max_length=80)
    secret_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(default=_in_ninety_days)
    scopes = models.JSONField(default=every_scope)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"token {self.pk} of user {self.user_id}"

    @classmethod
    def issue(cls, user: object, name: str) -> "tuple[AccessToken, str]":
        """A new token and its secret, which is never shown again."""
        secret = "con_" + secrets.token_urlsafe(32)
        return cls.objects.create(user=user, name=name, secret_hash=token_hash(secret)), secret
