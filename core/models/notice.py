"""What a person has to know: one row is the entry behind the bell and the outbox of its mail."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class MailTiming(models.TextChoices):
    """How a person is told, beside the page that always tells."""

    AT_ONCE = "at_once"
    DIGEST = "digest"
    PAGE = "page"


class Notice(models.Model):
    """One event for one person; `(user, kind, about)` is unique, so an event is told once however often it is reported.

    `challenge_id` is a plain number, since challenges live in a higher app.
    """

    class Mail(models.TextChoices):
        WAITING = "waiting"  # goes at once
        DIGEST = "digest"  # goes with the next digest
        SENT = "sent"
        NONE = "none"  # the person reads it on the page
        FAILED = "failed"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=40)
    about = models.CharField(max_length=120)
    values = models.JSONField(default=dict)
    path = models.CharField(max_length=200, blank=True)
    challenge_id = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(null=True, blank=True)
    mail = models.CharField(max_length=8, choices=Mail.choices)
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["user", "kind", "about"], name="one_notice_per_event")]
        indexes = [
            models.Index(fields=["user"], condition=Q(seen_at=None), name="unseen_notices"),
            models.Index(fields=["user"], condition=Q(mail="digest"), name="notices_for_digests"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for user {self.user_id}"


class NoticePreference(models.Model):
    """How a person wants to be told of one kind; without a row the kind's usual delivery holds."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notice_preferences")
    kind = models.CharField(max_length=40)
    delivery = models.CharField(max_length=8, choices=MailTiming.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="one_preference_per_kind")]

    def __str__(self) -> str:
        return f"{self.kind} of user {self.user_id}: {self.delivery}"
