"""Work and the audit trail, for organisers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from challenges.lookup import organised_challenge
from challenges.models import Challenge
from concours.formats.fault import gettext_noop
from core.attempt import attempt
from core.audit import broken_links, chain_head
from core.errors import MoveNotAllowedError
from core.models import AuditRecord, Work
from core.pages import render_page
from pages.api import search_of
from pages.flow import work_counts
from pages.queue import retry_work, stuck, visible_records, visible_work
from pages.troubles import Trouble, troubles_of

PAGE = 50
STATES = ("failed", "stuck", "waiting", "running", "done", "cancelled")


@dataclass(frozen=True)
class TasksPage:
    """`state` and `stage`: what is chosen of `states` and `stages`; `counts` by state."""

    challenge: Challenge
    page: Page[Work]
    troubles: list[Trouble]
    counts: dict[str, int]
    states: Sequence[str]
    stages: list[str]
    state: str
    stage: str


@dataclass(frozen=True)
class ChainHead:
    """The newest link of the audit chain."""

    number: int
    chain: str


@dataclass(frozen=True)
class AuditPage:
    """`q`, `since` and `until` are the search as it was typed."""

    challenge: Challenge
    page: Page[AuditRecord]
    q: str
    since: str
    until: str
    head: ChainHead
    filtered: bool
    unchained: int


@dataclass(frozen=True)
class AuditVerifiedPage:
    """`broken`: the first places where the chain does not hold; `head`: how many records were read."""

    challenge: Challenge
    broken: list[int]
    head: int


@login_required
@require_safe
def work(request: HttpRequest, challenge: str) -> HttpResponse:
    """The queue of a challenge, what failed first."""
    challenge_row = organised_challenge(request.user, challenge)
    state, stage = request.GET.get("state", "failed"), request.GET.get("stage", "")
    rows = visible_work(request.user).filter(challenge_id=challenge_row.pk)
    stages = sorted(rows.order_by().values_list("stage", flat=True).distinct())
    if state == "stuck":
        rows = rows.filter(stuck())
    elif state in Work.State.values:
        rows = rows.filter(state=state)
    if stage in stages:
        rows = rows.filter(stage=stage)
    page = Paginator(rows.order_by("-id"), PAGE).get_page(request.GET.get("page"))
    tasks = TasksPage(
        challenge=challenge_row,
        page=page,
        troubles=troubles_of(page.object_list),
        counts=work_counts(challenge_row),
        states=STATES,
        stages=stages,
        state=state,
        stage=stage,
    )
    return render_page(request, "pages/work.html", tasks)


@login_required
@require_POST
def retry(request: HttpRequest, challenge: str, pk: int) -> HttpResponse:
    """Offers one piece of work again."""
    challenge_row = organised_challenge(request.user, challenge)
    row = get_object_or_404(visible_work(request.user), pk=pk, challenge_id=challenge_row.pk)
    with attempt(request, _("The task will be retried.")):
        if not retry_work(row=row, actor=request.user):
            raise MoveNotAllowedError(gettext_noop("This task is running. Wait until it finishes."))
    return redirect(f"{reverse('pages:work', args=[challenge_row.slug])}?state={request.POST.get('state', 'failed')}")


@login_required
@require_POST
def retry_all(request: HttpRequest, challenge: str) -> HttpResponse:
    """Offers everything that failed again."""
    challenge_row = organised_challenge(request.user, challenge)
    rows = visible_work(request.user).filter(challenge_id=challenge_row.pk, state=Work.State.FAILED)
    with attempt(request, _("All failed tasks will be retried.")):
        for row in rows:
            retry_work(row=row, actor=request.user)
    return redirect("pages:work", challenge_row.slug)


@login_required
@require_safe
def audit(request: HttpRequest, challenge: str) -> HttpResponse:
    """Who changed what, when and why; searched by word, person, subject and day."""
    challenge_row = organised_challenge(request.user, challenge)
    rows = visible_records(request.user).filter(challenge_id=challenge_row.pk)
    text, since, until = (request.GET.get(name, "").strip() for name in ("q", "since", "until"))
    if text:
        rows = rows.filter(search_of(text))
    if day := _day(since):
        rows = rows.filter(at__date__gte=day)
    if day := _day(until):
        rows = rows.filter(at__date__lte=day)
    page = Paginator(rows.select_related("actor").order_by("-id"), PAGE).get_page(request.GET.get("page"))
    trail = AuditPage(
        challenge=challenge_row,
        page=page,
        q=text,
        since=since,
        until=until,
        head=ChainHead(*chain_head()),
        filtered=bool(text or since or until),
        unchained=rows.filter(Q(sequence=None)).count(),
    )
    return render_page(request, "pages/audit.html", trail)


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


@login_required
@require_POST
def verify(request: HttpRequest, challenge: str) -> HttpResponse:
    """Reads the whole chain again and says whether a record was edited, removed or put in later."""
    challenge_row = organised_challenge(request.user, challenge)
    page = AuditVerifiedPage(challenge=challenge_row, broken=list(broken_links())[:10], head=chain_head()[0])
    return render_page(request, "pages/audit_verified.html", page)
