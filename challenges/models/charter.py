"""Charters: versioned texts with a hash, and who signed which version."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from challenges.models.challenge import Challenge


class Charter(models.Model):
    """A version of the text that one kind of people signs. The newest version of an audience is in force."""

    class Audience(models.TextChoices):
        CENTRE = "centre"
        TEAM = "team"
        READER = "reader"
        JUROR = "juror"

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="charters")
    audience = models.CharField(max_length=10, choices=Audience.choices)
    version = models.PositiveIntegerField()
    text = models.JSONField(default=dict)  # {"en": …, "fr": …}
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["challenge", "audience", "version"], name="one_charter_per_version")
        ]

    def __str__(self) -> str:
        return f"{self.audience} charter {self.version} of challenge {self.challenge_id}"


class CharterSignature(models.Model):
    """One person signed one version, under this name, from this address."""

    charter = models.ForeignKey(Charter, on_delete=models.PROTECT, related_name="signatures")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="signatures")
    name = models.CharField(max_length=150)
    address = models.GenericIPAddressField(null=True, blank=True)
    signed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["charter", "user"], name="one_signature_per_charter_and_user")]

    def __str__(self) -> str:
        return f"user {self.user_id} signed charter {self.charter_id}"
