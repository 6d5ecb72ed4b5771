"""The data page: what is out with its hashes, what is to come with its minute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import Count, F, Max, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from batches.corrections import CorrectionNotice, notices_of
from batches.deletion import attest_deletion, open_requests
from batches.models import Batch, Download
from challenges.charter import has_signed
from challenges.frame import spec_of
from challenges.lookup import visible_question
from challenges.models import Challenge, Charter, Question, Role, Team
from challenges.permissions import has_role, team_of
from core.actors import Reader
from core.attempt import attempt
from core.clock import database_now
from core.pages import render_page


@dataclass(frozen=True)
class BatchDeletions:
    """The cases of one batch of which the person was asked to delete every copy."""

    batch: Batch
    cases: list[str]


@dataclass(frozen=True)
class ComingBatch:
    """A batch that is planned (`upcoming`), or late because it is still prepared (`building`)."""

    name: str
    at: datetime
    state: str


@dataclass(frozen=True)
class DataPage:
    """`corrections` and `fetched` are by the id of a batch; `fetched` says when the team last downloaded it."""

    challenge: Challenge
    question: Question
    entered: bool
    organises: bool
    batches: Sequence[Batch]
    corrections: Mapping[UUID, Sequence[CorrectionNotice]]
    fetched: Mapping[UUID, datetime]
    deletions: Sequence[BatchDeletions]
    coming: Sequence[ComingBatch]
    signed: bool


@login_required
@require_safe
def data(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """For the question's teams and its organisers; for everybody else the page does not exist."""
    row = visible_question(request.user, f"{challenge}/{question}")
    organises = has_role(request.user, row.challenge, Role.Kind.ORGANISER)
    team = team_of(request.user, row.challenge)
    entered = team is not None and team.entries.filter(question=row).exists()
    deletions = deletions_by_batch(request.user, row)
    if not entered and not organises and not deletions:
        raise Http404
    now = database_now()
    released = batches_out(request.user, row, now)
    page = DataPage(
        challenge=row.challenge,
        question=row,
        entered=entered,
        organises=organises,
        batches=released,
        corrections=notices_of(released),
        fetched=_fetched(released, team),
        deletions=deletions,
        coming=coming_batches(row, {batch.name for batch in released}, now),
        signed=organises or has_signed(request.user, row.challenge, Charter.Audience.TEAM),
    )
    return render_page(request, "batches/data.html", page)


def batches_out(user: Reader, question: Question, now: datetime) -> list[Batch]:
    """Released batches with their number of living cases, also while one is built again; the manifests stay where they are."""
    visible = Batch.objects.visible_to(user).filter(question=question, released_at__lte=now)
    visible = visible.filter(Q(state=Batch.State.BUILT) | Q(state=Batch.State.PLANNED, version__gt=1))
    counted = Batch.objects.filter(pk__in=visible.values("pk")).annotate(
        cases=Count("items", filter=Q(items__withdrawn_at=None)),
        left=Count("items", filter=Q(items__withdrawn_at__gte=F("released_at"))),
    )
    return list(counted.defer("manifest", "seed").order_by("-released_at", "name"))


def deletions_by_batch(user: Reader, question: Question) -> list[BatchDeletions]:
    """What the person was asked to delete and has not attested."""
    waiting: dict[Batch, list[str]] = {}
    for deletion in open_requests(user).filter(item__batch__question=question).order_by("item__public_id"):
        waiting.setdefault(deletion.item.batch, []).append(deletion.item.public_id)
    return [BatchDeletions(batch, cases) for batch, cases in waiting.items()]


@login_required
@require_POST
def attest(request: HttpRequest, challenge: str, question: str, pk: UUID) -> HttpResponse:
    """The person declares that every copy is deleted."""
    row = visible_question(request.user, f"{challenge}/{question}")
    batch = get_object_or_404(Batch, pk=pk, question=row)
    with attempt(request, gettext("Thank you: your deletion is on record.")):
        attest_deletion(batch=batch, actor=request.user)
    return redirect("batches:data", challenge, question)


def _fetched(batches: list[Batch], team: Team | None) -> dict[UUID, datetime]:
    """By batch, when the team fetched it last."""
    if team is None:
        return {}
    receipts = Download.objects.filter(batch__in=batches, team=team).order_by()
    return dict(receipts.values_list("batch").annotate(last=Max("started_at")))


def coming_batches(question: Question, released: set[str], now: datetime) -> list[ComingBatch]:
    """Batches to come: as planned, or as the question file says while nothing is planned."""
    rows = Batch.objects.filter(question=question).values_list("name", "released_at", "state")
    planned = {name: (moment, state) for name, moment, state in rows}
    waited = []
    for batch in spec_of(question).batches:
        moment, state = planned.get(batch.name, (batch.released_at, ""))
        if batch.name not in released and state != Batch.State.REVOKED:
            waited.append(ComingBatch(batch.name, moment, "upcoming" if moment > now else "building"))
    return sorted(waited, key=lambda batch: batch.at)
