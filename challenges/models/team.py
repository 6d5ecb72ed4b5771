"""Teams, their members and the questions they entered."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from challenges.models.challenge import Challenge
from challenges.models.question import Question
from core.models import Moving


class TeamQuerySet(models.QuerySet["Team"]):
    def visible_to(self, user: Any) -> TeamQuerySet:
        """A team is seen by its members and by organisers. Boards show its name through rankings."""
        if getattr(user, "is_superuser", False):
            return self
        if not user.is_authenticated:
            return self.none()
        own = Q(memberships__user=user)
        return self.filter(own | Q(challenge__in=Challenge.objects.organised_by(user))).distinct()


class Team(Moving):
    """A team of one challenge."""

    class State(models.TextChoices):
        APPLIED = "applied"
        APPROVED = "approved"
        REJECTED = "rejected"
        WITHDRAWN = "withdrawn"

    MOVES = {
        "applied": frozenset({"approved", "rejected", "withdrawn"}),
        "approved": frozenset({"withdrawn"}),
        "rejected": frozenset({"approved"}),
        "withdrawn": frozenset({"approved"}),
    }

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="teams")
    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=80)
    state = models.CharField(max_length=10, choices=State.choices, default=State.APPLIED)
    is_baseline = models.BooleanField(default=False)  # the organiser's own: shown, never ranked
    waiver = models.TextField(blank=True)  # the organiser's reason for waiving a rule of composition
    created_at = models.DateTimeField(default=timezone.now)

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["challenge", "slug"], name="one_team_per_slug")]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A member of a team, with the profession that the rules of composition count."""

    class Profession(models.TextChoices):
        RADIOLOGIST = "radiologist", pgettext_lazy("profession", "radiologist")
        ENGINEER = "engineer", pgettext_lazy("profession", "engineer")
        STUDENT = "student", pgettext_lazy("profession", "student")
        RESEARCHER = "researcher", pgettext_lazy("profession", "researcher")
        DATA_SCIENTIST = "data-scientist", pgettext_lazy("profession", "data scientist")
        COMPANY = "company", pgettext_lazy("profession", "company")

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="team_memberships")
    profession = models.CharField(max_length=20, choices=Profession.choices)
    institution = models.CharField(max_length=120, blank=True)
    leads = models.BooleanField(default=False)
    conflict = models.CharField(max_length=500, blank=True)  # the member's own words on a conflict of interest
    joined_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="one_membership_per_team_and_user")]

    def __str__(self) -> str:
        return f"user {self.user_id} of team {self.team_id}"


class TeamEntry(models.Model):
    """A team has entered a question. A team that entered and sent nothing is shown as N.S.; one that never did, not at all."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="entries")
    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="entries")
    entered_at = models.DateTimeField(default=timezone.now)
    excluded_reason = models.TextField(blank=True)  # not empty: excluded from the ranking, and why

    class Meta:
        verbose_name_plural = "team entries"
        constraints = [models.UniqueConstraint(fields=["team", "question"], name="one_entry_per_team_and_question")]

    def __str__(self) -> str:
        return f"team {self.team_id} in question {self.question_id}"
