"""Invitations and teams."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from challenges import question_words as words
from challenges.charter import has_signed
from challenges.conflicts import declare_conflict
from challenges.forms import ConflictForm, MemberForm, TeamForm
from challenges.frame import spec_of
from challenges.invitations import (
    accept_invitation,
    accept_pending,
    cancel_invitation,
    find_invitation,
    invite_from_draft,
    require_inviter,
    resend_invitation,
)
from challenges.lookup import visible_challenge
from challenges.models import Challenge, Charter, Invitation, Membership, Question, Team
from challenges.team_rules import unmet_rules
from challenges.teams import apply_team, enter_question, leave_team
from core.account_forms import NameForm
from core.actors import require_person
from core.attempt import attempt
from core.errors import StepError
from core.own_name import rename_person
from core.pages import render_page
from core.words import say


@dataclass(frozen=True)
class InvitationPage:
    """`mine`: the invited address is the reader's. `address`: the address with most of its name hidden."""

    invitation: Invitation
    mine: bool
    address: str


@dataclass(frozen=True)
class OwnNamePage:
    form: NameForm


@dataclass(frozen=True)
class NewTeamPage:
    challenge: Challenge
    form: TeamForm
    rules: list[tuple[str, list[str]]]


@dataclass(frozen=True)
class TeamMember:
    """`me`: the reader's own row."""

    row: Membership
    profession: str
    me: bool


@dataclass(frozen=True)
class QuestionEntry:
    """A question of the challenge, and whether the team entered it."""

    question: Question
    entered: bool


@dataclass(frozen=True)
class TeamPage:
    """`lead`: the reader leads the team. `unmet`: rules that the team does not meet yet."""

    challenge: Challenge
    team: Team
    members: list[TeamMember]
    lead: bool
    invited: QuerySet[Invitation]
    questions: list[QuestionEntry]
    unmet: list[str]
    signed: bool
    form: MemberForm
    declaration: ConflictForm


@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """What the link gives, and the button that accepts it; only the invited address can."""
    invited = find_invitation(secret)
    if invited is None:
        return render(request, "challenges/invitation_over.html", status=410)
    if request.method == "POST":
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        try:
            accept_invitation(secret=secret, user=request.user)
        except StepError as error:
            messages.error(request, error.words())
            return redirect(request.path)
        return _welcome(request, invited)
    if not request.user.is_authenticated:
        # Who has the link can read the mail of this address: the account that is created with it needs no second mail.
        get_adapter(request).stash_verified_email(request, invited.email)
    mine = request.user.is_authenticated and request.user.email.lower() == invited.email
    # The whole address is for its owner alone; who only has the link sees which one to look for.
    name, _at, domain = invited.email.partition("@")
    page = InvitationPage(invited, mine, f"{name[:1]}…@{domain}")
    return render_page(request, "challenges/invitation.html", page)


def _welcome(request: HttpRequest, accepted: Invitation) -> HttpResponse:
    messages.success(request, _("Welcome! You now take part in “%(challenge)s”.") % {"challenge": accepted.challenge})
    return redirect("home") if accepted.what != "team" else redirect("challenges:team", accepted.challenge.slug)


