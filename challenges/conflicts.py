"""Conflicts of interest: members of a team who also send exams, read, judge or organise in the same challenge."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext, gettext_noop

from challenges.models import CentreMembership, Membership, Question, Role, Team
from core.actors import Actor, person_of
from core.audit import record
from core.errors import NotAllowedError

CENTRE = gettext_noop("member of the inclusion centre %(centre)s")
OTHER_PARTS = (Role.Kind.READER, Role.Kind.JUROR, Role.Kind.ORGANISER)


@dataclass(frozen=True)
class Conflict:
    """A member's other part, in the reader's language; `declared` are the member's own words, empty where none were said."""

    person: str
    role: str
    declared: str


def conflicts_of(teams: Iterable[Team], question: Question | None = None) -> dict[int, list[Conflict]]:
    """By team, the members with another part in its challenge; of readers and jurors of one question, only of this one."""
    ids = [team.pk for team in teams]
    members = list(Membership.objects.filter(team__in=ids).select_related("user", "team").order_by("joined_at", "id"))
    parts = _parts(members, question)
    conflicts: dict[int, list[Conflict]] = {pk: [] for pk in ids}
    for member in members:
        for role in parts[member.team.challenge_id, member.user_id]:
            conflicts[member.team_id].append(Conflict(str(member.user), role, member.conflict))
    return conflicts


def _parts(members: list[Membership], question: Question | None) -> dict[tuple[int, int], list[str]]:
    """By challenge and person, what else the person is there."""
    people, challenges = {member.user_id for member in members}, {member.team.challenge_id for member in members}
    parts: dict[tuple[int, int], list[str]] = defaultdict(list)
    centres = CentreMembership.objects.filter(user__in=people, centre__challenge__in=challenges)
    for place in centres.select_related("centre").order_by("centre__name"):
        parts[place.centre.challenge_id, place.user_id].append(gettext(CENTRE) % {"centre": place.centre.name})
    roles = Role.objects.filter(user__in=people, challenge__in=challenges, kind__in=OTHER_PARTS)
    if question is not None:
        roles = roles.filter(Q(question=None) | Q(question=question))
    for role in roles.order_by("kind", "id"):
        label = str(role.get_kind_display())
        if label not in parts[role.challenge_id, role.user_id]:
            parts[role.challenge_id, role.user_id].append(label)
    return parts


def declare_conflict(*, team: Team, actor: Actor, words: str) -> None:
    """A member says which other part they or their institution have in the challenge; no words take it back."""
    changed = Membership.objects.filter(team=team, user=person_of(actor)).update(conflict=" ".join(words.split())[:500])
    if not changed:
        raise NotAllowedError(gettext_noop("Only a member of the team can do this."))
    record(verb="conflict of interest declared", subject=team, actor=actor, challenge_id=team.challenge_id)
