"""Stage 10, announce: the winners of a question and its best centre, out when their minute comes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.db.models import Count, Q
from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.utils.translation import gettext, gettext_noop

from challenges.frame import plan_milestone, spec_of
from challenges.models import Centre, Membership, Question, Team
from challenges.people import require_organiser
from core.audit import record
from core.clock import database_now
from core.errors import InvalidInputError, MoveNotAllowedError
from core.models import User
from core.work import Claim, enqueue
from leaderboard.models import Announcement, Placing, Ranking
from leaderboard.parts import winning_parts
from leaderboard.publish import publish_ranking
from uploads.models import Exam


class AlreadyAnnouncedError(MoveNotAllowedError):
    reason = "already_announced"


def centre_counts(question: Question) -> list[dict[str, Any]]:
    """Included exams by centre, most first: those that passed quality control, whatever came after."""
    included = Exam.objects.included().filter(question=question)
    counts = Count("exams", filter=Q(exams__in=included), distinct=True)
    rows = Centre.objects.filter(challenge=question.challenge).annotate(included=counts).filter(included__gt=0)
    return [
        {"centre": centre.slug, "name": centre.name, "included": centre.included}
        for centre in rows.order_by("-included", "name")
    ]


def announce(
    *,
    question: Question,
    ranking: Ranking,
    announced_at: datetime,
    actor: Any,
    words: Mapping[str, str] | None = None,
) -> Announcement:
    """Winners (all teams at the first place) and the best centre; the ranking is out no later than they are.

    Deciding again before the minute has come replaces what was decided; afterwards it stands. A tie of centres has no single
    best centre: `centre_exams` shows it.
    """
    require_organiser(actor, question.challenge)
    _require_deciding(question, ranking)
    winners = [placing.team for placing in ranking.placings.filter(place=1).select_related("team")]
    if not winners:
        raise InvalidInputError(gettext_noop("Nobody is ranked: there is no winner to announce."))
    counts = centre_counts(question)
    leading = [row for row in counts if row["included"] == counts[0]["included"]]
    best = Centre.objects.get(challenge=question.challenge, slug=leading[0]["centre"]) if len(leading) == 1 else None
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
        for user in _told(question):
            enqueue(
                "mail_announcement",
                f"{announcement.pk}:{user.pk}",
                run_at=announced_at,
                challenge_id=question.challenge_id,
            )
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


def _require_deciding(question: Question, ranking: Ranking) -> None:
    if (
        ranking.question_id != question.pk
        or not ranking.phase.decides
        or ranking.part not in winning_parts(spec_of(question))
    ):
        raise InvalidInputError(
            gettext_noop("Announce the ranking that decides: of the deciding phase, on all hidden cases.")
        )
    if ranking.phase.closes > database_now():
        raise InvalidInputError(gettext_noop("The deciding phase is still open. Announce when it has closed."))


def _decide(
    question: Question,
    ranking: Ranking,
    announced_at: datetime,
    actor: Any,
    best: Centre | None,
    counts: list[dict[str, Any]],
    words: Mapping[str, str],
) -> Announcement:
    decided = {
        "ranking": ranking,
        "best_centre": best,
        "centre_exams": counts,
        "words": dict(words),
        "announced_at": announced_at,
        "decided_by": actor,
        "decided_at": database_now(),
    }
    existing = Announcement.objects.filter(question=question).first()
    if existing is not None and existing.announced_at <= database_now():
        raise AlreadyAnnouncedError(gettext_noop("The winners of this question are announced; that cannot be changed."))
    if existing is not None:
        Announcement.objects.filter(pk=existing.pk).update(**decided)
        existing.refresh_from_db()
        return existing
    try:
        with transaction.atomic():
            return Announcement.objects.create(question=question, **decided)
    except IntegrityError as error:
        raise AlreadyAnnouncedError(
            gettext_noop("Somebody else announced the winners just now. Look again.")
        ) from error


def _told(question: Question) -> list[User]:
    """Members of the teams that entered, once each."""
    members = Membership.objects.filter(team__entries__question=question, team__state=Team.State.APPROVED)
    return list(User.objects.filter(pk__in=members.values("user_id"), is_active=True).order_by("pk"))


def mail_announcement(claim: Claim) -> None:
    """One person's mail; the subject is `<announcement>:<user>`. The page is out by its minute, whether or not mails go."""
    announcement_id, _colon, user_id = claim.subject_id.partition(":")
    announcement = Announcement.objects.select_related("question__challenge").filter(pk=announcement_id).first()
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if announcement is not None and user is not None and announcement.announced_at <= database_now():
        with translation.override(user.language):
            subject, body = letter(announcement, user)
            send_mail(subject, body, None, [user.email])
    with claim.finish():
        return


def letter(announcement: Announcement, user: User) -> tuple[str, str]:
    """Subject and text in the active language: the winners, the team's own place, the best centre."""
    question = announcement.question
    winners = ", ".join(team.name for team in announcement.winners.order_by("name"))
    lines = [gettext("Winner of “%(question)s”: %(teams)s.") % {"question": question, "teams": winners}]
    own = (
        Placing.objects.filter(ranking=announcement.ranking, team__memberships__user=user)
        .select_related("team")
        .first()
    )
    if own is not None and own.place is not None:
        lines.append(gettext("Your team %(team)s has place %(place)s.") % {"team": own.team.name, "place": own.place})
    if announcement.best_centre is not None:
        lines.append(gettext("Best inclusion centre: %(centre)s.") % {"centre": announcement.best_centre.name})
    lines.append(settings.SITE_ORIGIN + _board_path(question))
    return f"{question.challenge}: {question}", "\n\n".join(lines)


def _board_path(question: Question) -> str:
    try:
        return reverse("leaderboard:board", args=[question.challenge.slug, question.slug])
    except NoReverseMatch:
        return f"/c/{question.challenge.slug}/{question.slug}/board/"
