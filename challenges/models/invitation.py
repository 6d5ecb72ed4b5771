"""Invitations by e-mail: a link that makes its holder a member of a centre or team, or gives a role."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from challenges.models.centre import Centre
from challenges.models.challenge import Challenge
from challenges.models.question import Question
from challenges.models.role import Role
from challenges.models.team import Team


class Invitation(models.Model):
    """`what` is one of `OFFERS`. The secret of the link is kept as a hash only."""

    OFFERS: ClassVar[dict[str, str | Promise]] = {**dict(Role.Kind.choices), "centre": _("Centre"), "team": _("Team")}

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    what = models.CharField(max_length=10)
    centre = models.ForeignKey(Centre, null=True, blank=True, on_delete=models.CASCADE)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE)
    question = models.ForeignKey(Question, null=True, blank=True, on_delete=models.CASCADE)
    profession = models.CharField(max_length=20, blank=True)
    secret_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(what="centre") | models.Q(centre__isnull=False), name="centre_invitation_names_it"
            ),
            models.CheckConstraint(
                condition=~models.Q(what="team") | models.Q(team__isnull=False), name="team_invitation_names_it"
            ),
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk} ({self.what})"

    @property
    def offered(self) -> str:
        """The role, with the centre, team or question it is for: "Centre: Bichat"."""
        role = str(self.OFFERS.get(self.what, self.what))
        place = self.centre or self.team or self.question
        return gettext("%(role)s: %(place)s") % {"role": role, "place": place} if place else role
