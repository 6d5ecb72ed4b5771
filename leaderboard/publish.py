"""Publishes a ranking: from that moment it is as public as its challenge."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from challenges.models import Phase
from challenges.permissions import require_organiser
from core.actors import Actor, person_of
from core.audit import record
from core.clock import database_now
from core.locks import locked
from core.readiness import require_ready
from core.work import enqueue
from leaderboard.models import Ranking
from leaderboard.readiness import publish_obstacles


def publish_ranking(*, ranking: Ranking, actor: Actor, at: datetime | None = None) -> None:
    """Out when `at <= now` (default: now). Publishing what is out already changes nothing."""
    require_organiser(actor, ranking.question.challenge)
    with transaction.atomic():
        current, now = locked(ranking), database_now()
        if current.published_at is not None and current.published_at <= now:
            ranking.published_at, ranking.published_by = current.published_at, current.published_by
            return
        moment = at or now
        require_ready(publish_obstacles(ranking, moment))
        Ranking.objects.filter(pk=ranking.pk).update(published_at=moment, published_by=actor)
        record(
            verb="ranking published",
            subject=ranking,
            actor=actor,
            detail={"part": ranking.part, "number": ranking.number, "at": moment.isoformat()},
            challenge_id=ranking.question.challenge_id,
        )
    ranking.published_at, ranking.published_by = moment, person_of(actor)


def ask_for_ranking(*, phase: Phase, actor: Actor) -> None:
    """Has the phase ranked again; nothing new is made of it where nothing changed."""
    require_organiser(actor, phase.question.challenge)
    with transaction.atomic():
        record(verb="ranking asked for", subject=phase, actor=actor, challenge_id=phase.question.challenge_id)
        enqueue("rank_phase", str(phase.pk), challenge_id=phase.question.challenge_id)
