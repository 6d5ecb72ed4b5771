"""Roles without tasks of their own yet: in a challenge that is being prepared, and data protection officers."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from challenges.models import Centre, Challenge, Role
from pages.home.parts import RoleSection, Task


def draft_sections(user: Any) -> list[RoleSection]:
    """Who has accepted an invitation before the challenge opens reads that it will."""
    roles = Role.objects.filter(user=user, challenge__state=Challenge.State.DRAFT).exclude(kind=Role.Kind.ORGANISER)
    named = [(row.get_kind_display(), row.challenge) for row in roles.select_related("challenge").order_by("pk")]
    centres = Centre.objects.filter(memberships__user=user, challenge__state=Challenge.State.DRAFT)
    named += [(str(centre), centre.challenge) for centre in centres.select_related("challenge").order_by("pk")]
    preparing = Task(
        _("The challenge is being prepared"), _("Your tasks appear here when it opens."), icon="hourglass-split"
    )
    return [RoleSection(title, challenge, [preparing], is_open=False) for title, challenge in named]


def officer_sections(user: Any) -> list[RoleSection]:
    """The page of the data protection officer."""
    roles = Role.objects.filter(
        user=user, kind=Role.Kind.PROTECTION_OFFICER, challenge__in=Challenge.objects.visible_to(user)
    )
    return [
        RoleSection(
            row.get_kind_display(),
            row.challenge,
            [
                Task(
                    _("Data protection"),
                    _("Data flow, retention, signatures, withdrawals, deletions and downloads."),
                    reverse("pages:protection", args=[row.challenge.slug]),
                    _("Open"),
                    "shield-lock",
                )
            ],
        )
        for row in roles.exclude(challenge__state=Challenge.State.DRAFT).select_related("challenge").order_by("pk")
    ]
