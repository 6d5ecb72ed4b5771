"""Invitations: a link by e-mail gives its holder a role, or a place in a centre or team."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext, gettext_noop

from challenges.joining import join_team
from challenges.models import Centre, CentreMembership, Challenge, Invitation, Membership, Question, Team
from challenges.permissions import has_role, require_lead, require_organiser
from challenges.roles import grant_role
from core.actors import Actor, person_of
from core.audit import record
from core.errors import InvalidInputError
from core.mail import try_to_send
from core.models.access_token import token_hash

INVITATION_DAYS = 30
USED_UP = gettext_noop("This invitation has already been used or has expired. Ask for a new one.")
ACCEPTED = gettext_noop("This invitation has already been accepted or cancelled. Refresh the list.")


class InvitationError(InvalidInputError):
    reason = "invitation"


def invite_from_draft(
    *,
    challenge: Challenge,
    actor: Actor,
    email: str,
    what: str,
    centre: str = "",
    team: str = "",
    question: str = "",
    profession: str = "",
) -> tuple[Invitation, str]:
    """Organisers invite everybody; the lead of a team, to that team. Names are slugs. Raises InvitationError."""
    named_team = challenge.teams.filter(slug=team).first() if team else None
    if what == "team" and named_team is not None and not has_role(actor, challenge, "organiser"):
        require_lead(actor, named_team)
    else:
        require_organiser(actor, challenge)
    named_centre = challenge.centres.filter(slug=centre).first() if centre else None
    named_question = challenge.questions.filter(slug=question).first() if question else None
    if what == "team" and named_team is None:
        raise InvitationError(gettext_noop("Choose the team of this challenge that the invitation is for."))
    if what == "centre" and named_centre is None:
        raise InvitationError(gettext_noop("Choose the centre of this challenge that the invitation is for."))
    if question and named_question is None:
        raise InvitationError(gettext_noop("This challenge has no question '%(name)s'."), name=question[:80])
    return invite(
        challenge=challenge,
        email=email,
        what=what,
        actor=actor,
        centre=named_centre if what == "centre" else None,
        team=named_team if what == "team" else None,
        question=named_question if what in ("reader", "juror") else None,
        profession=profession,
    )


def invite(
    *,
    challenge: Challenge,
    email: str,
    what: str,
    actor: Actor,
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
            invited_by=person_of(actor),
            expires_at=timezone.now() + timedelta(days=INVITATION_DAYS),
        )
        record(verb="person invited", subject=invitation, actor=actor, detail={"what": what}, challenge_id=challenge.pk)
        transaction.on_commit(lambda: _mail_invitation(invitation, secret))
    return invitation, secret


def _mail_invitation(invitation: Invitation, secret: str) -> None:
    link = invitation_link(secret)
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
                    "role": invitation.offered,
                    "days": INVITATION_DAYS,
                    "link": link,
                }
            )
    try_to_send(
        f"Concours: {invitation.challenge}",
        "\n\n".join(texts),
        [invitation.email],
        about=invitation,
        challenge_id=invitation.challenge_id,
    )


def invitation_link(secret: str) -> str:
    return f"{settings.SITE_ORIGIN}{reverse('challenges:invitation', args=[secret])}"


def require_inviter(actor: Actor, invitation: Invitation) -> None:
    """Who may cancel it or send it again: organisers; of an invitation to a team, its lead as well."""
    if invitation.what == "team" and invitation.team is not None:
        require_lead(actor, invitation.team)
    else:
        require_organiser(actor, invitation.challenge)


def cancel_invitation(*, invitation: Invitation, actor: Actor) -> None:
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


def resend_invitation(*, invitation: Invitation, actor: Actor) -> str:
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
    """Gives the signed-in person what the invitation says. The link works once, and only for the invited address; the same person
    may follow it again.
    """
    accepted = Invitation.objects.filter(secret_hash=token_hash(secret), accepted_by=user).first()
    if accepted is not None:
        return accepted
    invitation = find_invitation(secret)
    if invitation is None:
        raise InvitationError(USED_UP)
    if invitation.email != user.email.lower():
        raise InvitationError(gettext_noop("This invitation is for another e-mail address. Sign in with that address."))
    return _claim(invitation, user)


def pending_invitations(user: Any) -> QuerySet[Invitation]:
    """What a signed-in person can accept without the link: invitations to an address that was confirmed as the person's."""
    confirmed = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    own = [email.lower() for email in confirmed if email.lower() == user.email.lower()]
    pending = Invitation.objects.filter(email__in=own, accepted_at=None, expires_at__gt=timezone.now())
    return pending.select_related("challenge", "centre", "team", "question").order_by("expires_at", "id")


def accept_pending(*, pk: int, user: Any) -> Invitation:
    """The same as by the link; a second call answers with the same row. Raises Invitation.DoesNotExist."""
    accepted = Invitation.objects.filter(pk=pk, accepted_by=user).first()
    return accepted or _claim(pending_invitations(user).get(pk=pk), user)


def _claim(invitation: Invitation, user: Any) -> Invitation:
    """Once, and only while it is as it was read: cancelled or sent again under another link, it is used up."""
    same = Invitation.objects.filter(pk=invitation.pk, secret_hash=invitation.secret_hash)
    with transaction.atomic():
        claimed = same.filter(accepted_at=None).update(accepted_at=timezone.now(), accepted_by=user)
        if claimed:
            _give(invitation, user)
            record(verb="invitation accepted", subject=invitation, actor=user, challenge_id=invitation.challenge_id)
    accepted = same.filter(accepted_by=user).first()
    if accepted is None:
        raise InvitationError(USED_UP)
    return accepted


def _give(invitation: Invitation, user: Any) -> None:
    if invitation.what == "centre" and invitation.centre:
        CentreMembership.objects.get_or_create(centre=invitation.centre, user=user)
    elif invitation.what == "team" and invitation.team:
        join_team(team=invitation.team, user=user, profession=invitation.profession or Membership.Profession.ENGINEER)
    else:
        grant_role(
            challenge=invitation.challenge,
            user=user,
            kind=invitation.what,
            question=invitation.question,
            actor=invitation.invited_by,
        )
