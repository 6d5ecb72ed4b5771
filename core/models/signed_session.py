"""Where a person is signed in: one row per session, so that one can see and end one's own."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class SignedSession(models.Model):
    """A session from its sign-in on. The session itself, and whether it still lives, is Django's."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="signed_sessions")
    session_key = models.CharField(max_length=40, unique=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    browser = models.CharField(max_length=200, blank=True)  # as it calls itself
    signed_in_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-signed_in_at", "-id"]

    def __str__(self) -> str:
        return f"session {self.pk} of user {self.user_id}"
