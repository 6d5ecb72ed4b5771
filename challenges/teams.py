"""Teams: who applies, who is let in, and the questions they enter."""

from __future__ import annotations

import re
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext_noop

from challenges.frame import spec_of
from challenges.models import Challenge, Membership, Question, Team, TeamEntry
from challenges.notices import tell_applied
from challenges.team_rules import TeamRuleError, check_approval, check_entry
from core.actors import Actor
from core.audit import record
from core.clock import database_now, zoned
from core.errors import ClosedError, InvalidInputError
from core.locks import locked
from core.moves import done_before, move


def apply_team(
    *, challenge: Challenge, name: str, user: Any, profession: str, institution: str = "", is_baseline: bool = False
) -> Team:
    """A new team with the person who applies as its lead. One team per person and challenge."""
    name = " ".join(name.split())
    if not slugify(name):
        raise TeamRuleError(gettext_noop("A team needs a name with letters or digits."))
    if any(spec_of(q).rules.one_word_name for q in challenge.questions.all()) and re.search(r"\s", name):
        raise TeamRuleError(gettext_noop("In this challenge a team name is one word without spaces."))
    try:
        with transaction.atomic():
            locked(challenge)  # a form that is sent twice makes one team
            memberships = Membership.objects.filter(team__challenge=challenge, user=user)
            if memberships.exclude(team__state=Team.State.WITHDRAWN).exists():
                raise TeamRuleError(
                    gettext_noop("You are already in a team of this challenge. Leave it before you apply with another.")
                )
            team = Team.objects.create(challenge=challenge, name=name, slug=slugify(name)[:60], is_baseline=is_baseline)
            Membership.objects.create(team=team, user=user, profession=profession, institution=institution, leads=True)
            record(verb="team applied", subject=team, actor=user, challenge_id=challenge.pk)
            tell_applied(team)
    except IntegrityError as error:
        raise TeamRuleError(
            gettext_noop("A team named '%(name)s' already takes part. Choose another name."), name=name
        ) from error
    return team


def approve_team(*, team: Team, actor: Actor, waiver: str = "") -> None:
    """The organiser lets the team in; where a rule is not met, only with a reason for waiving it, if it can be waived."""
    if done_before(team, Team.State.APPROVED):
        return
    waiver = waiver.strip()
    check_approval(team, waiver)
    move(team, Team.State.APPROVED, actor=actor, reason=waiver, waiver=waiver)


def waive_rules(*, team: Team, actor: Actor, reason: str) -> None:
    """The organiser waives, for a team that is in already, what the question files let an organiser waive."""
    reason = reason.strip()
    if not reason:
        raise InvalidInputError(gettext_noop("Give the reason for the waiver; the team can read it."))
    with transaction.atomic():
        if not Team.objects.filter(pk=team.pk, state=Team.State.APPROVED).update(waiver=reason):
            raise TeamRuleError(gettext_noop("Approve the team first; the waiver is granted with the approval."))
        record(verb="rules waived", subject=team, actor=actor, reason=reason, challenge_id=team.challenge_id)
    team.waiver = reason


def reject_team(*, team: Team, actor: Actor, reason: str) -> None:
    if done_before(team, Team.State.REJECTED):
        return
    move(team, Team.State.REJECTED, actor=actor, reason=reason)


def enter_question(*, team: Team, question: Question, actor: Actor) -> TeamEntry:
    """The team enters a question; from now on it is on the question's board, as N.S. until it sends something.

    A team that is approved already is checked against the question's rules here; else its approval does that.
    """
    if question.challenge_id != team.challenge_id:
        raise TeamRuleError(gettext_noop("This question belongs to another challenge."))
    if not team.entries.filter(question=question).exists():
        _require_registration(question)
        if team.state == Team.State.APPROVED:
            check_entry(team, question)
    with transaction.atomic():
        entry, created = TeamEntry.objects.get_or_create(team=team, question=question)
        if created:
            record(verb="question entered", subject=entry, actor=actor, challenge_id=team.challenge_id)
    return entry


def _require_registration(question: Question) -> None:
    """Where the question file has windows that accept registrations, a question is entered in one of them only."""
    now = database_now()
    phases = list(question.phases.accepting("registrations").order_by("opens"))
    if not phases or any(phase.is_open(now) for phase in phases):
        return
    coming = next((phase for phase in phases if phase.opens > now), None)
    if coming is not None:
        raise ClosedError(gettext_noop("Registration for this question opens at %(at)s."), at=zoned(coming.opens))
    raise ClosedError(
        gettext_noop("Registration for this question closed at %(at)s. Ask the organisers to move its window."),
        at=zoned(phases[-1].closes),
    )


def exclude_entry(*, entry: TeamEntry, actor: Actor, reason: str) -> None:
    """Takes a team out of a question's ranking, with the reason on the board."""
    if not reason.strip():
        raise InvalidInputError(gettext_noop("Give the reason for the exclusion; the board shows it."))
    with transaction.atomic():
        TeamEntry.objects.filter(pk=entry.pk).update(excluded_reason=reason)
        record(verb="team excluded", subject=entry, actor=actor, reason=reason, challenge_id=entry.team.challenge_id)
    entry.excluded_reason = reason


def leave_team(*, team: Team, user: Any) -> None:
    """The person leaves. Who joined first leads on; a team that nobody is left in is withdrawn."""
    with transaction.atomic():
        team.state = locked(team).state  # of the last two who leave at once, the second sees that nobody is left
        gone, _rows = Membership.objects.filter(team=team, user=user).delete()
        if not gone:
            raise TeamRuleError(gettext_noop("You are not in this team."))
        record(verb="team left", subject=team, actor=user, challenge_id=team.challenge_id)
        oldest = team.memberships.order_by("joined_at", "id").first()
        if oldest is None:
            move(team, Team.State.WITHDRAWN, actor=user)
        elif not team.memberships.filter(leads=True).exists():
            Membership.objects.filter(pk=oldest.pk).update(leads=True)
