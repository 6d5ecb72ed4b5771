"""Who takes part: centres, teams, roles and invitations, on the organiser's page."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from challenges.centres import add_centre
from challenges.invitations import invitation_link, invite_from_draft
from challenges.lookup import organised_challenge
from challenges.models import (
    CentreMembership,
    Challenge,
    TeamEntry,
)
from challenges.permissions import has_role
from challenges.revoke import revoke_membership, revoke_role
from challenges.teams import approve_team, exclude_entry, merge_teams, reject_team, waive_rules
from core.attempt import attempt
from core.errors import StepError
from core.pages import render_page
from pages.forms import CentreForm, InvitationForm
from pages.views.people_page import people_page


@login_required
@require_safe
def people(request: HttpRequest, challenge: str) -> HttpResponse:
    """Everybody of a challenge on one page."""
    challenge_row = organised_challenge(request.user, challenge)
    return _show(request, challenge_row, InvitationForm(challenge=challenge_row), CentreForm())


def _show(request: HttpRequest, challenge: Challenge, invitation: InvitationForm, centre: CentreForm) -> HttpResponse:
    new_link = request.session.pop("invitation_link", None)
    page = people_page(challenge, invitation=invitation, centre=centre, new_link=new_link)
    status = 422 if invitation.errors or centre.errors else 200
    return render_page(request, "pages/people.html", page, status=status)


@login_required
@require_POST
def centre(request: HttpRequest, challenge: str) -> HttpResponse:
    """A new centre."""
    challenge_row = organised_challenge(request.user, challenge)
    form = CentreForm(request.POST)
    if form.is_valid():
        try:
            added = add_centre(challenge=challenge_row, actor=request.user, **form.cleaned_data)
        except StepError as error:
            form.add_error(None, error.words())
        else:
            messages.success(request, _("%(centre)s has been added. Now invite its members.") % {"centre": added})
            return redirect("pages:people", challenge_row.slug)
    return _show(request, challenge_row, InvitationForm(challenge=challenge_row), form)


@login_required
@require_POST
def invite(request: HttpRequest, challenge: str) -> HttpResponse:
    """An invitation by mail; its link is shown once as well."""
    challenge_row = organised_challenge(request.user, challenge)
    form = InvitationForm(request.POST, challenge=challenge_row)
    if form.is_valid():
        try:
            invited, secret = invite_from_draft(challenge=challenge_row, actor=request.user, **form.cleaned_data)
        except StepError as error:
            form.add_error(None, error.words())
        else:
            messages.success(request, _("The invitation has been sent to %(email)s.") % {"email": invited.email})
            request.session["invitation_link"] = invitation_link(secret)
            return redirect("pages:people", challenge_row.slug)
    return _show(request, challenge_row, form, CentreForm())


@login_required
@require_POST
def approve(request: HttpRequest, challenge: str, team: str) -> HttpResponse:
    """Lets a team in; an unmet rule is waived with a reason."""
    challenge_row = organised_challenge(request.user, challenge)
    row = get_object_or_404(challenge_row.teams, slug=team)
    with attempt(request, _("%(team)s is approved.") % {"team": row}):
        approve_team(team=row, actor=request.user, waiver=request.POST.get("waiver", ""))
    return redirect("pages:people", challenge_row.slug)


@login_required
@require_POST
def waive(request: HttpRequest, challenge: str, team: str) -> HttpResponse:
    """Waives, with a reason, what a team that is in already falls short of."""
    challenge_row = organised_challenge(request.user, challenge)
    row = get_object_or_404(challenge_row.teams, slug=team)
    with attempt(request, _("The rules are waived for %(team)s.") % {"team": row}):
        waive_rules(team=row, actor=request.user, reason=request.POST.get("reason", ""))
    return redirect("pages:people", challenge_row.slug)


@login_required
@require_POST
def reject(request: HttpRequest, challenge: str, team: str) -> HttpResponse:
    challenge_row = organised_challenge(request.user, challenge)
    row = get_object_or_404(challenge_row.teams, slug=team)
    with attempt(request, _("%(team)s is rejected.") % {"team": row}):
        reject_team(team=row, actor=request.user, reason=request.POST.get("reason", ""))
    return redirect("pages:people", challenge_row.slug)


@login_required
@require_POST
def merge(request: HttpRequest, challenge: str, team: str) -> HttpResponse:
    """Two teams become one, with a reason."""
    challenge_row = organised_challenge(request.user, challenge)
    row = get_object_or_404(challenge_row.teams, slug=team)
    into = challenge_row.teams.filter(slug=request.POST.get("into", "")).first()
    if into is None:
        messages.error(request, _("Choose another team of this challenge."))
        return redirect("pages:people", challenge_row.slug)
    with attempt(request, _("%(team)s is merged into %(into)s.") % {"team": row, "into": into}):
        merge_teams(team=row, into=into, actor=request.user, reason=request.POST.get("reason", ""))
    return redirect("pages:people", challenge_row.slug)


@login_required
@require_POST
def exclude(request: HttpRequest, challenge: str, pk: int) -> HttpResponse:
    """Takes a team out of a question's ranking; the board shows why."""
    challenge_row = organised_challenge(request.user, challenge)
    entry = get_object_or_404(
        TeamEntry.objects.select_related("team", "question"), pk=pk, team__challenge=challenge_row
    )
    with attempt(
        request,
        _("%(team)s is excluded from the ranking of “%(question)s”.")
        % {"team": entry.team, "question": entry.question},
    ):
        exclude_entry(entry=entry, actor=request.user, reason=request.POST.get("reason", ""))
    return redirect("pages:people", challenge_row.slug)


@login_required
@require_POST
def revoke(request: HttpRequest, challenge: str, pk: int) -> HttpResponse:
    """Takes a role back, one's own too: then there is nothing more to see here."""
    challenge_row = organised_challenge(request.user, challenge)
    row = get_object_or_404(challenge_row.roles.select_related("user"), pk=pk)
    words = {"person": row.user, "role": row.get_kind_display()}
    with attempt(request, _("%(person)s: the role “%(role)s” has been revoked.") % words):
        revoke_role(role=row, actor=request.user, reason=request.POST.get("reason", ""))
    return (
        redirect("pages:people", challenge_row.slug)
        if has_role(request.user, challenge_row, "organiser")
        else redirect("home")
    )


@login_required
@require_POST
def revoke_place(request: HttpRequest, challenge: str, pk: int) -> HttpResponse:
    """Somebody sends for a centre no more."""
    challenge_row = organised_challenge(request.user, challenge)
    row = get_object_or_404(
        CentreMembership.objects.select_related("user", "centre"), pk=pk, centre__challenge=challenge_row
    )
    with attempt(
        request, _("%(person)s no longer uploads for %(centre)s.") % {"person": row.user, "centre": row.centre}
    ):
        revoke_membership(membership=row, actor=request.user, reason=request.POST.get("reason", ""))
    return redirect("pages:people", challenge_row.slug)
