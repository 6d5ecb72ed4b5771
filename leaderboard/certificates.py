"""Who took part with what in the announced questions: what certificates of teams, centres, readers and jurors say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext, ngettext

from challenges.models import Centre, CentreMembership, Challenge, Question, Team
from concours.formats.json import JsonObject
from core.actors import person_of
from core.clock import database_now
from core.days import day_words
from core.models import User
from core.words import labelled
from grading.models import Reading
from leaderboard.models import Announcement, Placing
from scoring.models import JurySession
from scoring.permissions import is_organiser

Announcements = Sequence[Announcement]


@dataclass(frozen=True)
class Certificate:
    """One page. `holders` are the people who may fetch it, beside organisers."""

    name: str
    role: str
    lines: tuple[str, ...]
    date: str
    members: str = ""
    holders: frozenset[int] = field(default=frozenset())

    def to_json(self) -> JsonObject:
        """Without those who may fetch it."""
        return {
            "name": self.name,
            "role": self.role,
            "members": self.members,
            "lines": list(self.lines),
            "date": self.date,
        }


def certificates_for(challenge: Challenge, user: Any, kind: str) -> list[Certificate]:
    """All of a kind for organisers, else one's own; of questions whose winners are announced, by name."""
    announcements = list(
        Announcement.objects.filter(question__challenge=challenge, announced_at__lte=database_now())
        .select_related("question__challenge", "ranking", "best_centre")
        .prefetch_related("winners")
        .order_by("question__position", "question_id")
    )
    person = person_of(user) if user.is_authenticated else None
    if not announcements or person is None:
        return []
    every = sorted(KINDS[kind](announcements), key=lambda certificate: certificate.name.casefold())
    if is_organiser(user, announcements[0].question):
        return every
    return [certificate for certificate in every if person.pk in certificate.holders]


def own_kinds(challenge: Challenge, user: Any) -> list[str]:
    """The kinds of which the person can fetch a certificate."""
    return [kind for kind in KINDS if certificates_for(challenge, user, kind)]


def of_teams(announcements: Announcements) -> Iterator[Certificate]:
    """Every approved team that was ranked or took part, with its place in each question."""
    lines: dict[Team, list[str]] = defaultdict(list)
    for announcement in announcements:
        placings = list(announcement.ranking.placings.select_related("team"))
        ranked = sum(placing.status == Placing.Status.RANKED for placing in placings)
        for placing in placings:
            if placing.status not in (Placing.Status.BASELINE, Placing.Status.EXCLUDED):
                lines[placing.team].append(labelled(announcement.question, _place(placing, ranked)))
    for team, results in lines.items():
        people = [member.user for member in team.memberships.select_related("user").order_by("joined_at", "id")]
        yield Certificate(
            str(team),
            gettext("for the team"),
            tuple(results),
            _date(announcements),
            ", ".join(str(person) for person in people),
            frozenset(person.pk for person in people),
        )


def _place(placing: Placing, ranked: int) -> str:
    if placing.place is None:
        return gettext("took part")
    return gettext("place %(place)s of %(teams)s") % {"place": placing.place, "teams": ranked}


def of_centres(announcements: Announcements) -> Iterator[Certificate]:
    """Every centre with included exams, as announced, with their number in each question."""
    challenge = announcements[0].question.challenge
    lines: dict[str, list[str]] = defaultdict(list)
    for announcement in announcements:
        best = announcement.best_centre.slug if announcement.best_centre is not None else None
        for counted in announcement.centre_exams:
            count = int(counted["included"])
            words = ngettext("%(count)s included exam", "%(count)s included exams", count) % {"count": count}
            if counted["centre"] == best:
                words = gettext("%(words)s, best inclusion centre") % {"words": words}
            lines[counted["centre"]].append(labelled(announcement.question, words))
    centres = list(Centre.objects.filter(challenge=challenge, slug__in=lines))
    people: dict[int, set[int]] = defaultdict(set)
    for centre_id, user_id in CentreMembership.objects.filter(centre__in=centres).values_list("centre", "user"):
        people[centre_id].add(user_id)
    for centre in centres:
        results, holders = tuple(lines[centre.slug]), frozenset(people[centre.pk])
        role = gettext("for the inclusion centre")
        yield Certificate(centre.name, role, results, _date(announcements), centre.city, holders)


def of_readers(announcements: Announcements) -> Iterator[Certificate]:
    """Every reader, with the number of exams graded in each question."""
    graded = Reading.objects.filter(state=Reading.State.GRADED)
    yield from _of_people(
        announcements,
        gettext("for the reader"),
        lambda question: (
            graded.filter(exam__question=question).order_by().values_list("reader").annotate(n=Count("pk"))
        ),
        lambda count: ngettext("%(count)s exam graded", "%(count)s exams graded", count) % {"count": count},
    )


def of_jurors(announcements: Announcements) -> Iterator[Certificate]:
    """Every juror who finished, with the number of cases marked in each question."""
    finished = JurySession.objects.exclude(finished_at=None)
    yield from _of_people(
        announcements,
        gettext("for the juror"),
        lambda question: (
            finished.filter(question=question)
            .order_by()
            .values_list("juror")
            .annotate(n=Count("marks__case", distinct=True))
        ),
        lambda count: ngettext("%(count)s case judged", "%(count)s cases judged", count) % {"count": count},
    )


def _of_people(
    announcements: Announcements,
    role: str,
    counted: Callable[[Question], Any],
    words: Callable[[int], str],
) -> Iterator[Certificate]:
    lines: dict[int, list[str]] = defaultdict(list)
    for announcement in announcements:
        for person, count in counted(announcement.question):
            lines[person].append(labelled(announcement.question, words(count)))
    for user in User.objects.filter(pk__in=lines):
        yield Certificate(str(user), role, tuple(lines[user.pk]), _date(announcements), holders=frozenset([user.pk]))


def _date(announcements: Announcements) -> str:
    return day_words(max(announcement.announced_at for announcement in announcements))


KINDS: dict[str, Callable[[Announcements], Iterator[Certificate]]] = {
    "teams": of_teams,
    "centres": of_centres,
    "readers": of_readers,
    "jurors": of_jurors,
}
