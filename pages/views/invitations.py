"""Open invitations on the organiser's page: cancelled, or sent again."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from challenges.invitations import cancel_invitation, invitation_link, resend_invitation
from challenges.lookup import organised_challenge
from core.attempt import attempt


@login_required
@require_POST
def cancel(request: HttpRequest, challenge: str, pk: int) -> HttpResponse:
    """The link is dead."""
    challenge_row = organised_challenge(request.user, challenge)
    row = get_object_or_404(challenge_row.invitations, pk=pk)
    with attempt(request, _("The invitation for %(email)s has been cancelled.") % {"email": row.email}):
        cancel_invitation(invitation=row, actor=request.user)
    return redirect("pages:people", challenge_row.slug)


@login_required
@require_POST
def resend(request: HttpRequest, challenge: str, pk: int) -> HttpResponse:
    """A new link by mail, shown once as well; the old one is dead."""
    challenge_row = organised_challenge(request.user, challenge)
    row = get_object_or_404(challenge_row.invitations.select_related("challenge"), pk=pk)
    with attempt(request, _("A new invitation has been sent to %(email)s.") % {"email": row.email}):
        request.session["invitation_link"] = invitation_link(resend_invitation(invitation=row, actor=request.user))
    return redirect("pages:people", challenge_row.slug)
