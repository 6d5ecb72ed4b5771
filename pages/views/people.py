"""Who takes part: centres, teams, roles and invitations, on the organiser's page."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from challenges.forms import INVITED, PROFESSIONS
from challenges.invitations import invitation_link, invite_from_draft
from challenges.lookup import organised_challenge
from challenges.models import CentreMembership, Challenge, CharterSignature, Membership, Role, Team, TeamEntry
from challenges.people import add_centre, approve_team, exclude_entry, has_role, reject_team, waive_rules
from challenges.revoke import revoke_membership, revoke_role
from challenges.team_rules import still_waivable, unmet_rules
from core.attempt import attempt
from core.errors import StepError
from core.words import say
from pages.forms import CentreForm, InvitationForm

REVOKED: dict[str, Any] = {
    Role.Kind.ORGANISER: gettext_lazy("The person no longer organises this challenge."),
    Role.Kind.READER: gettext_lazy(
        "The person reads no more exams; open readings go to other readers. Grades given stay."
    ),
    Role.Kind.JUROR: gettext_lazy("The person leaves the jury; marks that are not final are deleted."),
    Role.Kind.PROTECTION_OFFICER: gettext_lazy("The person is no longer data protection officer of this challenge."),
}
SHOWN = 100


@login_required
@require_safe
def people(request: HttpRequest, challenge: str) -> HttpResponse:
    """Everybody of a challenge on one page."""
    found = organised_challenge(request.user, challenge)
    return _show(request, found, InvitationForm(challenge=found), CentreForm())


def _show(request: HttpRequest, found: Challenge, invitation: InvitationForm, centre: CentreForm) -> HttpResponse:
    signed = _signers(found)
    members = Prefetch("memberships", CentreMembership.objects.select_related("user").order_by("joined_at"))
    centres = found.centres.annotate(sent=Count("exams")).prefetch_related(members)
    teams = found.teams.prefetch_related(
        Prefetch("memberships", Membership.objects.select_related("user").order_by("joined_at")),
        Prefetch("entries", TeamEntry.objects.select_related("question")),
    )
    open_ = found.invitations.filter(accepted_at=None).select_related("centre", "team", "question")
    context = {
        "challenge": found,
        "centres": [
            {
                "centre": one,
                "people": [
                    {"pk": row.pk, "user": row.user, "signed": row.user_id in signed.get("centre", ())}
                    for row in one.memberships.all()
                ],
            }
            for one in centres
        ],
        "teams": [_team(one, signed) for one in teams],
        "roles": [
            {
                "row": row,
                "kind": INVITED.get(row.kind, row.kind),
                "revoked": REVOKED[row.kind],
                "signed": row.user_id in signed.get(row.kind, ()) if row.kind in ("reader", "juror") else None,
            }
            for row in found.roles.select_related("user", "question").order_by("kind", "granted_at")
        ],
        "invitations": [{"row": one, "what": INVITED.get(one.what, one.what)} for one in open_[:SHOWN]],
        "invitation_form": invitation,
        "centre_form": centre,
        "new_link": request.session.pop("invitation_link", None),
    }
    status = 422 if invitation.errors or centre.errors else 200
    return render(request, "pages/people.html", context, status=status)


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


def _team(team: Team, signed: dict[str, set[int]]) -> dict[str, Any]:
    return {
        "team": team,
        "members": [
            {
                "user": row.user,
                "profession": PROFESSIONS.get(Membership.Profession(row.profession), row.profession),
                "institution": row.institution,
                "leads": row.leads,
                "signed": row.user_id in signed.get("team", ()),
            }
            for row in team.memberships.all()
        ],
        "entries": list(team.entries.all()),
        "unmet": [say(rule.template, rule.values) for rule in unmet_rules(team)],
        "offered": [say(rule.template, rule.values) for rule in still_waivable(team)],
    }


@login_required
@require_POST
def centre(request: HttpRequest, challenge: str) -> HttpResponse:
    """A new centre."""
    found = organised_challenge(request.user, challenge)
    form = CentreForm(request.POST)
    if form.is_valid():
        try:
            made = add_centre(challenge=found, actor=request.user, **form.cleaned_data)
        except StepError as error:
            form.add_error(None, error.words())
        else:
            messages.success(request, _("%(centre)s takes part. Invite its people next.") % {"centre": made})
            return redirect("pages:people", found.slug)
    return _show(request, found, InvitationForm(challenge=found), form)


@login_required
@require_POST
def invite(request: HttpRequest, challenge: str) -> HttpResponse:
    """An invitation by mail; its link is shown once as well."""
    found = organised_challenge(request.user, challenge)
    form = InvitationForm(request.POST, challenge=found)
    if form.is_valid():
        try:
            made, secret = invite_from_draft(challenge=found, actor=request.user, **form.cleaned_data)
        except StepError as error:
            form.add_error(None, error.words())
        else:
            messages.success(request, _("The invitation is on its way to %(email)s.") % {"email": made.email})
            request.session["invitation_link"] = invitation_link(secret)
            return redirect("pages:people", found.slug)
    return _show(request, found, form, CentreForm())


@login_required
@require_POST
def approve(request: HttpRequest, challenge: str, team: str) -> HttpResponse:
    """Lets a team in; an unmet rule is waived with a reason."""
    found = organised_challenge(request.user, challenge)
    row = get_object_or_404(found.teams, slug=team)
    with attempt(request, _("%(team)s takes part.") % {"team": row}):
        approve_team(team=row, actor=request.user, waiver=request.POST.get("waiver", ""))
    return redirect("pages:people", found.slug)


@login_required
@require_POST
def waive(request: HttpRequest, challenge: str, team: str) -> HttpResponse:
    """Waives, with a reason, what a team that is in already falls short of."""
    found = organised_challenge(request.user, challenge)
    row = get_object_or_404(found.teams, slug=team)
    with attempt(request, _("The rules are waived for %(team)s.") % {"team": row}):
        waive_rules(team=row, actor=request.user, reason=request.POST.get("reason", ""))
    return redirect("pages:people", found.slug)


@login_required
@require_POST
def reject(request: HttpRequest, challenge: str, team: str) -> HttpResponse:
    found = organised_challenge(request.user, challenge)
    row = get_object_or_404(found.teams, slug=team)
    with attempt(request, _("%(team)s is rejected.") % {"team": row}):
        reject_team(team=row, actor=request.user, reason=request.POST.get("reason", ""))
    return redirect("pages:people", found.slug)


@login_required
@require_POST
def exclude(request: HttpRequest, challenge: str, pk: int) -> HttpResponse:
    """Takes a team out of a question's ranking; the board shows why."""
    found = organised_challenge(request.user, challenge)
    entry = get_object_or_404(TeamEntry.objects.select_related("team", "question"), pk=pk, team__challenge=found)
    with attempt(
        request,
        _("%(team)s is out of the ranking of “%(question)s”.") % {"team": entry.team, "question": entry.question},
    ):
        exclude_entry(entry=entry, actor=request.user, reason=request.POST.get("reason", ""))
    return redirect("pages:people", found.slug)


@login_required
@require_POST
def revoke(request: HttpRequest, challenge: str, pk: int) -> HttpResponse:
    """Takes a role back, one's own too: then there is nothing more to see here."""
    found = organised_challenge(request.user, challenge)
    row = get_object_or_404(found.roles.select_related("user"), pk=pk)
    words = {"person": row.user, "role": INVITED.get(row.kind, row.kind)}
    with attempt(request, _("%(person)s: the role “%(role)s” is revoked.") % words):
        revoke_role(role=row, actor=request.user, reason=request.POST.get("reason", ""))
    return redirect("pages:people", found.slug) if has_role(request.user, found, "organiser") else redirect("home")


@login_required
@require_POST
def revoke_place(request: HttpRequest, challenge: str, pk: int) -> HttpResponse:
    """Somebody sends for a centre no more."""
    found = organised_challenge(request.user, challenge)
    row = get_object_or_404(CentreMembership.objects.select_related("user", "centre"), pk=pk, centre__challenge=found)
    with attempt(request, _("%(person)s sends for %(centre)s no more.") % {"person": row.user, "centre": row.centre}):
        revoke_membership(membership=row, actor=request.user, reason=request.POST.get("reason", ""))
    return redirect("pages:people", found.slug)
