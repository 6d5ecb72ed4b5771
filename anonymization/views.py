"""The organiser's pages of reviews: what the platform is not sure of, looked at and decided with one key."""

from __future__ import annotations

import re

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from anonymization.api import send_look
from anonymization.decide import confirm_review, refuse_review
from anonymization.looking import looks_of, members_of
from anonymization.models import Review
from challenges.lookup import organised_challenge
from core.attempt import attempt
from core.vocabulary import stage_word
from core.words import say

PAGE = 50
ADVICE: dict[str, str | Promise] = {
    "burned_in_text": gettext_lazy(
        "Look for names, dates or numbers written into the picture. Confirm only if there are none."
    ),
    "residual_identifier": gettext_lazy("Look where it is said. Confirm only if it identifies nobody."),
    "duplicate_exam": gettext_lazy("Compare with the centre's other exams. Refuse it if it is the same patient's."),
}
ANY_ADVICE = gettext_lazy("Confirm if the exam may go on as it is; else refuse it with a note that its centre reads.")


@login_required
@require_safe
def reviews(request: HttpRequest, challenge: str) -> HttpResponse:
    """Open reviews first; decided ones on demand."""
    found = organised_challenge(request.user, challenge)
    state = request.GET.get("state", Review.State.OPEN)
    rows = Review.objects.visible_to(request.user).filter(exam__question__challenge=found)
    counts = rows.order_by().aggregate(
        open=Count("id", filter=Q(state=Review.State.OPEN)), decided=Count("id", filter=~Q(state=Review.State.OPEN))
    )
    rows = rows.filter(state=Review.State.OPEN) if state == Review.State.OPEN else rows.exclude(state=Review.State.OPEN)
    order = "opened_at" if state == Review.State.OPEN else "-decided_at"
    rows = rows.select_related("exam__question", "exam__centre", "decided_by").order_by(order, "pk")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "challenge": found,
        "counts": counts,
        "open": state == Review.State.OPEN,
        "page": page,
        "rows": [{"review": one, "stage": stage_word(one.stage), "points": _points(one)[:3]} for one in page],
    }
    return render(request, "anonymization/reviews.html", context)


def _shortened(where: str) -> str:
    """A file's new name is two long UIDs: people compare their last digits."""
    return re.sub(r"[0-9.]{20,}(/[0-9.]{20,})?", lambda found: "…" + found.group()[-6:], where)


def _points(review: Review) -> list[dict[str, str]]:
    """Every sentence once, with all its places."""
    places: dict[str, list[str]] = {}
    for point in review.points:
        said = say(point.get("template", ""), point.get("values")) or point["reason"]
        where = _shortened(str(point.get("where", "")))
        places.setdefault(said, []).extend([where] if where and where != "exam" else [])
    return [
        {"message": said, "where": ", ".join(where[:4]) + (" …" if len(where) > 4 else "")}
        for said, where in places.items()
    ]


def _visible(request: HttpRequest, pk: int) -> Review:
    rows = Review.objects.visible_to(request.user).select_related(
        "exam__question__challenge", "exam__centre", "decided_by"
    )
    return get_object_or_404(rows, pk=pk)


@login_required
@require_safe
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """The points in words and the pictures with their boxes; C or Enter confirms, R refuses."""
    found = _visible(request, pk)
    reasons = {point["reason"] for point in found.points}
    context = {
        "review": found,
        "exam": found.exam,
        "challenge": found.exam.question.challenge,
        "stage": stage_word(found.stage),
        "points": _points(found),
        "advice": [str(ADVICE[reason]) for reason in ADVICE if reason in reasons] or [str(ANY_ADVICE)],
        "looks": [
            {"number": one.number, "boxes": one.boxes, "name": _shortened(one.file)}
            for one in (looks_of(found, members_of(found)) if found.state == Review.State.OPEN else [])
        ],
        "undecided": found.state == Review.State.OPEN,
        "left": _open_in_turn(request, found).count(),
    }
    return render(request, "anonymization/review.html", context)


@login_required
@require_safe
def look(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """One picture of a review, as PNG."""
    return send_look(_visible(request, pk), number)


@login_required
@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """The exam goes on; the next review opens."""
    found = _visible(request, pk)
    with attempt(request, _("The exam goes on.")):
        confirm_review(review=found, actor=request.user, note=request.POST.get("note", ""))
    return _onward(request, found)


@login_required
@require_POST
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    """The exam is refused; its centre reads the note."""
    found = _visible(request, pk)
    with attempt(request, _("The exam is refused; its centre reads your note.")):
        refuse_review(review=found, actor=request.user, note=request.POST.get("note", ""))
    return _onward(request, found)


def _open_in_turn(request: HttpRequest, found: Review) -> QuerySet[Review]:
    challenge = found.exam.question.challenge_id
    rows = Review.objects.visible_to(request.user).filter(exam__question__challenge=challenge, state=Review.State.OPEN)
    return rows.exclude(pk=found.pk).order_by("opened_at", "pk")


def _onward(request: HttpRequest, found: Review) -> HttpResponse:
    found.refresh_from_db()
    if found.state == Review.State.OPEN:
        return redirect("anonymization:review", pk=found.pk)
    after = _open_in_turn(request, found).first()
    if after is not None:
        return redirect("anonymization:review", pk=after.pk)
    return redirect("anonymization:reviews", found.exam.question.challenge.slug)
