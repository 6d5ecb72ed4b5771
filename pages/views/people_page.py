"""What the organiser's page of people shows: centres, teams, roles and open invitations, as records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Count, OuterRef, Prefetch, Subquery, prefetch_related_objects
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from challenges.conflicts import Conflict, conflicts_of
from challenges.models import (
    Centre,
    CentreMembership,
    Challenge,
    CharterSignature,
    Invitation,
    Membership,
    Role,
    Team,
    TeamEntry,
)
from challenges.team_rules import still_waivable, unmet_rules
from core.models import User
from core.words import say
from pages.forms import CentreForm, InvitationForm
from uploads.models import Exam
from uploads.withdraw import REASONS

REVOKED: Mapping[str, Promise | str] = {
    Role.Kind.ORGANISER: gettext_lazy("The person no longer organises this challenge."),
    Role.Kind.READER: gettext_lazy(
        "The person no longer grades exams; open readings go to other readers. Grades already given are kept."
    ),
    Role.Kind.JUROR: gettext_lazy("The person leaves the jury; marks that are not final are deleted."),
    Role.Kind.PROTECTION_OFFICER: gettext_lazy("The person is no longer data protection officer of this challenge."),
}
SHOWN = 100
TAKING_PART = (Team.State.APPLIED, Team.State.APPROVED)


@dataclass(frozen=True)
class CentrePerson:
    """Somebody who sends for a centre; `pk` is the membership's."""

    pk: int
    user: User
    signed: bool


@dataclass(frozen=True)
class CentreRow:
    centre: Centre
    people: list[CentrePerson]


@dataclass(frozen=True)
class TeamPerson:
    user: User
    profession: str
    institution: str
    leads: bool
    signed: bool


@dataclass(frozen=True)
class TeamRow:
    """A team; `unmet` rules, and `offered` ones that an organiser can still waive."""

    team: Team
    members: list[TeamPerson]
    entries: list[TeamEntry]
    unmet: list[str]
    offered: list[str]
    conflicts: list[Conflict]


@dataclass(frozen=True)
class RoleRow:
    """A role; `revoked`: what follows when it is taken back. `signed` is None where the role has no charter."""

    row: Role
    kind: str
    revoked: Promise | str
    signed: bool | None


@dataclass(frozen=True)
class InvitationRow:
    row: Invitation
    what: Promise | str


@dataclass(frozen=True)
class PeoplePage:
    """`new_link`: the link of the invitation that was sent a moment ago, shown once."""

    challenge: Challenge
    centres: list[CentreRow]
    teams: list[TeamRow]
    merge_targets: list[Team]
    roles: list[RoleRow]
    invitations: list[InvitationRow]
    invitation_form: InvitationForm
    withdrawal_reasons: Mapping[str, Promise | str]
    centre_form: CentreForm
    new_link: str | None


def people_page(
    challenge: Challenge, *, invitation: InvitationForm, centre: CentreForm, new_link: str | None
) -> PeoplePage:
    """Everybody of a challenge, with a fixed number of queries."""
    signed = _signers(challenge)
    members = Prefetch("memberships", CentreMembership.objects.select_related("user").order_by("joined_at"))
    # A count for each centre by its own index: a join would read every exam of the site.
    exams = Exam.objects.filter(centre=OuterRef("pk")).order_by()
    sent, living = (
        Coalesce(Subquery(rows.values("centre").annotate(n=Count("pk")).values("n")), 0)
        for rows in (exams, exams.exclude(state=Exam.State.WITHDRAWN))
    )
    centres = challenge.centres.annotate(sent=sent, living=living).prefetch_related(members)
    prefetch_related_objects([challenge], "questions")
    teams = _with_questions(
        challenge,
        challenge.teams.prefetch_related(
            Prefetch("memberships", Membership.objects.select_related("user").order_by("joined_at")), "entries"
        ),
    )
    conflicts = conflicts_of(teams)
    roles = challenge.roles.select_related("user", "question").order_by("kind", "granted_at")
    invitations = challenge.invitations.filter(accepted_at=None).select_related("centre", "team", "question")
    return PeoplePage(
        challenge=challenge,
        centres=[_centre(row, signed) for row in centres],
        teams=[_team(team, signed, conflicts[team.pk]) for team in teams],
        merge_targets=[team for team in teams if team.state in TAKING_PART],
        roles=[_role(row, signed) for row in roles],
        invitations=[InvitationRow(row, Invitation.OFFERS.get(row.what, row.what)) for row in invitations[:SHOWN]],
        invitation_form=invitation,
        withdrawal_reasons=REASONS,
        centre_form=centre,
        new_link=new_link,
    )


def _centre(centre: Centre, signed: dict[str, set[int]]) -> CentreRow:
    signers = signed.get("centre", ())
    return CentreRow(
        centre, [CentrePerson(row.pk, row.user, row.user_id in signers) for row in centre.memberships.all()]
    )


def _role(row: Role, signed: dict[str, set[int]]) -> RoleRow:
    has_charter = row.kind in ("reader", "juror")
    return RoleRow(
        row=row,
        kind=row.get_kind_display(),
        revoked=REVOKED[row.kind],
        signed=row.user_id in signed.get(row.kind, ()) if has_charter else None,
    )


def _with_questions(challenge: Challenge, teams: Iterable[Team]) -> list[Team]:
    """The teams, whose entries share the challenge's questions: each question file is read once and not for every team."""
    questions = {question.pk: question for question in challenge.questions.all()}
    listed = list(teams)
    for team in listed:
        team.challenge = challenge
        for entry in team.entries.all():
            entry.question = questions[entry.question_id]
    return listed


def _signers(challenge: Challenge) -> dict[str, set[int]]:
    """By audience: who signed the version in force."""
    newest: dict[str, int] = {}
    for charter in challenge.charters.order_by("version"):
        newest[charter.audience] = charter.pk
    signed: dict[str, set[int]] = {audience: set() for audience in newest}
    rows = CharterSignature.objects.filter(charter__in=newest.values()).values_list("charter__audience", "user_id")
    for audience, user_id in rows:
        signed[audience].add(user_id)
    return signed


def _team(team: Team, signed: dict[str, set[int]], conflicts: list[Conflict]) -> TeamRow:
    return TeamRow(
        team=team,
        members=[
            TeamPerson(
                user=row.user,
                profession=row.get_profession_display(),
                institution=row.institution,
                leads=row.leads,
                signed=row.user_id in signed.get("team", ()),
            )
            for row in team.memberships.all()
        ],
        entries=list(team.entries.all()),
        unmet=[say(rule.template, rule.values) for rule in unmet_rules(team)],
        offered=[say(rule.template, rule.values) for rule in still_waivable(team)],
        conflicts=conflicts,
    )
