"""The winners of a question and its best centre, announced at a minute."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from challenges.models import Centre, Challenge, Question, Team
from core.clock import SiteNow
from leaderboard.models.ranking import Ranking


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    def visible_to(self, user: Any) -> AnnouncementQuerySet:
        out = Q(announced_at__lte=SiteNow(), question__challenge__in=Challenge.objects.visible_to(user))
        return self.filter(out | Q(question__challenge__in=Challenge.objects.organised_by(user))).distinct()


class Announcement(models.Model):
    """Out when `announced_at <= now`: winners (several when tied) and the centre with most included exams."""

    question = models.OneToOneField(Question, on_delete=models.CASCADE, related_name="announcement")
    ranking = models.ForeignKey(Ranking, on_delete=models.PROTECT, related_name="announcements")
    winners = models.ManyToManyField(Team, related_name="wins")
    best_centre = models.ForeignKey(Centre, null=True, blank=True, on_delete=models.PROTECT, related_name="wins")
    centre_exams = models.JSONField(default=list)  # [{"centre", "included"}], as published
    words = models.JSONField(default=dict, blank=True)
    announced_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(default=timezone.now)

    objects = AnnouncementQuerySet.as_manager()

    def __str__(self) -> str:
        return f"announcement of question {self.question_id}"
