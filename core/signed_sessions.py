"""One's own sessions: noted at the sign-in, listed while they live, ended one by one or all but the present one."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from core.audit import record
from core.clock import database_now
from core.models import SignedSession, User


def note_session(request: HttpRequest, user: User, address: str) -> None:
    """At the sign-in. Rows of sessions that are over go."""
    if not request.session.session_key:
        request.session.save()
    browser = request.META.get("HTTP_USER_AGENT", "")[:200]
    with transaction.atomic():
        living = living_sessions(user).values("pk")
        SignedSession.objects.filter(user=user).exclude(pk__in=list(living.values_list("pk", flat=True))).delete()
        SignedSession.objects.update_or_create(
            session_key=request.session.session_key,
            defaults={"user": user, "address": address, "browser": browser, "signed_in_at": database_now()},
        )


def living_sessions(user: Any) -> QuerySet[SignedSession]:
    """Those of the person that Django still knows."""
    living = Session.objects.filter(expire_date__gt=database_now()).values("session_key")
    return SignedSession.objects.filter(user=user.pk, session_key__in=living)


def end_session(row: SignedSession) -> None:
    """From this moment nobody is signed in by it."""
    with transaction.atomic():
        SessionStore(row.session_key).delete()
        record(verb="session ended", subject=row, actor=row.user)
        row.delete()


def end_other_sessions(user: User, present: str | None) -> int:
    """Ends all sessions of the person but the one with the key `present`. How many."""
    rows = list(living_sessions(user).exclude(session_key=present or "").select_related("user"))
    for row in rows:
        end_session(row)
    return len(rows)
