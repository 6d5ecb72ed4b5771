"""The data page: what is out with its hashes, what is to come with its minute."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Max, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from batches.models import Batch, Download
from challenges.charter import has_signed
from challenges.frame import spec_of
from challenges.lookup import visible_question
from challenges.models import Charter, Question, Role, Team
from challenges.people import has_role, team_of
from core.clock import database_now


@login_required
@require_safe
def data(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """For the question's teams and its organisers; for everybody else the page does not exist."""
    found = visible_question(request.user, f"{challenge}/{question}")
    organises = has_role(request.user, found.challenge, Role.Kind.ORGANISER)
    team = team_of(request.user, found.challenge)
    entered = team is not None and team.entries.filter(question=found).exists()
    if not entered and not organises:
        raise Http404
    now = database_now()
    out = batches_out(request.user, found, now)
    context = {
        "challenge": found.challenge,
        "question": found,
        "entered": entered,
        "organises": organises,
        "batches": out,
        "fetched": _fetched(out, team),
        "coming": coming(found, {batch.name for batch in out}, now),
        "signed": organises or has_signed(request.user, found.challenge, Charter.Audience.TEAM),
    }
    return render(request, "batches/data.html", context)


def batches_out(user: Any, question: Question, now: datetime) -> list[Batch]:
    """Released batches with their number of living cases; the manifests themselves stay where they are."""
    visible = Batch.objects.visible_to(user).filter(question=question, state=Batch.State.BUILT, released_at__lte=now)
    counted = Batch.objects.filter(pk__in=visible.values("pk")).annotate(
        cases=Count("items", filter=Q(items__withdrawn_at=None))
    )
    return list(counted.defer("manifest", "seed").order_by("-released_at", "name"))


def _fetched(batches: list[Batch], team: Team | None) -> dict[Any, datetime]:
    """By batch, when the team fetched it last."""
    if team is None:
        return {}
    receipts = Download.objects.filter(batch__in=batches, team=team).order_by()
    return dict(receipts.values_list("batch").annotate(last=Max("started_at")))


def coming(question: Question, out: set[str], now: datetime) -> list[dict[str, Any]]:
    """Batches to come as {name, at, state}: as planned, or as the question file says while nothing is planned."""
    rows = Batch.objects.filter(question=question).values_list("name", "released_at", "state")
    planned = {name: (moment, state) for name, moment, state in rows}
    waited = []
    for one in spec_of(question).batches:
        moment, state = planned.get(one.name, (one.released_at, ""))
        if one.name not in out and state != Batch.State.REVOKED:
            waited.append({"name": one.name, "at": moment, "state": "upcoming" if moment > now else "building"})
    return sorted(waited, key=lambda row: row["at"])
