"""A ranking is a dated snapshot, recomputed whole; nothing in it is edited."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from challenges.models import Challenge, Phase, Question, Team
from scoring.models import Evaluation


class RankingQuerySet(models.QuerySet["Ranking"]):
    def visible_to(self, user: Any) -> RankingQuerySet:
        """Published rankings are as public as their challenge; the rest is the organisers'."""
        published = Q(published_at__lte=Now(), question__challenge__in=Challenge.objects.visible_to(user))
        organised = Q(question__challenge__in=Challenge.objects.organised_by(user))
        return self.filter(published | organised).distinct()


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
    reason = models.TextField(blank=True)  # why it was computed again
    computed_at = models.DateTimeField(default=timezone.now)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = RankingQuerySet.as_manager()

    class Meta:
        ordering = ["question", "phase", "part", "-number"]
        constraints = [models.UniqueConstraint(fields=["phase", "part", "number"], name="one_ranking_per_number")]

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
