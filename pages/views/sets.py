"""Sets and batches of one question: drawn, looked at, frozen; built, moved, revoked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from anonymization.texts import waiting_texts
from batches.models import Batch, Split
from batches.readiness import freeze_obstacles, release_obstacles
from batches.release import choose_face, reschedule_batch, revoke_batch
from batches.split import draft_split, freeze_split
from challenges.frame import spec_of
from challenges.lookup import organised_challenge, organised_question
from challenges.models import Challenge, Question
from concours.questions.schema import BatchSpec
from core.attempt import attempt
from core.clock import database_now
from core.errors import InvalidInputError
from core.pages import render_page
from core.readiness import Readiness, readiness_of
from pages.forms import DraftForm, FaceForm, ReasonForm, ReleaseForm
from pages.strata import StratumWords
from uploads.models import Exam


@dataclass(frozen=True)
class ExamCounts:
    """Exams of the question: included, without a grade, and included ones that show a face."""

    included: int
    accepted: int
    faces: int


@dataclass(frozen=True)
class BalanceRow:
    """One stratum: its exams by set."""

    stratum: str
    counts: list[int]
    total: int


@dataclass(frozen=True)
class BalanceTable:
    """Strata as rows and sets as columns, with totals."""

    sets: list[str]
    totals: list[int]
    whole: int
    rows: list[BalanceRow]


@dataclass(frozen=True)
class BatchPanel:
    """A batch with its forms; `unseen`: cases in which no face was found to blank."""

    batch: Batch
    out: bool
    readiness: Readiness
    release: ReleaseForm
    face: FaceForm
    blanked: int
    unseen: list[str]


@dataclass(frozen=True)
class SetsPage:
    """`asked`, `stratify`, `evaluation` and `planned` are the question file's; `texts`: how many are not de-identified."""

    challenge: Challenge
    question: Question
    split: Split | None
    left_over: int
    table: BalanceTable | None
    stratify: list[str]
    evaluation: list[str]
    counts: ExamCounts
    texts: int
    planned: Sequence[BatchSpec]
    batches: list[BatchPanel]
    readiness: Readiness
    draft_form: DraftForm
    face_form: FaceForm


@login_required
@require_safe
def sets(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """The split in force with its balance, and the batches."""
    question_row = organised_question(request.user, f"{challenge}/{question}")
    now = database_now()
    spec = spec_of(question_row)
    split = question_row.splits.exclude(state=Split.State.REPLACED).select_related("created_by").first()
    counts = Exam.objects.filter(question=question_row).aggregate(
        included=Count("pk", filter=Q(state=Exam.State.KEPT)),
        accepted=Count("pk", filter=Q(state=Exam.State.ACCEPTED)),
        faces=Count("pk", filter=Q(state=Exam.State.KEPT, face_possible=True)),
    )
    batches = question_row.batches.annotate(
        size=Count("items", filter=Q(items__withdrawn_at=None), distinct=True),
        faces=Count("items", filter=Q(items__withdrawn_at=None, items__exam__face_possible=True), distinct=True),
        fetched=Count("downloads", distinct=True),
    ).order_by("released_at", "name")
    included = Exam.objects.filter(question=question_row, state=Exam.State.KEPT)
    words = StratumWords(question_row, spec)
    page = SetsPage(
        challenge=question_row.challenge,
        question=question_row,
        split=split,
        left_over=included.exclude(split_items__split=split).count() if split else 0,
        table=_balance(split, words),
        stratify=[words.key(name) for name in spec.split.stratify],
        evaluation=list(spec.split.evaluation),
        counts=ExamCounts(**counts),
        texts=len(waiting_texts(included, {*spec.data.deliver.training, *spec.data.deliver.evaluation})),
        planned=spec.batches,
        batches=[_panel(batch, now, number) for number, batch in enumerate(batches)],
        readiness=readiness_of(freeze_obstacles(split) if split and split.state == Split.State.DRAFT else []),
        draft_form=DraftForm(),
        face_form=FaceForm(initial={"face": spec.data.deliver.face}),
    )
    return render_page(request, "pages/sets.html", page)


def _panel(batch: Batch, now: datetime, number: int) -> BatchPanel:
    cases = batch.manifest.get("cases", [])
    out = batch.was_out(now)
    return BatchPanel(
        batch=batch,
        out=out,
        readiness=readiness_of([] if out else release_obstacles(batch)),
        release=ReleaseForm(initial={"released_at": batch.released_at}, auto_id=f"id_%s_{number}"),
        face=FaceForm(initial={"face": batch.face}, auto_id=f"id_%s_{number}"),
        blanked=sum(case.get("face") == "blanked" for case in cases),
        unseen=[case["id"] for case in cases if case.get("face") == "not found"],
    )


def _balance(split: Split | None, words: StratumWords) -> BalanceTable | None:
    if split is None:
        return None
    sets = list(split.rule.get("sizes") or split.balance)
    strata = sorted({stratum for counts in split.balance.values() for stratum in counts})
    rows = []
    for stratum in strata:
        counts = [split.balance.get(name, {}).get(stratum, 0) for name in sets]
        rows.append(BalanceRow(words.stratum(stratum), counts, sum(counts)))
    totals = [sum(split.balance.get(name, {}).values()) for name in sets]
    return BalanceTable(sets, totals, sum(totals), rows)


@login_required
@require_POST
def draft(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """Draws the sets; an earlier draft is replaced."""
    question_row = organised_question(request.user, f"{challenge}/{question}")
    form = DraftForm(request.POST)
    seed = form.cleaned_data["seed"] if form.is_valid() else None
    with attempt(request, _("The sets are drawn. Check their balance, then freeze them.")):
        draft_split(question=question_row, actor=request.user, seed=seed)
    return redirect("pages:sets", challenge, question)


@login_required
@require_POST
def freeze(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """Fixes the sets; batches are planned and their archives built."""
    question_row = organised_question(request.user, f"{challenge}/{question}")
    split = get_object_or_404(question_row.splits, state=Split.State.DRAFT)
    with attempt(request, _("The sets are frozen; the archives of the batches are being built.")):
        freeze_split(split=split, actor=request.user, face=request.POST.get("face", ""))
    return redirect("pages:sets", challenge, question)


def _batch(request: HttpRequest, challenge: str, pk: UUID) -> Batch:
    challenge_row = organised_challenge(request.user, challenge)
    return get_object_or_404(
        Batch.objects.select_related("question__challenge"), pk=pk, question__challenge=challenge_row
    )


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
    with attempt(request, _("The release date has been changed.")):
        if not form.is_valid():
            raise InvalidInputError(str(next(iter(form.errors.values()))[0]))
        moment, reason = form.cleaned_data["released_at"], form.cleaned_data["reason"]
        reschedule_batch(batch=batch, released_at=moment, actor=request.user, reason=reason)
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
    posted = request.POST
    with attempt(request, _("The batch is being rebuilt.")):
        choose_face(batch=batch, face=posted.get("face", ""), actor=request.user, reason=posted.get("reason", ""))
    return _back(request, batch)


@login_required
@require_POST
def revoke(request: HttpRequest, challenge: str, pk: UUID) -> HttpResponse:
    "From this moment no one can download it."
    batch = _batch(request, challenge, pk)
    form = ReasonForm(request.POST)
    with attempt(request, _("The batch has been revoked.")):
        revoke_batch(batch=batch, actor=request.user, reason=form.data.get("reason", ""))
    return _back(request, batch)
