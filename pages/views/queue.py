"""Work and the audit trail, for organisers."""

from __future__ import annotations

from datetime import date

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from challenges.lookup import organised_challenge
from core.attempt import attempt
from core.audit import broken_links, chain_head
from core.errors import MoveNotAllowedError
from core.models import Work
from formats.fault import gettext_noop
from pages.api import search_of
from pages.queue import retry_work, stuck, visible_records, visible_work
from pages.stages import work_counts

PAGE = 50
STATES = ("failed", "stuck", "waiting", "running", "done", "cancelled")


@login_required
@require_safe
def work(request: HttpRequest, challenge: str) -> HttpResponse:
    """The queue of a challenge, what failed first."""
    found = organised_challenge(request.user, challenge)
    state, stage = request.GET.get("state", "failed"), request.GET.get("stage", "")
    rows = visible_work(request.user).filter(challenge_id=found.pk)
    stages = sorted(rows.order_by().values_list("stage", flat=True).distinct())
    if state == "stuck":
        rows = rows.filter(stuck())
    elif state in Work.State.values:
        rows = rows.filter(state=state)
    if stage in stages:
        rows = rows.filter(stage=stage)
    page = Paginator(rows.order_by("-id"), PAGE).get_page(request.GET.get("page"))
    context = {
        "challenge": found,
        "page": page,
        "counts": work_counts(found),
        "states": STATES,
        "stages": stages,
        "state": state,
        "stage": stage,
    }
    return render(request, "pages/work.html", context)


@login_required
@require_POST
def retry(request: HttpRequest, challenge: str, pk: int) -> HttpResponse:
    """Offers one piece of work again."""
    found = organised_challenge(request.user, challenge)
    row = get_object_or_404(visible_work(request.user), pk=pk, challenge_id=found.pk)
    with attempt(request, _("It is tried again.")):
        if not retry_work(row=row, actor=request.user):
            raise MoveNotAllowedError(gettext_noop("This work is being done right now. Wait for its end."))
    return redirect(f"{reverse('pages:work', args=[found.slug])}?state={request.POST.get('state', 'failed')}")


@login_required
@require_POST
def retry_all(request: HttpRequest, challenge: str) -> HttpResponse:
    """Offers everything that failed again."""
    found = organised_challenge(request.user, challenge)
    rows = visible_work(request.user).filter(challenge_id=found.pk, state=Work.State.FAILED)
    with attempt(request, _("Everything that failed is tried again.")):
        for row in rows:
            retry_work(row=row, actor=request.user)
    return redirect("pages:work", found.slug)


@login_required
@require_safe
def audit(request: HttpRequest, challenge: str) -> HttpResponse:
    """Who changed what, when and why; searched by word, person, subject and day."""
    found = organised_challenge(request.user, challenge)
    rows = visible_records(request.user).filter(challenge_id=found.pk)
    text, since, until = (request.GET.get(name, "").strip() for name in ("q", "since", "until"))
    if text:
        rows = rows.filter(search_of(text))
    if day := _day(since):
        rows = rows.filter(at__date__gte=day)
    if day := _day(until):
        rows = rows.filter(at__date__lte=day)
    page = Paginator(rows.select_related("actor").order_by("-id"), PAGE).get_page(request.GET.get("page"))
    number, chain = chain_head()
    context = {
        "challenge": found,
        "page": page,
        "q": text,
        "since": since,
        "until": until,
        "head": {"number": number, "chain": chain},
        "filtered": bool(text or since or until),
        "unchained": rows.filter(Q(sequence=None)).count(),
    }
    return render(request, "pages/audit.html", context)


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


@login_required
@require_POST
def verify(request: HttpRequest, challenge: str) -> HttpResponse:
    """Reads the whole chain again and says whether a record was edited, removed or put in later."""
    found = organised_challenge(request.user, challenge)
    broken = list(broken_links())[:10]
    return render(request, "pages/audit_verified.html", {"challenge": found, "broken": broken, "head": chain_head()[0]})
