"""The organiser's first page: every stage of every question, what is stuck, and the switch of the whole challenge."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from challenges.frame import close_challenge, open_challenge, spec_of
from challenges.lookup import organised_challenge
from challenges.models import Challenge, Question, Team
from core.attempt import attempt
from core.models import AuditRecord, Work
from pages.queue import stuck
from pages.stages import lines_of, tally, work_counts

SHOWN = 5


@login_required
@require_safe
def console(request: HttpRequest, challenge: str) -> HttpResponse:
    """Counts of all stages by question, and what needs a person."""
    found = organised_challenge(request.user, challenge)
    return render(request, "pages/console.html", _context(found))


@login_required
@require_safe
def counts(request: HttpRequest, challenge: str) -> HttpResponse:
    """Fragment: the counts again, every few seconds."""
    found = organised_challenge(request.user, challenge)
    return render(request, "pages/console_counts.html", _context(found))


def _context(found: Challenge) -> dict[str, Any]:
    counted = tally(found)
    questions = list(found.questions.all())
    work = work_counts(found)
    rows = Work.objects.filter(challenge_id=found.pk)
    troubles = list(rows.filter(state=Work.State.FAILED).order_by("-finished_at")[:SHOWN])
    troubles += list(rows.filter(stuck()).order_by("run_at")[:SHOWN])
    reviews = sum(one.get("open", 0) for one in counted.reviews.values())
    applied = found.teams.filter(state=Team.State.APPLIED).count()
    panels = []
    for question in questions:
        target = spec_of(question).target
        panels.append(
            {
                "question": question,
                "stages": lines_of(question, counted, _links(found, question)),
                "wanted": target.with_margin if target else None,
                "included": sum(
                    counted.exams.get(question.pk, {}).get(one, 0) for one in ("accepted", "kept", "dropped")
                ),
            }
        )
    return {
        "challenge": found,
        "panels": panels,
        "troubles": troubles,
        "recent": AuditRecord.objects.filter(challenge_id=found.pk).select_related("actor").order_by("-id")[:SHOWN],
        "tiles": [
            _tile(_("Reviews"), reviews, "eye", "warn" if reviews else "", reverse("anonymization:reviews", args=[found.slug])),
            _tile(
                _("Teams to approve"), applied, "people", "warn" if applied else "",
                reverse("pages:people", args=[found.slug]),
            ),
            _tile(
                _("Work that failed"), work["failed"], "exclamation-triangle", "bad" if work["failed"] else "",
                reverse("pages:work", args=[found.slug]) + "?state=failed",
            ),
            _tile(
                _("Stuck work"), work["stuck"], "hourglass-split", "warn" if work["stuck"] else "",
                reverse("pages:work", args=[found.slug]) + "?state=stuck",
            ),
            _tile(
                _("Work under way"), work["waiting"] + work["running"], "arrow-repeat", "",
                reverse("pages:work", args=[found.slug]) + "?state=waiting",
            ),
        ],
    }  # fmt: skip


def _tile(label: str, value: int, icon: str, tone: str, url: str) -> dict[str, Any]:
    return {"label": label, "value": value, "icon": icon, "tone": tone, "url": url}


def _links(challenge: Challenge, question: Question) -> dict[int, str]:
    """The page on which each stage is looked after."""
    both = [challenge.slug, question.slug]
    exams, sets, results = (
        reverse("uploads:exams", args=both),
        reverse("pages:sets", args=both),
        reverse("pages:results", args=both),
    )
    return {
        1: exams,
        2: exams + "?state=received",
        3: reverse("anonymization:reviews", args=[challenge.slug]),
        4: reverse("grading:agreement", args=both),
        5: sets,
        6: sets,
        7: results,
        8: results,
        9: results,
        10: results,
    }


@login_required
@require_POST
def open_(request: HttpRequest, challenge: str) -> HttpResponse:
    """Makes the challenge public."""
    found = organised_challenge(request.user, challenge)
    with attempt(request, _("The challenge is open: everybody can see it.")):
        open_challenge(challenge=found, actor=request.user)
    return redirect("pages:console", found.slug)


@login_required
@require_POST
def close(request: HttpRequest, challenge: str) -> HttpResponse:
    """Ends the challenge; its pages stay."""
    found = organised_challenge(request.user, challenge)
    with attempt(request, _("The challenge is closed; its pages stay.")):
        close_challenge(challenge=found, actor=request.user, reason=request.POST.get("reason", ""))
    return redirect("pages:console", found.slug)
