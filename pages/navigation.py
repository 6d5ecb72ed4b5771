"""The top bar's links for the person who looks: only where there is something to do."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, Value
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from challenges.models import CentreMembership, Membership, Question, Role, Team

CENTRE, TEAM = "centre", "team"


@dataclass(frozen=True)
class NavigationLink:
    label: str
    url: str
    active: bool


def navigation(request: HttpRequest) -> dict[str, list[NavigationLink]]:
    """`navigation`: links by role; the challenge at hand, or the only one; the home page has the others."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"navigation": []}
    if request.headers.get("HX-Request") == "true":
        return {"navigation": []}  # fragments have no top bar
    links = [(_("Home"), reverse("home"))]
    parts = _parts(user)
    organised = sorted(parts[Role.Kind.ORGANISER])
    here = _challenge_of(request.path)
    if here in organised or len(organised) == 1:
        links.append((_("Console"), reverse("pages:console", args=[here if here in organised else organised[0]])))
    links += _officer_links(parts[Role.Kind.PROTECTION_OFFICER], here)
    links += _centre_links(user, parts[CENTRE])
    if parts[Role.Kind.READER]:
        links.append((_("Readings"), reverse("grading:queue")))
    links += _team_links(parts[TEAM], here)
    path = request.path
    return {
        "navigation": [
            NavigationLink(label, url, active=path == url or (url != "/" and path.startswith(url)))
            for label, url in links
        ]
    }


def _parts(user: Any) -> dict[str, set[str]]:
    """The challenges in which the person holds each role, sends for a centre or is in a team: one query."""
    roles = Role.objects.filter(user=user).order_by().values_list("kind", "challenge__slug")
    centres = (
        CentreMembership.objects.filter(user=user).order_by().values_list(_constant(CENTRE), "centre__challenge__slug")
    )
    teams = Membership.objects.filter(user=user).exclude(team__state=Team.State.WITHDRAWN).order_by()
    rows = roles.union(centres, teams.values_list(_constant(TEAM), "team__challenge__slug"))
    parts: dict[str, set[str]] = defaultdict(set)
    for part, slug in rows:
        parts[part].add(slug)
    return parts


def _constant(text: str) -> Value:
    return Value(text, output_field=CharField())


def _officer_links(slugs: set[str], here: str) -> list[tuple[str, str]]:
    """The page of the challenge at hand, or of each challenge that the person watches over."""
    shown = [here] if here in slugs else sorted(slugs)
    names = [_("Data protection") if len(shown) == 1 else f"{_('Data protection')} ({slug})" for slug in shown]
    return [(name, reverse("pages:protection", args=[slug])) for name, slug in zip(names, shown, strict=True)]


def _centre_links(user: Any, challenges: set[str]) -> list[tuple[str, str]]:
    """The list of exams, where there is only one question to send for."""
    if len(challenges) != 1:
        return []
    visible = Question.objects.visible_to(user).filter(challenge__slug__in=challenges)
    names = list(visible.values_list("challenge__slug", "slug")[:2])
    return [(_("My exams"), reverse("uploads:exams", args=names[0]))] if len(names) == 1 else []


def _challenge_of(path: str) -> str:
    """The short name in `/c/<challenge>/…`, or an empty text."""
    parts = path.split("/")
    return parts[2] if len(parts) > 3 and parts[1] == "c" else ""


def _team_links(slugs: set[str], here: str) -> list[tuple[str, str]]:
    if here not in slugs and len(slugs) != 1:
        return []
    return [(_("My team"), reverse("challenges:team", args=[here if here in slugs else next(iter(slugs))]))]
