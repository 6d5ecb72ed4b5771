"""Stage 10, announce: the winners of a question and its best centre, out when their minute comes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext_noop

from challenges.frame import plan_milestone
from challenges.models import Centre, Question
from challenges.permissions import require_organiser
from core.actors import Actor
from core.audit import record
from core.clock import database_now
from core.errors import MoveNotAllowedError
from core.locks import locked
from core.readiness import require_ready
from core.work import enqueue
from leaderboard.models import Announcement, Ranking
from leaderboard.publish import publish_ranking
from leaderboard.readiness import announce_obstacles
from uploads.models import Exam


class AlreadyAnnouncedError(MoveNotAllowedError):
    reason = "already_announced"


@dataclass(frozen=True)
class CentreCount:
    """How many exams of a centre were included. `centre` is its short name."""

    centre: str
    name: str
    included: int


def centre_counts(question: Question) -> list[CentreCount]:
    """Included exams by centre, most first: those that passed quality control, whatever came after."""
    included = Exam.objects.included().filter(question=question)
    counts = Count("exams", filter=Q(exams__in=included), distinct=True)
    rows = Centre.objects.filter(challenge=question.challenge).annotate(included=counts).filter(included__gt=0)
    return [CentreCount(centre.slug, centre.name, centre.included) for centre in rows.order_by("-included", "name")]


def announce(
    *,
    question: Question,
    ranking: Ranking,
    announced_at: datetime,
    actor: Actor,
    words: Mapping[str, str] | None = None,
) -> Announcement:
    """Winners (all teams at the first place) and the best centre; the ranking is out no later than they are.

    Deciding again before the minute has come replaces what was decided; afterwards it stands. A tie of centres has no single
    best centre: `centre_exams` shows it.
    """
    require_organiser(actor, question.challenge)
    require_ready(announce_obstacles(question, ranking))
    winners = [placing.team for placing in ranking.placings.filter(place=1).select_related("team")]
    counts = centre_counts(question)
    leading = [row for row in counts if row.included == counts[0].included]
    best = Centre.objects.get(challenge=question.challenge, slug=leading[0].centre) if len(leading) == 1 else None
    with transaction.atomic():
        announcement = _decide(question, ranking, announced_at, actor, best, counts, words or {})
        announcement.winners.set(winners)
        if ranking.published_at is None or ranking.published_at > announced_at:
            publish_ranking(ranking=ranking, actor=actor, at=announced_at)
        plan_milestone(
            challenge=question.challenge,
            question=question,
            key="announcement",
            title={"en": "Announcement of the winners", "fr": "Annonce des lauréats"},
            run_at=announced_at,
        )
        enqueue("tell_announcement", announcement, run_at=announced_at, challenge_id=question.challenge_id)
        record(
            verb="winners announced",
            subject=announcement,
            actor=actor,
            detail={
                "ranking": ranking.pk,
                "winners": [team.name for team in winners],
                "best_centre": best.slug if best else "",
                "at": announced_at.isoformat(),
            },
            challenge_id=question.challenge_id,
        )
    return announcement


def _decide(
    question: Question,
    ranking: Ranking,
    announced_at: datetime,
    actor: Actor,
    best: Centre | None,
    counts: list[CentreCount],
    words: Mapping[str, str],
) -> Announcement:
    decided = {
        "ranking": ranking,
        "best_centre": best,
        "centre_exams": [asdict(count) for count in counts],
        "words": dict(words),
        "announced_at": announced_at,
        "decided_by": actor,
        "decided_at": database_now(),
    }
    locked(question)  # of two organisers who decide at once, the second replaces or finds what the first decided
    existing = Announcement.objects.filter(question=question).first()
    if existing is None:
        return Announcement.objects.create(question=question, **decided)
    if existing.announced_at <= database_now():
        raise AlreadyAnnouncedError(
            gettext_noop("The winners of this question have been announced and can no longer be changed.")
        )
    Announcement.objects.filter(pk=existing.pk).update(**decided)
    existing.refresh_from_db()
    return existing
