"""The page of a reader who has not signed the charter yet."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from challenges.models import Challenge
from core.pages import render_page


@dataclass(frozen=True)
class UnsignedPage:
    challenge: Challenge


def render_unsigned(request: HttpRequest, challenge: Challenge, *, status: int = 200) -> HttpResponse:
    """Leads to the charter, in place of the page that was asked for."""
    return render_page(request, "grading/unsigned.html", UnsignedPage(challenge), status=status)
