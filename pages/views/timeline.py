"""The organiser's timeline: windows of phases, minutes of batches, moments of the challenge; each can be moved with a reason."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from batches.models import Batch
from challenges.frame import plan_milestone, reschedule_phase
from challenges.lookup import organised_challenge
from challenges.models import Challenge, Milestone, Phase
from challenges.timeline import Moment, moments, phase_state, phase_title
from core.attempt import attempt
from core.clock import database_now
from core.pages import render_page
from core.words import localised
from pages.forms import MilestoneForm, ReleaseForm, WindowForm

OWN_KEY = "moment:"


@dataclass(frozen=True)
class PhaseWindow:
    """A phase with the form that moves it; `wrong`: the form holds what was sent, with its errors."""

    phase: Phase
    title: str
    state: str
    form: WindowForm
    wrong: bool


@dataclass(frozen=True)
class BatchMinute:
    """A batch with the form that moves its release."""

    batch: Batch
    out: bool
    form: ReleaseForm


@dataclass(frozen=True)
class OwnMoment:
    """A moment that the organisers added themselves."""

    row: Milestone
    title: str


@dataclass(frozen=True)
class TimelinePage:
    """`back`: where the forms of batches return to."""

    challenge: Challenge
    moments: list[Moment]
    phases: list[PhaseWindow]
    batches: list[BatchMinute]
    own: list[OwnMoment]
    moment_form: MilestoneForm
    back: str = "timeline"


@login_required
@require_safe
def timeline(request: HttpRequest, challenge: str) -> HttpResponse:
    """Everything that has a minute."""
    return _show(request, organised_challenge(request.user, challenge))


def _show(
    request: HttpRequest,
    challenge: Challenge,
    *,
    wrong: WindowForm | None = None,
    phase: int = 0,
    moment: MilestoneForm | None = None,
) -> HttpResponse:
    now = database_now()
    phases = list(
        Phase.objects.filter(question__challenge=challenge).select_related("question").order_by("opens", "pk")
    )
    milestones = list(challenge.milestones.select_related("question"))
    batches = Batch.objects.filter(question__challenge=challenge).select_related("question").order_by("released_at")
    language = get_language() or "en"
    page = TimelinePage(
        challenge=challenge,
        moments=moments(phases, milestones, now),
        phases=[
            PhaseWindow(
                phase=row,
                title=phase_title(row),
                state=phase_state(row, now),
                form=wrong if wrong is not None and row.pk == phase else WindowForm.of(row),
                wrong=row.pk == phase,
            )
            for row in phases
        ],
        batches=[
            BatchMinute(
                batch=batch,
                out=batch.state == Batch.State.BUILT and batch.released_at <= now,
                form=ReleaseForm(initial={"released_at": batch.released_at}, auto_id=f"id_%s_{number}"),
            )
            for number, batch in enumerate(batches)
        ],
        own=[
            OwnMoment(milestone, localised(milestone.title, language) or milestone.key)
            for milestone in milestones
            if milestone.key.startswith(OWN_KEY)
        ],
        moment_form=moment or MilestoneForm(),
    )
    return render_page(request, "pages/timeline.html", page, status=422 if wrong or moment else 200)


@login_required
@require_POST
def reschedule(request: HttpRequest, challenge: str, pk: int) -> HttpResponse:
    """Moves the window of a phase."""
    challenge_row = organised_challenge(request.user, challenge)
    phase = get_object_or_404(
        Phase.objects.select_related("question__challenge"), pk=pk, question__challenge=challenge_row
    )
    form = WindowForm.of(phase, request.POST)
    if not form.is_valid():
        return _show(request, challenge_row, wrong=form, phase=phase.pk)
    with attempt(request, _("The window has been changed.")):
        reschedule_phase(phase=phase, actor=request.user, **form.cleaned_data)
    return redirect("pages:timeline", challenge_row.slug)


@login_required
@require_POST
def plan(request: HttpRequest, challenge: str) -> HttpResponse:
    """A new moment of the challenge, or one with the same title moved."""
    challenge_row = organised_challenge(request.user, challenge)
    form = MilestoneForm(request.POST)
    if not form.is_valid():
        return _show(request, challenge_row, moment=form)
    cleaned = form.cleaned_data
    key = OWN_KEY + re.sub(r"[^a-z0-9]+", "-", cleaned["title_en"].lower()).strip("-")[:40]
    plan_milestone(
        challenge=challenge_row,
        key=key,
        title={"en": cleaned["title_en"], "fr": cleaned["title_fr"] or cleaned["title_en"]},
        run_at=cleaned["run_at"],
    )
    messages.success(request, _("Added to the timeline."))
    return redirect("pages:timeline", challenge_row.slug)
