"""Inclusion centres and the people who upload for them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from challenges.models.challenge import Challenge


class CentreQuerySet(models.QuerySet["Centre"]):
    def visible_to(self, user: Any) -> CentreQuerySet:
        """A centre is known to its own people and to organisers; never to readers or teams."""
        if getattr(user, "is_superuser", False):
            return self
        if not user.is_authenticated:
            return self.none()
        own = Q(memberships__user=user)
        return self.filter(own | Q(challenge__in=Challenge.objects.organised_by(user))).distinct()


class Centre(models.Model):
    """A hospital that takes part in one challenge."""

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="centres")
    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    city = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)  # from here on it sends nothing, and its exams leave
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawal_reason = models.CharField(max_length=40, blank=True)

    objects = CentreQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["challenge", "slug"], name="one_centre_per_slug")]

    def __str__(self) -> str:
        return self.name


class CentreMembership(models.Model):
    """A person who may upload for a centre, once the charter is signed."""

    centre = models.ForeignKey(Centre, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="centre_memberships")
    joined_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["centre", "user"], name="one_membership_per_centre_and_user")]

    def __str__(self) -> str:
        return f"user {self.user_id} of centre {self.centre_id}"
