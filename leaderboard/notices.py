"""The announcement reaches everybody who took part: teams, centres, readers, jurors and organisers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_noop

from challenges.models import Membership, Question, Role, Team
from core.claims import Claim
from core.clock import database_now
from core.models import User
from core.notices import notify
from leaderboard.models import Announcement

OWN_PLACE = gettext_noop("Your team %(team)s is in place %(place)s.")
BEST_CENTRE = gettext_noop("Best inclusion centre: %(centre)s.")
NOTHING: dict[str, Any] = {"template": ""}


def recipients_of(question: Question) -> dict[str, list[User]]:
    """People by segment, for the organiser's preview and for the notices; somebody may be in several."""
    challenge = question.challenge
    members = Membership.objects.filter(team__entries__question=question, team__state=Team.State.APPROVED)
    roles = Role.objects.filter(challenge=challenge).filter(Q(question=None) | Q(question=question))
    queries = {
        "teams": User.objects.filter(pk__in=members.values("user_id")),
        "centres": User.objects.filter(centre_memberships__centre__challenge=challenge),
        "readers": User.objects.filter(pk__in=roles.filter(kind=Role.Kind.READER).values("user_id")),
        "jurors": User.objects.filter(pk__in=roles.filter(kind=Role.Kind.JUROR).values("user_id")),
        "organisers": User.objects.filter(roles__challenge=challenge, roles__kind=Role.Kind.ORGANISER),
    }
    return {
        segment: list(people.filter(is_active=True).distinct().order_by("pk")) for segment, people in queries.items()
    }


def tell_announcement(claim: Claim) -> None:
    """The stage's function, due at the announcement's minute: one that was moved is told of at its new minute."""
    announcement = Announcement.objects.select_related("question__challenge").filter(pk=claim.subject_id).first()
    with claim.finish():
        if announcement is None or announcement.announced_at > database_now():
            return
        own = _own_places(announcement)
        for user in {
            user.pk: user for people in recipients_of(announcement.question).values() for user in people
        }.values():
            _tell(announcement, user, own.get(user.pk, NOTHING))


def _own_places(announcement: Announcement) -> dict[int, dict[str, Any]]:
    """By member: the sentence about the own team, where it has a place."""
    placings = announcement.ranking.placings.exclude(place=None).select_related("team")
    places = {placing.team_id: {"team": placing.team.name, "place": placing.place} for placing in placings}
    members = Membership.objects.filter(team_id__in=places).values_list("user_id", "team_id")
    return {user_id: {"template": OWN_PLACE, "values": places[team_id]} for user_id, team_id in members}


def _tell(announcement: Announcement, user: User, own: Mapping[str, Any]) -> None:
    question, best = announcement.question, announcement.best_centre
    notify(
        "winners_announced",
        [user],
        about=str(announcement.pk),
        values={
            "question": question.title,
            "winners": ", ".join(announcement.winners.order_by("name").values_list("name", flat=True)),
            "own": own,
            "best": {"template": BEST_CENTRE, "values": {"centre": best.name}} if best else NOTHING,
            "words": announcement.words or "",
        },
        path=reverse("leaderboard:board", args=[question.challenge.slug, question.slug]),
        challenge_id=question.challenge_id,
    )
