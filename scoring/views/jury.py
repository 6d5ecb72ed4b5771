"""The jury's pages: a queue of blind cases, and one case with its images side by side."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from challenges.charter import charter_in_force, has_signed
from challenges.frame import spec_of
from challenges.lookup import visible_question
from challenges.models import Challenge, Charter, Question
from core.pages import render_page
from core.storage import read_blob
from scoring.jury import begin_session, cases_in_order, finish_session, jury_of, mark, marked_cases
from scoring.models import JuryCase, JurySession
from scoring.permissions import is_juror


def _jury_question(request: HttpRequest, challenge: str, question: str) -> Question:
    """The question whose jury the person is in; for everybody else the page does not exist."""
    row = visible_question(request.user, f"{challenge}/{question}")
    if not is_juror(request.user, row) or spec_of(row).jury is None:
        raise Http404
    return row


def _session(request: HttpRequest, question: Question) -> JurySession | None:
    visible = JurySession.objects.visible_to(request.user).select_related("question__challenge")
    return visible.filter(question=question).first()


@dataclass(frozen=True)
class QueuedCase:
    """A case in the juror's order, from 1, and whether it has its marks."""

    number: int
    case: JuryCase
    marked: bool


@dataclass(frozen=True)
class JuryPage:
    """`ready`: the cases are chosen; `must_sign`: the jurors' charter is not signed yet."""

    challenge: Challenge
    question: Question
    session: JurySession | None
    cases: Sequence[QueuedCase]
    marked: int
    next: QueuedCase | None
    ready: bool
    criteria: Sequence[str]
    must_sign: bool


@login_required
@require_safe
def queue(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """Where the juror stands: begin, go on, or finish."""
    row = _jury_question(request, challenge, question)
    session, jury = _session(request, row), jury_of(row)
    done = marked_cases(session) if session else set()
    cases = [
        QueuedCase(number, case, case.pk in done)
        for number, case in enumerate(cases_in_order(session) if session else [], start=1)
    ]
    charter = charter_in_force(row.challenge, Charter.Audience.JUROR)
    language = get_language() or "en"
    page = JuryPage(
        challenge=row.challenge,
        question=row,
        session=session,
        cases=cases,
        marked=len(done),
        next=next((case for case in cases if not case.marked), None),
        ready=row.jury_cases.exists(),
        criteria=[criterion.title.says(language) for criterion in jury.criteria],
        must_sign=charter is not None and not has_signed(request.user, row.challenge, Charter.Audience.JUROR),
    )
    return render_page(request, "scoring/jury.html", page)


@login_required
@require_POST
def begin(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    row = _jury_question(request, challenge, question)
    begin_session(question=row, juror=request.user)
    return redirect("scoring:jury", challenge, question)


@login_required
@require_POST
def finish(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    row = _jury_question(request, challenge, question)
    session = _session(request, row)
    if session is None:
        raise Http404
    finish_session(session=session, actor=request.user)
    messages.success(request, _("Thank you: your marks are final."))
    return redirect("scoring:jury", challenge, question)


def _visible_case(request: HttpRequest, case: UUID) -> tuple[JurySession, JuryCase]:
    """A case of a jury that the person has begun; any other does not exist."""
    row = JuryCase.objects.filter(pk=case).select_related("question__challenge", "submission__team").first()
    session = _session(request, row.question) if row else None
    if row is None or session is None:
        raise Http404
    return session, row


@dataclass(frozen=True)
class CaseImage:
    """An image of a case: the id of its element, its title and where the viewer reads it."""

    id: str
    title: str
    url: str


@dataclass(frozen=True)
class CriterionMark:
    """A criterion and the juror's mark; empty where there is none yet."""

    name: str
    title: str
    value: int | str


@dataclass(frozen=True)
class JuryCasePage:
    """One case of `total`; `team` is empty where the jury is blind. `marks` are titles and marks."""

    question: Question
    challenge: Challenge
    session: JurySession
    team: str
    number: int
    total: int
    images: Sequence[CaseImage]
    criteria: Sequence[CriterionMark]
    previous: JuryCase | None
    next: JuryCase | None
    marks: Sequence[tuple[str, int | None]]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def case(request: HttpRequest, case: UUID) -> HttpResponse:
    """The images of one case and its marks. Saving goes on to the next case that has none."""
    session, row = _visible_case(request, case)
    spec = spec_of(row.question)
    jury = jury_of(row.question)
    if request.method == "POST":
        marks_given = {criterion.name: _mark(request.POST.get(criterion.name)) for criterion in jury.criteria}
        mark(session=session, case=row, marks=marks_given)
        return _go_on(session, row)
    order = cases_in_order(session)
    place = [case.pk for case in order].index(row.pk)
    marks = dict(session.marks.filter(case=row).values_list("criterion", "mark"))
    language = get_language() or "en"
    names = spec.submission.generated.images if spec.submission.generated else ()
    titles = [spec.data.images[name].title.says(language) if name in spec.data.images else name for name in names]
    address = reverse("scoring:jury_volume", args=[row.pk])
    page = JuryCasePage(
        question=row.question,
        challenge=row.question.challenge,
        session=session,
        team="" if jury.blind or row.submission is None else row.submission.team.name,
        number=place + 1,
        total=len(order),
        images=[CaseImage(f"image-{n}", title, f"{address}?image={n}") for n, title in enumerate(titles)],
        criteria=[
            CriterionMark(criterion.name, criterion.title.says(language), marks.get(criterion.name, ""))
            for criterion in jury.criteria
        ],
        previous=order[place - 1] if place else None,
        next=order[place + 1] if place + 1 < len(order) else None,
        marks=[(criterion.title.says(language), marks.get(criterion.name)) for criterion in jury.criteria],
    )
    return render_page(request, "scoring/jury_case.html", page)


def _mark(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 4 else None


def _go_on(session: JurySession, after: JuryCase) -> HttpResponse:
    """To the next unmarked case in the juror's order, past the end from its beginning; else to the queue."""
    done, order = marked_cases(session), cases_in_order(session)
    place = [case.pk for case in order].index(after.pk)
    for following in [*order[place + 1 :], *order[:place]]:
        if following.pk not in done:
            return redirect("scoring:jury_case", following.pk)
    return redirect("scoring:jury", session.question.challenge.slug, session.question.slug)


@login_required
@require_safe
def volume(request: HttpRequest, case: UUID) -> HttpResponse:
    """One image of a case as the viewer reads it: int16, one slice, 0 to 255."""
    _own, row = _visible_case(request, case)
    images = np.load(io.BytesIO(read_blob("submissions", row.images_key)), allow_pickle=False)
    wished = _mark(request.GET.get("image", "0"))
    if wished is None or wished >= len(images):
        raise Http404
    image = np.ascontiguousarray(images[wished], dtype="<i2")
    return HttpResponse(
        image.tobytes(),
        content_type="application/octet-stream",
        headers={
            "X-Shape": f"1,{image.shape[0]},{image.shape[1]}",
            "X-Spacing": "1,1,1",
            "X-Window": "127.5,255",
            "Cache-Control": "private, no-store",
        },
    )
