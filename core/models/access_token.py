"""Tokens for scripts: shown once, kept as a hash, expiring."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone


def token_hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _in_ninety_days() -> datetime:
    return timezone.now() + timedelta(days=90)


class AccessToken(models.Model):
    """One token of one person. The secret is known to nobody once it has been shown."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="access_tokens")
    name = models.CharField(max_length=80)
    secret_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(default=_in_ninety_days)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"token {self.pk} of user {self.user_id}"

    @classmethod
    def issue(cls, user: object, name: str) -> "tuple[AccessToken, str]":
        """A new token and its secret, which is never shown again."""
        secret = "con_" + secrets.token_urlsafe(32)
        return cls.objects.create(user=user, name=name, secret_hash=token_hash(secret)), secret