@login_required
@require_POST
def accept_invited(request: HttpRequest, pk: int) -> HttpResponse:
    """From the list at home: for the person whose confirmed address was invited."""
    try:
        return _welcome(request, accept_pending(pk=pk, user=request.user))
    except Invitation.DoesNotExist as error:
        raise Http404 from error
    except StepError as error:
        messages.error(request, error.words())
        return redirect("home")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def own_name(request: HttpRequest) -> HttpResponse:
    """The name that organisers and the own team see."""
    person = require_person(request.user)
    form = NameForm(request.POST or None, initial={"full_name": person.full_name})
    if request.method == "POST" and form.is_valid():
        rename_person(person, form.cleaned_data["full_name"])
        messages.success(request, _("Your name has been changed."))
        return redirect("challenges:own_name")
    return render_page(request, "challenges/own_name.html", OwnNamePage(form), status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def team(request: HttpRequest, challenge: str) -> HttpResponse:
    """The own team; who has none registers one here."""
    challenge_row = visible_challenge(request.user, challenge)
    mine = _own_team(request, challenge_row)
    if mine is not None:
        return _show_team(request, challenge_row, mine, MemberForm())
    form = TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            apply_team(challenge=challenge_row, user=request.user, **form.cleaned_data)
        except StepError as error:
            form.add_error(None, error.words())
        else:
            messages.success(request, _("Your team is registered. An organiser will review the registration."))
            return redirect("challenges:team", challenge_row.slug)
    page = NewTeamPage(challenge_row, form, _rules_by_question(challenge_row))
    return render_page(request, "challenges/team_new.html", page, status=422 if form.errors else 200)


def _rules_by_question(challenge: Challenge) -> list[tuple[str, list[str]]]:
    """The rules with the title of their question; without a title where they are the same for all questions."""
    rules = [(str(question), words.team_rules(spec_of(question))) for question in challenge.questions.all()]
    if len({tuple(lines) for _title, lines in rules}) == 1:
        rules = [("", rules[0][1])]
    return [(title, lines) for title, lines in rules if lines]


def _own_team(request: HttpRequest, challenge: Challenge) -> Team | None:
    mine = Team.objects.filter(challenge=challenge, memberships__user=request.user.pk)
    return mine.exclude(state=Team.State.WITHDRAWN).first()


def _required_team(request: HttpRequest, challenge: Challenge) -> Team:
    own = _own_team(request, challenge)
    if own is None:
        raise Http404
    return own


def _show_team(request: HttpRequest, challenge: Challenge, mine: Team, form: MemberForm) -> HttpResponse:
    members = [
        TeamMember(row, row.get_profession_display(), row.user_id == request.user.pk)
        for row in mine.memberships.select_related("user").order_by("joined_at", "id")
    ]
    entered = set(mine.entries.values_list("question_id", flat=True))
    invited = mine.invitation_set.filter(accepted_at=None).order_by("email")
    page = TeamPage(
        challenge=challenge,
        team=mine,
        members=members,
        lead=mine.memberships.filter(user=request.user.pk, leads=True).exists(),
        invited=invited,
        questions=[QuestionEntry(question, question.pk in entered) for question in challenge.questions.all()],
        unmet=[say(rule.template, rule.values) for rule in unmet_rules(mine)],
        signed=has_signed(request.user, challenge, Charter.Audience.TEAM),
        form=form,
        declaration=ConflictForm(
            initial={"conflict": next((member.row.conflict for member in members if member.me), "")}
        ),
    )
    return render_page(request, "challenges/team.html", page, status=422 if form.errors else 200)


@login_required
@require_POST
def invite_member(request: HttpRequest, challenge: str) -> HttpResponse:
    challenge_row = visible_challenge(request.user, challenge)
    mine = _required_team(request, challenge_row)
    form = MemberForm(request.POST)
    if form.is_valid():
        try:
            invite_from_draft(
                challenge=challenge_row, actor=request.user, what="team", team=mine.slug, **form.cleaned_data
            )
        except StepError as error:
            form.add_error(None, error.words())
        else:
            messages.success(request, _("The invitation has been sent to %(email)s.") % form.cleaned_data)
            return redirect("challenges:team", challenge_row.slug)
    return _show_team(request, challenge_row, mine, form)


def _team_invitation(request: HttpRequest, challenge: Challenge, pk: int) -> Invitation:
    mine = _required_team(request, challenge)
    row = get_object_or_404(mine.invitation_set.select_related("challenge", "team"), pk=pk)
    require_inviter(request.user, row)
    return row


@login_required
@require_POST
def cancel_member(request: HttpRequest, challenge: str, pk: int) -> HttpResponse:
    """The lead cancels an invitation to the own team."""
    challenge_row = visible_challenge(request.user, challenge)
    row = _team_invitation(request, challenge_row, pk)
    with attempt(request, _("The invitation for %(email)s has been cancelled.") % {"email": row.email}):
        cancel_invitation(invitation=row, actor=request.user)
    return redirect("challenges:team", challenge_row.slug)


@login_required
@require_POST
def resend_member(request: HttpRequest, challenge: str, pk: int) -> HttpResponse:
    """A new link by mail; the old one is dead."""
    challenge_row = visible_challenge(request.user, challenge)
    row = _team_invitation(request, challenge_row, pk)
    with attempt(request, _("A new invitation has been sent to %(email)s.") % {"email": row.email}):
        resend_invitation(invitation=row, actor=request.user)
    return redirect("challenges:team", challenge_row.slug)


@login_required
@require_POST
def enter(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """The own team enters a question."""
    challenge_row = visible_challenge(request.user, challenge)
    mine = _required_team(request, challenge_row)
    question_row = challenge_row.questions.filter(slug=question).first()
    if question_row is None:
        raise Http404
    with attempt(request, _("Your team has entered “%(question)s”.") % {"question": question_row}):
        enter_question(team=mine, question=question_row, actor=request.user)
    return redirect("challenges:team", challenge_row.slug)


@login_required
@require_POST
def conflict(request: HttpRequest, challenge: str) -> HttpResponse:
    """A member declares, or takes back, a conflict of interest."""
    challenge_row = visible_challenge(request.user, challenge)
    mine, form = _required_team(request, challenge_row), ConflictForm(request.POST)
    if form.is_valid():
        with attempt(request, _("Your declaration has been saved. The organisers can read it.")):
            declare_conflict(team=mine, actor=request.user, words=form.cleaned_data["conflict"])
    return redirect("challenges:team", challenge_row.slug)


@login_required
@require_POST
def leave(request: HttpRequest, challenge: str) -> HttpResponse:
    """The person leaves the own team."""
    challenge_row = visible_challenge(request.user, challenge)
    mine = _required_team(request, challenge_row)
    with attempt(request, _("You have left the team “%(team)s”.") % {"team": mine}):
        leave_team(team=mine, user=request.user)
        return redirect("challenges:challenge", challenge_row.slug)
    return redirect("challenges:team", challenge_row.slug)
