"""The jury's pages: a queue of blind cases, and one case with its images side by side."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from challenges.charter import charter_in_force, has_signed
from challenges.frame import spec_of
from challenges.lookup import visible_question
from challenges.models import Charter, Question
from core.storage import read_blob
from scoring.jury import begin_session, cases_in_order, finish_session, jury_of, mark, marked_cases
from scoring.models import JuryCase, JurySession
from scoring.permissions import is_juror


def _jury_question(request: HttpRequest, challenge: str, question: str) -> Question:
    """The question whose jury the person is in; for everybody else the page does not exist."""
    found = visible_question(request.user, f"{challenge}/{question}")
    if not is_juror(request.user, found) or spec_of(found).jury is None:
        raise Http404
    return found


def _session(request: HttpRequest, question: Question) -> JurySession | None:
    visible = JurySession.objects.visible_to(request.user).select_related("question__challenge")
    return visible.filter(question=question).first()


@login_required
@require_safe
def queue(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """Where the juror stands: begin, go on, or finish."""
    found = _jury_question(request, challenge, question)
    session, jury = _session(request, found), jury_of(found)
    done = marked_cases(session) if session else set()
    cases = [
        {"number": number, "case": case, "marked": case.pk in done}
        for number, case in enumerate(cases_in_order(session) if session else [], start=1)
    ]
    charter = charter_in_force(found.challenge, Charter.Audience.JUROR)
    language = get_language() or "en"
    context = {
        "challenge": found.challenge,
        "question": found,
        "session": session,
        "cases": cases,
        "marked": len(done),
        "next": next((one for one in cases if not one["marked"]), None),
        "ready": found.jury_cases.exists(),
        "criteria": [one.title.says(language) for one in jury.criteria],
        "must_sign": charter is not None and not has_signed(request.user, found.challenge, Charter.Audience.JUROR),
    }
    return render(request, "scoring/jury.html", context)


@login_required
@require_POST
def begin(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    found = _jury_question(request, challenge, question)
    begin_session(question=found, juror=request.user)
    return redirect("scoring:jury", challenge, question)


@login_required
@require_POST
def finish(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    found = _jury_question(request, challenge, question)
    session = _session(request, found)
    if session is None:
        raise Http404
    finish_session(session=session, actor=request.user)
    messages.success(request, _("Thank you: your marks are final."))
    return redirect("scoring:jury", challenge, question)


def _visible_case(request: HttpRequest, case: Any) -> tuple[JurySession, JuryCase]:
    """A case of a jury that the person has begun; any other does not exist."""
    found = JuryCase.objects.filter(pk=case).select_related("question__challenge").first()
    session = _session(request, found.question) if found else None
    if found is None or session is None:
        raise Http404
    return session, found


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def case(request: HttpRequest, case: Any) -> HttpResponse:
    """The images of one case and its marks. Saving goes on to the next case that has none."""
    session, found = _visible_case(request, case)
    spec = spec_of(found.question)
    jury = jury_of(found.question)
    if request.method == "POST":
        given = {one.name: _mark(request.POST.get(one.name)) for one in jury.criteria}
        mark(session=session, case=found, marks=given)
        return _go_on(session, found)
    order = cases_in_order(session)
    place = [one.pk for one in order].index(found.pk)
    marks = dict(session.marks.filter(case=found).values_list("criterion", "mark"))
    language = get_language() or "en"
    names = spec.submission.generated.images if spec.submission.generated else ()
    titles = [spec.data.images[name].title.says(language) if name in spec.data.images else name for name in names]
    address = reverse("scoring:jury_volume", args=[found.pk])
    context = {
        "question": found.question,
        "challenge": found.question.challenge,
        "session": session,
        "number": place + 1,
        "total": len(order),
        "images": [
            {"id": f"image-{n}", "title": title, "url": f"{address}?image={n}"} for n, title in enumerate(titles)
        ],
        "criteria": [
            {"name": one.name, "title": one.title.says(language), "value": marks.get(one.name, "")}
            for one in jury.criteria
        ],
        "previous": order[place - 1] if place else None,
        "next": order[place + 1] if place + 1 < len(order) else None,
        "marks": [(one.title.says(language), marks.get(one.name)) for one in jury.criteria],
    }
    return render(request, "scoring/jury_case.html", context)


def _mark(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 4 else None


def _go_on(session: JurySession, after: JuryCase) -> HttpResponse:
    """To the next unmarked case in the juror's order, past the end from its beginning; else to the queue."""
    done, order = marked_cases(session), cases_in_order(session)
    place = [one.pk for one in order].index(after.pk)
    for one in [*order[place + 1 :], *order[:place]]:
        if one.pk not in done:
            return redirect("scoring:jury_case", one.pk)
    return redirect("scoring:jury", session.question.challenge.slug, session.question.slug)


@login_required
@require_safe
def volume(request: HttpRequest, case: Any) -> HttpResponse:
    """One image of a case as the viewer reads it: int16, one slice, 0 to 255."""
    _own, found = _visible_case(request, case)
    images = np.load(io.BytesIO(read_blob("submissions", found.images_key)), allow_pickle=False)
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
