"""Invitations and teams."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from challenges import question_words as words
from challenges.charter import has_signed
from challenges.forms import PROFESSIONS, MemberForm, TeamForm
from challenges.frame import spec_of
from challenges.invitations import invite_from_draft, require_inviter
from challenges.lookup import visible_challenge
from challenges.models import Challenge, Charter, Invitation, Team
from challenges.people import (
    accept_invitation,
    apply_team,
    cancel_invitation,
    enter_question,
    find_invitation,
    leave_team,
    resend_invitation,
)
from challenges.team_rules import unmet_rules
from core.attempt import attempt
from core.errors import StepError
from core.words import say


@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """What the link gives, and the button that accepts it; only the invited address can."""
    found = find_invitation(secret)
    if found is None:
        return render(request, "challenges/invitation_over.html", status=410)
    if request.method == "POST":
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        try:
            accept_invitation(secret=secret, user=request.user)
        except StepError as error:
            messages.error(request, error.words())
            return redirect(request.path)
        messages.success(request, _("Welcome! You take part in “%(challenge)s”.") % {"challenge": found.challenge})
        return redirect("home") if found.what != "team" else redirect("challenges:team", found.challenge.slug)
    mine = request.user.is_authenticated and request.user.email.lower() == found.email
    # The whole address is for its owner alone; who only has the link sees which one to look for.
    name, _at, domain = found.email.partition("@")
    context = {"invitation": found, "mine": mine, "address": f"{name[:1]}…@{domain}"}
    return render(request, "challenges/invitation.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def team(request: HttpRequest, challenge: str) -> HttpResponse:
    """The own team; who has none registers one here."""
    found = visible_challenge(request.user, challenge)
    mine = _own_team(request, found)
    if mine is not None:
        return _show_team(request, found, mine, MemberForm())
    form = TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            apply_team(challenge=found, user=request.user, **form.cleaned_data)
        except StepError as error:
            form.add_error(None, error.words())
        else:
            messages.success(request, _("Your team is registered. An organiser looks at it next."))
            return redirect("challenges:team", found.slug)
    rules: list[str] = []
    for question in found.questions.all():
        rules += [rule for rule in words.team_rules(spec_of(question)) if rule not in rules]
    context = {"challenge": found, "form": form, "rules": rules}
    return render(request, "challenges/team_new.html", context, status=422 if form.errors else 200)


def _own_team(request: HttpRequest, challenge: Challenge) -> Team | None:
    mine = Team.objects.filter(challenge=challenge, memberships__user=request.user.pk)
    return mine.exclude(state=Team.State.WITHDRAWN).first()


def _required_team(request: HttpRequest, challenge: Challenge) -> Team:
    found = _own_team(request, challenge)
    if found is None:
        raise Http404
    return found


def _show_team(request: HttpRequest, challenge: Challenge, mine: Team, form: MemberForm) -> HttpResponse:
    members = [
        {
            "row": one,
            "profession": PROFESSIONS.get(one.profession, one.profession),
            "me": one.user_id == request.user.pk,
        }
        for one in mine.memberships.select_related("user").order_by("joined_at", "id")
    ]
    entered = set(mine.entries.values_list("question_id", flat=True))
    invited = mine.invitation_set.filter(accepted_at=None).order_by("email")
    context = {
        "challenge": challenge,
        "team": mine,
        "members": members,
        "lead": mine.memberships.filter(user=request.user.pk, leads=True).exists(),
        "invited": invited,
        "questions": [{"question": one, "entered": one.pk in entered} for one in challenge.questions.all()],
        "unmet": [say(rule.template, rule.values) for rule in unmet_rules(mine)],
        "signed": has_signed(request.user, challenge, Charter.Audience.TEAM),
        "form": form,
    }
    return render(request, "challenges/team.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def invite_member(request: HttpRequest, challenge: str) -> HttpResponse:
    found = visible_challenge(request.user, challenge)
    mine = _required_team(request, found)
    form = MemberForm(request.POST)
    if form.is_valid():
        try:
            invite_from_draft(challenge=found, actor=request.user, what="team", team=mine.slug, **form.cleaned_data)
        except StepError as error:
            form.add_error(None, error.words())
        else:
            messages.success(request, _("The invitation is on its way to %(email)s.") % form.cleaned_data)
            return redirect("challenges:team", found.slug)
    return _show_team(request, found, mine, form)


def _team_invitation(request: HttpRequest, challenge: Challenge, pk: int) -> Invitation:
    mine = _required_team(request, challenge)
    row = get_object_or_404(mine.invitation_set.select_related("challenge", "team"), pk=pk)
    require_inviter(request.user, row)
    return row


@login_required
@require_POST
def cancel_member(request: HttpRequest, challenge: str, pk: int) -> HttpResponse:
    """The lead cancels an invitation to the own team."""
    found = visible_challenge(request.user, challenge)
    row = _team_invitation(request, found, pk)
    with attempt(request, _("The invitation of %(email)s is cancelled.") % {"email": row.email}):
        cancel_invitation(invitation=row, actor=request.user)
    return redirect("challenges:team", found.slug)


@login_required
@require_POST
def resend_member(request: HttpRequest, challenge: str, pk: int) -> HttpResponse:
    """A new link by mail; the old one is dead."""
    found = visible_challenge(request.user, challenge)
    row = _team_invitation(request, found, pk)
    with attempt(request, _("A new invitation is on its way to %(email)s.") % {"email": row.email}):
        resend_invitation(invitation=row, actor=request.user)
    return redirect("challenges:team", found.slug)


@login_required
@require_POST
def enter(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """The own team enters a question."""
    found = visible_challenge(request.user, challenge)
    mine = _required_team(request, found)
    asked = found.questions.filter(slug=question).first()
    if asked is None:
        raise Http404
    with attempt(request, _("Your team has entered “%(question)s”.") % {"question": asked}):
        enter_question(team=mine, question=asked, actor=request.user)
    return redirect("challenges:team", found.slug)


@login_required
@require_POST
def leave(request: HttpRequest, challenge: str) -> HttpResponse:
    """The person leaves the own team."""
    found = visible_challenge(request.user, challenge)
    mine = _required_team(request, found)
    leave_team(team=mine, user=request.user)
    messages.success(request, _("You have left the team “%(team)s”.") % {"team": mine})
    return redirect("challenges:challenge", found.slug)
