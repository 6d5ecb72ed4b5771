"""The first page: for a visitor the challenges, for everybody else what waits for them and the next step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from challenges.invitations import pending_invitations
from challenges.models import Invitation
from challenges.permissions import may_create_challenge
from core.pages import render_page
from pages.home.centre import centre_sections
from pages.home.challenges import ListedChallenge, listed_challenges
from pages.home.juror import juror_sections
from pages.home.organiser import organiser_sections
from pages.home.parts import RoleSection
from pages.home.reader import reader_sections
from pages.home.team import team_sections
from pages.home.waiting import draft_sections, officer_sections


@dataclass(frozen=True)
class HomePage:
    sections: list[RoleSection]
    invitations: Sequence[Invitation]
    challenges: list[ListedChallenge]
    may_create_challenge: bool


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Sections by role, and the list of challenges below (for visitors: above all)."""
    user = request.user
    sections: list[RoleSection] = []
    if user.is_authenticated:
        sections = [
            *organiser_sections(user),
            *centre_sections(user),
            *reader_sections(user),
            *team_sections(user),
            *juror_sections(user),
            *officer_sections(user),
            *draft_sections(user),
        ]
    page = HomePage(
        sections=sections,
        invitations=list(pending_invitations(user)) if user.is_authenticated else [],
        challenges=listed_challenges(user),
        may_create_challenge=may_create_challenge(user),
    )
    return render_page(request, "pages/home.html", page)
