"""How long a session lives: so long after the sign-in, and so long without a request."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

BEGUN, SEEN = "session_begun", "session_seen"
SEEN_EVERY_SECONDS = 300  # a session is written at most this often


def keep_alive(session: Any, now: float | None = None) -> bool:
    """Whether the session still lives; notes that it was used. An expired session is emptied."""
    moment = time.time() if now is None else now
    begun, seen = session.get(BEGUN, moment), session.get(SEEN, moment)
    if moment - begun > settings.SESSION_HOURS * 3600 or moment - seen > settings.SESSION_IDLE_MINUTES * 60:
        session.flush()
        return False
    if BEGUN not in session or moment - seen > SEEN_EVERY_SECONDS:
        session[BEGUN], session[SEEN] = begun, moment
    return True


class SessionLimitsMiddleware:
    """Signs out whoever has been signed in, or away, for too long. Stands before the authentication."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "_auth_user_id" in request.session:
            keep_alive(request.session)
        return self.get_response(request)
