"""A ranking is a dated snapshot, recomputed whole; nothing in it is edited."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from challenges.models import Challenge, Phase, Question, Team
from core.clock import SiteNow
from scoring.models import Evaluation

PUBLIC = "public"
# Scores on hidden cases, shown while a team can still answer, would tell it their labels one answer after the other: whatever
# was published, only the public part shows before its phase has closed.
OUT = Q(published_at__lte=SiteNow()) & (Q(part=PUBLIC) | Q(phase__closes__lte=SiteNow()))


class RankingQuerySet(models.QuerySet["Ranking"]):
    def visible_to(self, user: Any) -> RankingQuerySet:
        """Published rankings are as public as their challenge; the rest is the organisers'."""
        published = OUT & Q(question__challenge__in=Challenge.objects.visible_to(user))
        organised = Q(question__challenge__in=Challenge.objects.organised_by(user))
        return self.filter(published | organised).distinct()

    def out(self) -> RankingQuerySet:
        """Those that everybody may see now."""
        return self.filter(OUT)


class Ranking(models.Model):
    """All placings of one phase and part at one moment, with the set that was ranked and what it was computed from."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="rankings")
    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="rankings")
    part = models.CharField(max_length=8, default="all")  # all | public | private
    number = models.PositiveIntegerField()
    snapshot = models.JSONField()  # canonical: rule, ranked set, evaluations, versions, seeds, hashes
    sha256 = models.CharField(max_length=64)
    statistics = models.JSONField(
        default=dict, blank=True
    )  # `plots` in it is of single cases: see permissions.shows_cases
    cause = models.CharField(
        max_length=12, blank=True
    )  # why it replaces the one before: withdrawal, correction, request
    reason = models.TextField(blank=True)  # the same in the organiser's words, which everybody may read
    computed_at = models.DateTimeField(default=timezone.now)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = RankingQuerySet.as_manager()

    class Meta:
        ordering = ["question", "phase", "part", "-number"]
        constraints = [models.UniqueConstraint(fields=["phase", "part", "number"], name="one_ranking_per_number")]

    def is_out(self, now: datetime) -> bool:
        """The same rule as `OUT`, for one row."""
        published = self.published_at is not None and self.published_at <= now
        return published and (self.part == PUBLIC or self.phase.closes <= now)

    def __str__(self) -> str:
        return f"ranking {self.number} of phase {self.phase_id}"


class Placing(models.Model):
    """One team's line of a ranking. N.S. and baselines have no place."""

    class Status(models.TextChoices):
        RANKED = "ranked"
        NOT_SUBMITTED = "N.S."
        BASELINE = "baseline"
        EXCLUDED = "excluded"

    ranking = models.ForeignKey(Ranking, on_delete=models.CASCADE, related_name="placings")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="placings")
    evaluation = models.ForeignKey(Evaluation, null=True, blank=True, on_delete=models.PROTECT, related_name="placings")
    position = models.PositiveIntegerField()  # the order of lines on the board
    place = models.PositiveIntegerField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices)
    total = models.FloatField(null=True, blank=True)
    scores = models.JSONField(default=dict)  # as shown; ranked in full precision from Score rows
    ranks = models.JSONField(default=dict)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["ranking", "position"]
        constraints = [
            models.UniqueConstraint(fields=["ranking", "team"], name="one_placing_per_team"),
            models.CheckConstraint(
                condition=(Q(status="ranked") & Q(place__isnull=False)) | (~Q(status="ranked") & Q(place__isnull=True)),
                name="only_ranked_teams_have_a_place",
            ),
        ]

    def __str__(self) -> str:
        return f"place {self.place} of ranking {self.ranking_id}"
