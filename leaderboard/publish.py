"""Publishes a ranking: from that moment it is as public as its challenge."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop

from challenges.models import Phase
from challenges.people import require_organiser
from core.audit import record
from core.clock import database_now
from core.errors import InvalidInputError
from core.work import enqueue
from leaderboard.models import Ranking


class ProvisionalRankingError(InvalidInputError):
    reason = "provisional"


def publish_ranking(*, ranking: Ranking, actor: Any, at: datetime | None = None) -> None:
    """Out when `at <= now` (default: now). Publishing what is out already changes nothing."""
    require_organiser(actor, ranking.question.challenge)
    if ranking.snapshot.get("awaits_jury"):
        raise ProvisionalRankingError(
            gettext_noop("The jury has not finished: this ranking is provisional and cannot be published.")
        )
    now = database_now()
    if ranking.published_at is not None and ranking.published_at <= now:
        return
    moment = at or now
    with transaction.atomic():
        Ranking.objects.filter(pk=ranking.pk).update(published_at=moment, published_by=actor)
        record(
            verb="ranking published",
            subject=ranking,
            actor=actor,
            detail={"part": ranking.part, "number": ranking.number, "at": moment.isoformat()},
            challenge_id=ranking.question.challenge_id,
        )
    ranking.published_at, ranking.published_by = moment, actor


def ask_for_ranking(*, phase: Phase, actor: Any) -> None:
    """Has the phase ranked again; nothing new is made of it where nothing changed."""
    require_organiser(actor, phase.question.challenge)
    with transaction.atomic():
        record(verb="ranking asked for", subject=phase, actor=actor, challenge_id=phase.question.challenge_id)
        enqueue("rank_phase", str(phase.pk), challenge_id=phase.question.challenge_id)
