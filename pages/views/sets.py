"""Sets and batches of one question: drawn, looked at, frozen; built, moved, revoked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from batches.models import Batch, Split
from batches.release import choose_face, reschedule_batch, revoke_batch
from batches.split import draft_split, freeze_split
from challenges.frame import spec_of
from challenges.lookup import organised_challenge, organised_question
from core.attempt import attempt
from core.clock import database_now
from core.errors import InvalidInputError
from pages.forms import DraftForm, FaceForm, ReasonForm, ReleaseForm
from uploads.models import Exam


@login_required
@require_safe
def sets(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """The split in force with its balance, and the batches."""
    found = organised_question(request.user, f"{challenge}/{question}")
    now = database_now()
    spec = spec_of(found)
    split = found.splits.exclude(state=Split.State.REPLACED).select_related("created_by").first()
    counts = Exam.objects.filter(question=found).aggregate(
        kept=Count("pk", filter=Q(state=Exam.State.KEPT)),
        accepted=Count("pk", filter=Q(state=Exam.State.ACCEPTED)),
        faces=Count("pk", filter=Q(state=Exam.State.KEPT, face_possible=True)),
    )
    batches = found.batches.annotate(
        size=Count("items", filter=Q(items__withdrawn_at=None), distinct=True),
        faces=Count("items", filter=Q(items__withdrawn_at=None, items__exam__face_possible=True), distinct=True),
        fetched=Count("downloads", distinct=True),
    ).order_by("released_at", "name")
    kept = Exam.objects.filter(question=found, state=Exam.State.KEPT)
    context = {
        "challenge": found.challenge,
        "question": found,
        "split": split,
        "left_over": kept.exclude(split_items__split=split).count() if split else 0,
        "table": _balance(split),
        "asked": dict(spec.split.sets or spec.split.shares),
        "stratify": list(spec.split.stratify),
        "evaluation": list(spec.split.evaluation),
        "counts": counts,
        "planned": spec.batches,
        "batches": [
            {
                "batch": one,
                "out": one.state == Batch.State.BUILT and one.released_at <= now,
                "release": ReleaseForm(initial={"released_at": one.released_at}, auto_id=f"id_%s_{number}"),
                "face": FaceForm(initial={"face": one.face}, auto_id=f"id_%s_{number}"),
                "blanked": sum(case.get("face") == "blanked" for case in one.manifest.get("cases", [])),
                "unseen": [case["id"] for case in one.manifest.get("cases", []) if case.get("face") == "not found"],
            }
            for number, one in enumerate(batches)
        ],
        "draft_form": DraftForm(),
        "face_form": FaceForm(initial={"face": spec.data.deliver.face}),
    }
    return render(request, "pages/sets.html", context)


def _balance(split: Split | None) -> dict[str, Any] | None:
    """Strata as rows and sets as columns, with totals: {"sets", "totals", "rows": [{"stratum", "counts", "total"}]}."""
    if split is None:
        return None
    sets = list(split.rule.get("sizes") or split.balance)
    strata = sorted({stratum for counts in split.balance.values() for stratum in counts})
    rows = []
    for stratum in strata:
        counts = [split.balance.get(name, {}).get(stratum, 0) for name in sets]
        rows.append({"stratum": stratum, "counts": counts, "total": sum(counts)})
    totals = [sum(split.balance.get(name, {}).values()) for name in sets]
    return {"sets": sets, "totals": totals, "whole": sum(totals), "rows": rows}


@login_required
@require_POST
def draft(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """Draws the sets; an earlier draft is replaced."""
    found = organised_question(request.user, f"{challenge}/{question}")
    form = DraftForm(request.POST)
    seed = form.cleaned_data["seed"] if form.is_valid() else None
    with attempt(request, _("The sets are drawn. Look at their balance, then freeze them.")):
        draft_split(question=found, actor=request.user, seed=seed)
    return redirect("pages:sets", challenge, question)


@login_required
@require_POST
def freeze(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """Fixes the sets; batches are planned and their archives built."""
    found = organised_question(request.user, f"{challenge}/{question}")
    split = get_object_or_404(found.splits, state=Split.State.DRAFT)
    with attempt(request, _("The sets are frozen; the archives of the batches are being built.")):
        freeze_split(split=split, actor=request.user, face=request.POST.get("face", ""))
    return redirect("pages:sets", challenge, question)


def _batch(request: HttpRequest, challenge: str, pk: UUID) -> Batch:
    found = organised_challenge(request.user, challenge)
    return get_object_or_404(Batch.objects.select_related("question__challenge"), pk=pk, question__challenge=found)


def _back(request: HttpRequest, batch: Batch) -> HttpResponse:
    slug = batch.question.challenge.slug
    if request.POST.get("back") == "timeline":
        return redirect("pages:timeline", slug)
    return redirect("pages:sets", slug, batch.question.slug)


@login_required
@require_POST
def reschedule(request: HttpRequest, challenge: str, pk: UUID) -> HttpResponse:
    """Moves the minute of a batch that is not out yet."""
    batch = _batch(request, challenge, pk)
    form = ReleaseForm(request.POST)
    with attempt(request, _("The release is moved.")):
        reschedule_batch(batch=batch, actor=request.user, **_valid(form))
    return _back(request, batch)


@login_required
@require_POST
def release(request: HttpRequest, challenge: str, pk: UUID) -> HttpResponse:
    """Out at once: its minute is now."""
    batch = _batch(request, challenge, pk)
    with attempt(request, _("The batch is released.")):
        reschedule_batch(
            batch=batch, released_at=database_now(), actor=request.user, reason=request.POST.get("reason", "")
        )
    return _back(request, batch)


@login_required
@require_POST
def face(request: HttpRequest, challenge: str, pk: UUID) -> HttpResponse:
    """Keeps faces or has them blanked, in one batch that is not out."""
    batch = _batch(request, challenge, pk)
    said = request.POST
    with attempt(request, _("The batch is being built again.")):
        choose_face(batch=batch, face=said.get("face", ""), actor=request.user, reason=said.get("reason", ""))
    return _back(request, batch)


@login_required
@require_POST
def revoke(request: HttpRequest, challenge: str, pk: UUID) -> HttpResponse:
    """From this moment nobody can download it."""
    batch = _batch(request, challenge, pk)
    form = ReasonForm(request.POST)
    with attempt(request, _("The batch is revoked.")):
        revoke_batch(batch=batch, actor=request.user, reason=form.data.get("reason", ""))
    return _back(request, batch)


def _valid(form: ReleaseForm) -> dict[str, Any]:
    """The form's values. Raises InvalidInputError with its first complaint."""
    if form.is_valid():
        return dict(form.cleaned_data)
    raise InvalidInputError(str(next(iter(form.errors.values()))[0]))
