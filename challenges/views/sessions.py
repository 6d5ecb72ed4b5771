"""Where one is signed in: each session can be ended from any other."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from core.models import SignedSession
from core.pages import render_page
from core.signed_sessions import end_other_sessions, end_session, living_sessions


@dataclass(frozen=True)
class SessionsPage:
    """`present`: the key of the session that asks."""

    sessions: QuerySet[SignedSession]
    present: str | None


@login_required
@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    page = SessionsPage(living_sessions(request.user), request.session.session_key)
    return render_page(request, "challenges/sessions.html", page)


@login_required
@require_POST
def end(request: HttpRequest, signed: int) -> HttpResponse:
    row = get_object_or_404(living_sessions(request.user).select_related("user"), pk=signed)
    end_session(row)
    messages.success(request, _("The session has ended."))
    return redirect("challenges:sessions")


@login_required
@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    count = end_other_sessions(request.user, request.session.session_key)  # type: ignore[arg-type]
    words = ngettext("%(count)d other session has ended.", "%(count)d other sessions have ended.", count)
    messages.success(request, words % {"count": count})
    return redirect("challenges:sessions")
