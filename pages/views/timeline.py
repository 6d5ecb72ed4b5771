"""The organiser's timeline: windows of phases, minutes of batches, moments of the challenge; each can be moved with a reason."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from batches.models import Batch
from challenges.frame import plan_milestone, reschedule_phase
from challenges.lookup import organised_challenge
from challenges.models import Challenge, Phase
from challenges.timeline import moments, phase_state, phase_title
from core.attempt import attempt
from core.clock import database_now
from core.words import localised
from pages.forms import MilestoneForm, ReleaseForm, WindowForm

OWN_KEY = "moment:"


@login_required
@require_safe
def timeline(request: HttpRequest, challenge: str) -> HttpResponse:
    """Everything that has a minute."""
    found = organised_challenge(request.user, challenge)
    return _show(request, found)


def _show(
    request: HttpRequest,
    found: Challenge,
    *,
    wrong: WindowForm | None = None,
    phase: int = 0,
    moment: MilestoneForm | None = None,
) -> HttpResponse:
    now = database_now()
    phases = list(Phase.objects.filter(question__challenge=found).select_related("question").order_by("opens", "pk"))
    milestones = list(found.milestones.select_related("question"))
    batches = Batch.objects.filter(question__challenge=found).select_related("question").order_by("released_at")
    language = get_language() or "en"
    context: dict[str, Any] = {
        "challenge": found,
        "moments": moments(phases, milestones, now),
        "phases": [
            {
                "phase": one,
                "title": phase_title(one),
                "state": phase_state(one, now),
                "form": wrong if wrong is not None and one.pk == phase else WindowForm.of(one),
                "wrong": one.pk == phase,
            }
            for one in phases
        ],
        "batches": [
            {
                "batch": one,
                "out": one.state == Batch.State.BUILT and one.released_at <= now,
                "form": ReleaseForm(initial={"released_at": one.released_at}, auto_id=f"id_%s_{number}"),
            }
            for number, one in enumerate(batches)
        ],
        "own": [
            {"row": one, "title": localised(one.title, language) or one.key}
            for one in milestones
            if one.key.startswith(OWN_KEY)
        ],
        "moment_form": moment or MilestoneForm(),
        "back": "timeline",
    }
    return render(request, "pages/timeline.html", context, status=422 if wrong or moment else 200)


@login_required
@require_POST
def reschedule(request: HttpRequest, challenge: str, pk: int) -> HttpResponse:
    """Moves the window of a phase."""
    found = organised_challenge(request.user, challenge)
    phase = get_object_or_404(Phase.objects.select_related("question__challenge"), pk=pk, question__challenge=found)
    form = WindowForm.of(phase, request.POST)
    if not form.is_valid():
        return _show(request, found, wrong=form, phase=phase.pk)
    with attempt(request, _("The window is moved.")):
        reschedule_phase(phase=phase, actor=request.user, **form.cleaned_data)
    return redirect("pages:timeline", found.slug)


@login_required
@require_POST
def plan(request: HttpRequest, challenge: str) -> HttpResponse:
    """A new moment of the challenge, or one with the same title moved."""
    found = organised_challenge(request.user, challenge)
    form = MilestoneForm(request.POST)
    if not form.is_valid():
        return _show(request, found, moment=form)
    said = form.cleaned_data
    key = OWN_KEY + re.sub(r"[^a-z0-9]+", "-", said["title_en"].lower()).strip("-")[:40]
    plan_milestone(
        challenge=found,
        key=key,
        title={"en": said["title_en"], "fr": said["title_fr"] or said["title_en"]},
        run_at=said["run_at"],
    )
    messages.success(request, _("It stands on the timeline."))
    return redirect("pages:timeline", found.slug)
