"""Who takes part: centres, invitations, teams and the questions they enter."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.text import slugify
from django.utils.translation import gettext, gettext_noop

from challenges.forms import INVITED
from challenges.frame import spec_of
from challenges.models import (
    Centre,
    CentreMembership,
    Challenge,
    Invitation,
    Membership,
    Question,
    Role,
    Team,
    TeamEntry,
)
from challenges.team_rules import TeamRuleError, check_approval, check_entry
from core.audit import record
from core.errors import InvalidInputError, NotAllowedError
from core.models.access_token import token_hash
from core.moves import move

INVITATION_DAYS = 30
ACCEPTED = gettext_noop("This invitation is accepted or cancelled already. Look at the list again.")


class InvitationError(InvalidInputError):
    reason = "invitation"


def add_centre(*, challenge: Challenge, name: str, actor: Any, city: str = "") -> Centre:
    try:
        with transaction.atomic():
            centre = Centre.objects.create(challenge=challenge, name=name, slug=slugify(name)[:60], city=city)
            record(verb="centre added", subject=centre, actor=actor, challenge_id=challenge.pk)
    except IntegrityError as error:
        raise InvalidInputError(gettext_noop("A centre named '%(name)s' takes part already."), name=name) from error
    return centre


def invite(
    *,
    challenge: Challenge,
    email: str,
    what: str,
    actor: Any,
    centre: Centre | None = None,
    team: Team | None = None,
    question: Question | None = None,
    profession: str = "",
) -> tuple[Invitation, str]:
    """An invitation and the secret of its link, mailed after commit. `what`: organiser, reader, juror, dpo, centre, team."""
    secret = secrets.token_urlsafe(24)
    with transaction.atomic():
        invitation = Invitation.objects.create(
            challenge=challenge,
            email=email.strip().lower(),
            what=what,
            centre=centre,
            team=team,
            question=question,
            profession=profession,
            secret_hash=token_hash(secret),
            invited_by=actor,
            expires_at=timezone.now() + timedelta(days=INVITATION_DAYS),
        )
        record(verb="person invited", subject=invitation, actor=actor, detail={"what": what}, challenge_id=challenge.pk)
        transaction.on_commit(lambda: _mail_invitation(invitation, secret))
    return invitation, secret


def _mail_invitation(invitation: Invitation, secret: str) -> None:
    link = settings.SITE_ORIGIN + reverse("challenges:invitation", args=[secret])
    texts = []
    for language in ("fr", "en"):
        with translation.override(language):
            texts.append(
                gettext(
                    "You are invited to take part in “%(challenge)s” (%(role)s). "
                    "Follow this link within %(days)s days:\n%(link)s"
                )
                % {
                    "challenge": invitation.challenge,
                    "role": _offered(invitation),
                    "days": INVITATION_DAYS,
                    "link": link,
                }
            )
    send_mail(f"Concours: {invitation.challenge}", "\n\n".join(texts), None, [invitation.email], fail_silently=True)


def _offered(invitation: Invitation) -> str:
    """The role, with the centre, team or question it is for: "Centre: Bichat"."""
    role = str(INVITED.get(invitation.what, invitation.what))
    place = invitation.centre or invitation.team or invitation.question
    return f"{role}: {place}" if place else role


def cancel_invitation(*, invitation: Invitation, actor: Any) -> None:
    """Its link is dead from now on."""
    with transaction.atomic():
        gone, _rows = Invitation.objects.filter(pk=invitation.pk, accepted_at=None).delete()
        if not gone:
            raise InvitationError(ACCEPTED)
        record(
            verb="invitation cancelled",
            subject=invitation,
            actor=actor,
            detail={"what": invitation.what},
            challenge_id=invitation.challenge_id,
        )


def resend_invitation(*, invitation: Invitation, actor: Any) -> str:
    """A new link with a new term, mailed after commit; the old one is dead. Returns the new secret."""
    secret = secrets.token_urlsafe(24)
    changes = {"secret_hash": token_hash(secret), "expires_at": timezone.now() + timedelta(days=INVITATION_DAYS)}
    with transaction.atomic():
        if not Invitation.objects.filter(pk=invitation.pk, accepted_at=None).update(**changes):
            raise InvitationError(ACCEPTED)
        record(
            verb="invitation sent again",
            subject=invitation,
            actor=actor,
            detail={"what": invitation.what},
            challenge_id=invitation.challenge_id,
        )
        transaction.on_commit(lambda: _mail_invitation(invitation, secret))
    invitation.refresh_from_db()
    return secret


def find_invitation(secret: str) -> Invitation | None:
    """The invitation that this link opens, while it can still be accepted."""
    return Invitation.objects.filter(
        secret_hash=token_hash(secret), accepted_at=None, expires_at__gt=timezone.now()
    ).first()


def accept_invitation(*, secret: str, user: Any) -> Invitation:
    """Gives the signed-in person what the invitation says. The link works once, and only for the invited address."""
    invitation = find_invitation(secret)
    if invitation is None:
        raise InvitationError(gettext_noop("This invitation is used up or out of date. Ask for a new one."))
    if invitation.email != user.email.lower():
        raise InvitationError(gettext_noop("This invitation is for another e-mail address. Sign in with that one."))
    with transaction.atomic():
        claimed = Invitation.objects.filter(pk=invitation.pk, accepted_at=None).update(
            accepted_at=timezone.now(), accepted_by=user
        )
        if not claimed:
            raise InvitationError(gettext_noop("This invitation is used up or out of date. Ask for a new one."))
        _give(invitation, user)
        record(verb="invitation accepted", subject=invitation, actor=user, challenge_id=invitation.challenge_id)
    return invitation


def _give(invitation: Invitation, user: Any) -> None:
    if invitation.what == "centre" and invitation.centre:
        CentreMembership.objects.get_or_create(centre=invitation.centre, user=user)
    elif invitation.what == "team" and invitation.team:
        Membership.objects.get_or_create(
            team=invitation.team,
            user=user,
            defaults={"profession": invitation.profession or Membership.Profession.ENGINEER},
        )
    else:
        grant_role(
            challenge=invitation.challenge,
            user=user,
            kind=invitation.what,
            question=invitation.question,
            actor=invitation.invited_by,
        )


def grant_role(*, challenge: Challenge, user: Any, kind: str, actor: Any, question: Question | None = None) -> Role:
    with transaction.atomic():
        role, created = Role.objects.get_or_create(challenge=challenge, user=user, kind=kind, question=question)
        if created:
            record(verb="role granted", subject=role, actor=actor, detail={"kind": kind}, challenge_id=challenge.pk)
    return role


def has_role(user: Any, challenge: Challenge, kind: str, question: Question | None = None) -> bool:
    """Whether the person holds the role for this question (or for the whole challenge)."""
    if not user.is_authenticated:
        return False
    if user.is_superuser:
        return True
    roles = challenge.roles.filter(user=user, kind=kind)
    return any(role.question_id is None or question is None or role.question_id == question.pk for role in roles)


def require_organiser(user: Any, challenge: Challenge) -> None:
    if not has_role(user, challenge, Role.Kind.ORGANISER):
        raise NotAllowedError(gettext_noop("Only an organiser of this challenge can do this."))


# --- teams --------------------------------------------------------------------------------------------------------------


def apply_team(
    *, challenge: Challenge, name: str, user: Any, profession: str, institution: str = "", is_baseline: bool = False
) -> Team:
    """A new team with the person who applies as its lead. One team per person and challenge."""
    name = " ".join(name.split())
    if not slugify(name):
        raise TeamRuleError(gettext_noop("A team needs a name with letters or digits."))
    if any(spec_of(q).rules.one_word_name for q in challenge.questions.all()) and re.search(r"\s", name):
        raise TeamRuleError(gettext_noop("In this challenge the team's name is one word without blanks."))
    if (
        Membership.objects.filter(team__challenge=challenge, user=user)
        .exclude(team__state=Team.State.WITHDRAWN)
        .exists()
    ):
        raise TeamRuleError(
            gettext_noop("You are in a team of this challenge already. Leave it before you apply with another.")
        )
    try:
        with transaction.atomic():
            team = Team.objects.create(challenge=challenge, name=name, slug=slugify(name)[:60], is_baseline=is_baseline)
            Membership.objects.create(team=team, user=user, profession=profession, institution=institution, leads=True)
            record(verb="team applied", subject=team, actor=user, challenge_id=challenge.pk)
    except IntegrityError as error:
        raise TeamRuleError(
            gettext_noop("A team named '%(name)s' takes part already. Choose another name."), name=name
        ) from error
    return team


def approve_team(*, team: Team, actor: Any, waiver: str = "") -> None:
    """The organiser lets the team in; where a rule is not met, only with a reason for waiving it, if it can be waived."""
    waiver = waiver.strip()
    check_approval(team, waiver)
    move(
        team,
        Team.State.APPROVED,
        allowed=Team.MOVES,
        actor=actor,
        reason=waiver,
        challenge_id=team.challenge_id,
        waiver=waiver,
    )


def waive_rules(*, team: Team, actor: Any, reason: str) -> None:
    """The organiser waives, for a team that is in already, what the question files let an organiser waive."""
    reason = reason.strip()
    if not reason:
        raise InvalidInputError(gettext_noop("Say why the rules are waived; the team reads the reason."))
    with transaction.atomic():
        if not Team.objects.filter(pk=team.pk, state=Team.State.APPROVED).update(waiver=reason):
            raise TeamRuleError(gettext_noop("Approve the team first; the waiver is given with the approval."))
        record(verb="rules waived", subject=team, actor=actor, reason=reason, challenge_id=team.challenge_id)
    team.waiver = reason


def reject_team(*, team: Team, actor: Any, reason: str) -> None:
    move(team, Team.State.REJECTED, allowed=Team.MOVES, actor=actor, reason=reason, challenge_id=team.challenge_id)


def enter_question(*, team: Team, question: Question, actor: Any) -> TeamEntry:
    """The team enters a question; from now on it is on the question's board, as N.S. until it sends something.

    A team that is approved already is checked against the question's rules here; else its approval does that.
    """
    if question.challenge_id != team.challenge_id:
        raise TeamRuleError(gettext_noop("This question belongs to another challenge."))
    if team.state == Team.State.APPROVED and not team.entries.filter(question=question).exists():
        check_entry(team, question)
    with transaction.atomic():
        entry, created = TeamEntry.objects.get_or_create(team=team, question=question)
        if created:
            record(verb="question entered", subject=entry, actor=actor, challenge_id=team.challenge_id)
    return entry


def exclude_entry(*, entry: TeamEntry, actor: Any, reason: str) -> None:
    """Takes a team out of a question's ranking, with the reason on the board."""
    if not reason.strip():
        raise InvalidInputError(gettext_noop("Say why the team is excluded; the board shows the reason."))
    with transaction.atomic():
        TeamEntry.objects.filter(pk=entry.pk).update(excluded_reason=reason)
        record(verb="team excluded", subject=entry, actor=actor, reason=reason, challenge_id=entry.team.challenge_id)
    entry.excluded_reason = reason


