"""An edition of a challenge."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language

from core.models import Moving
from core.words import localised


class ChallengeQuerySet(models.QuerySet["Challenge"]):
    def visible_to(self, user: Any) -> ChallengeQuerySet:
        """Open challenges are public; a draft is its organisers'."""
        if getattr(user, "is_superuser", False):
            return self
        seen = ~Q(state=Challenge.State.DRAFT)
        if user.is_authenticated:
            seen |= Q(roles__user=user, roles__kind="organiser")
        return self.filter(seen).distinct()

    def organised_by(self, user: Any) -> ChallengeQuerySet:
        if getattr(user, "is_superuser", False):
            return self
        if not user.is_authenticated:
            return self.none()
        return self.filter(roles__user=user, roles__kind="organiser").distinct()


class Challenge(Moving):
    """An edition (JFR 2019): questions, centres, teams and organisers under one charter and timeline."""

    class State(models.TextChoices):
        DRAFT = "draft"
        OPENED = "opened"
        CLOSED = "closed"

    MOVES = {
        "draft": frozenset({"opened"}),
        "opened": frozenset({"closed", "draft"}),
        "closed": frozenset({"opened"}),
    }

    slug = models.SlugField(max_length=60, unique=True)
    title = models.JSONField(default=dict)  # {"en": …, "fr": …}
    summary = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    contact = models.EmailField(blank=True)
    data_protection_officer = models.EmailField(blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = ChallengeQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return localised(self.title, get_language() or "en") or self.slug

    @property
    def challenge_id(self) -> int:
        return self.pk
