"""Teams: who applies, who is let in, and the questions they enter."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext_noop

from challenges.frame import spec_of
from challenges.joining import entered_questions, require_changes_open, require_no_other_team
from challenges.models import Challenge, Membership, Question, Team, TeamEntry
from challenges.notices import tell_applied
from challenges.team_rules import TeamRuleError, check_approval, check_entry
from core.actors import Actor
from core.audit import record
from core.clock import database_now, zoned
from core.errors import ClosedError, InvalidInputError
from core.locks import locked
from core.moves import done_before, move
from core.registry import call_hook


def apply_team(
    *,
    challenge: Challenge,
    name: str,
    user: Any,
    profession: str,
    institution: str = "",
    conflict: str = "",
    is_baseline: bool = False,
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
            require_no_other_team(challenge, user)
            if not is_baseline:
                require_any_registration(challenge)
            team = Team.objects.create(challenge=challenge, name=name, slug=slugify(name)[:60], is_baseline=is_baseline)
            Membership.objects.create(
                team=team, user=user, profession=profession, institution=institution, conflict=conflict, leads=True
            )
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


def require_any_registration(challenge: Challenge) -> None:
    """A team is registered while at least one question can still be entered, now or in a window to come. Raises ClosedError."""
    last: datetime | None = None
    for question in challenge.questions.all():
        phases = list(question.phases.accepting("registrations"))
        closes = max((phase.closes for phase in phases), default=None)
        if closes is None or closes > database_now():
            return
        last = max(closes, last) if last is not None else closes
    if last is not None:
        raise ClosedError(gettext_noop("Registration for this challenge closed at %(at)s."), at=zoned(last))


def merge_teams(*, team: Team, into: Team, actor: Actor, reason: str) -> None:
    """Two teams become one: the members of the first join the second, which enters its questions too; the first is withdrawn.

    Refused after a question's date for changes, where the merged team breaks a rule that is not waived, and once the first team
    has sent something, which would otherwise count for nobody.
    """
    if into.challenge_id != team.challenge_id or into.pk == team.pk:
        raise TeamRuleError(gettext_noop("Choose another team of this challenge."))
    if not reason.strip():
        raise InvalidInputError(gettext_noop("Give the reason for the merger; both teams can read it."))
    with transaction.atomic():
        locked(team.challenge)
        for side in (team, into):
            if locked(side).state not in (Team.State.APPLIED, Team.State.APPROVED):
                raise TeamRuleError(gettext_noop("Team '%(team)s' does not take part any more."), team=side.name)
            require_changes_open(side)
        if any(call_hook("team_has_sent", team)):
            raise TeamRuleError(
                gettext_noop("Team '%(team)s' has submitted already; merge the other team into it instead."),
                team=team.name,
            )
        questions = list(entered_questions(team))
        Membership.objects.filter(team=team).update(team=into, leads=False)
        for question in questions:
            TeamEntry.objects.get_or_create(team=into, question=question)
        if into.state == Team.State.APPROVED:
            for question in entered_questions(into):
                check_entry(Team.objects.get(pk=into.pk), question)
        move(team, Team.State.WITHDRAWN, actor=actor, reason=reason)
        record(
            verb="teams merged",
            subject=into,
            actor=actor,
            reason=reason,
            detail={"merged": team.slug},
            challenge_id=team.challenge_id,
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
        if team.state in (Team.State.APPLIED, Team.State.APPROVED):
            require_changes_open(team)
        gone, _rows = Membership.objects.filter(team=team, user=user).delete()
        if not gone:
            raise TeamRuleError(gettext_noop("You are not in this team."))
        record(verb="team left", subject=team, actor=user, challenge_id=team.challenge_id)
        oldest = team.memberships.order_by("joined_at", "id").first()
        if oldest is None:
            move(team, Team.State.WITHDRAWN, actor=user)
        elif not team.memberships.filter(leads=True).exists():
            Membership.objects.filter(pk=oldest.pk).update(leads=True)