def leave_team(*, team: Team, user: Any) -> None:
    """The person leaves. Who joined first leads on; a team that nobody is left in is withdrawn."""
    with transaction.atomic():
        gone, _rows = Membership.objects.filter(team=team, user=user).delete()
        if not gone:
            raise TeamRuleError(gettext_noop("You are not in this team."))
        record(verb="team left", subject=team, actor=user, challenge_id=team.challenge_id)
        oldest = team.memberships.order_by("joined_at", "id").first()
        if oldest is None:
            move(
                team,
                Team.State.WITHDRAWN,
                allowed={**Team.MOVES, Team.State.REJECTED: frozenset({Team.State.WITHDRAWN})},
                actor=user,
                challenge_id=team.challenge_id,
            )
        elif not team.memberships.filter(leads=True).exists():
            Membership.objects.filter(pk=oldest.pk).update(leads=True)


def team_of(user: Any, challenge: Challenge) -> Team | None:
    """The person's approved team in this challenge, or None."""
    if not user.is_authenticated:
        return None
    return Team.objects.filter(challenge=challenge, memberships__user=user, state=Team.State.APPROVED).first()


def centres_of(user: Any, challenge: Challenge) -> Sequence[Centre]:
    """Centres of this challenge the person uploads for."""
    if not user.is_authenticated:
        return []
    return list(Centre.objects.filter(challenge=challenge, memberships__user=user))
