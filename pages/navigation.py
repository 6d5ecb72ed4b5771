"""The top bar's links for the person who looks: only where there is something to do."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from challenges.models import CentreMembership, Membership, Question, Role, Team


def navigation(request: HttpRequest) -> dict[str, Any]:
    """`navigation`: links by role; the challenge at hand, or the only one; the home page has the others."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"navigation": []}
    if request.headers.get("HX-Request") == "true":
        return {"navigation": []}  # fragments have no top bar
    links = [(_("Home"), reverse("home"))]
    roles = list(Role.objects.filter(user=user).values_list("kind", "challenge__slug"))
    organised = sorted({slug for kind, slug in roles if kind == Role.Kind.ORGANISER})
    here = _challenge_of(request.path)
    if here in organised or len(organised) == 1:
        links.append((_("Console"), reverse("pages:console", args=[here if here in organised else organised[0]])))
    links += _centre_links(user)
    if any(kind == Role.Kind.READER for kind, _slug in roles):
        links.append((_("Readings"), reverse("grading:queue")))
    links += _team_links(user, here)
    path = request.path
    return {
        "navigation": [
            {"label": label, "url": url, "active": path == url or (url != "/" and path.startswith(url))}
            for label, url in links
        ]
    }


def _centre_links(user: Any) -> list[tuple[str, str]]:
    """The list of exams, where there is only one question to send for."""
    challenges = set(CentreMembership.objects.filter(user=user).values_list("centre__challenge", flat=True))
    if len(challenges) != 1:
        return []
    questions = (
        Question.objects.visible_to(user).filter(challenge__in=challenges).values_list("challenge__slug", "slug")
    )
    found = list(questions[:2])
    return [(_("My exams"), reverse("uploads:exams", args=found[0]))] if len(found) == 1 else []


def _challenge_of(path: str) -> str:
    """The short name in `/c/<challenge>/…`, or an empty text."""
    parts = path.split("/")
    return parts[2] if len(parts) > 3 and parts[1] == "c" else ""


def _team_links(user: Any, here: str) -> list[tuple[str, str]]:
    teams = Membership.objects.filter(user=user).exclude(team__state=Team.State.WITHDRAWN)
    slugs = sorted(set(teams.values_list("team__challenge__slug", flat=True)))
    if here not in slugs and len(slugs) != 1:
        return []
    return [(_("My team"), reverse("challenges:team", args=[here if here in slugs else slugs[0]]))]
