"""The radiologist's pages: my queue, one reading; and for organisers, how far readers agree and where a person must decide."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from challenges.charter import has_signed
from challenges.frame import spec_of
from challenges.lookup import organised_question
from challenges.models import Charter
from challenges.question_words import column_words, unit_words
from core.attempt import attempt
from core.errors import StepError
from grading.agreement import KAPPA_WANTED, agreement_of
from grading.api import send_picture
from grading.grade import cannot_judge, grade_reading, open_reading, reopen_reading
from grading.models import Reading
from grading.pictures import mask_field, picture_of
from grading.queues import next_reading, queues_of
from grading.settle import SCALE, awaiting_adjudication, decide_grade
from uploads.models import Exam

RECENT = 25


@login_required
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """What waits for me, question by question, and what I decided lately."""
    queues = [{"queue": one, "next": next_reading(request.user, one.question)} for one in queues_of(request.user)]
    decided = (
        Reading.objects.visible_to(request.user)
        .filter(state__in=[Reading.State.GRADED, Reading.State.CANNOT_JUDGE])
        .select_related("exam__question__challenge")
        .order_by("-graded_at", "pk")
    )
    page = Paginator(decided, RECENT).get_page(request.GET.get("page"))
    return render(request, "grading/queue.html", {"queues": queues, "page": page, "undo": _undoable(request)})


def own_reading(request: HttpRequest, pk: UUID) -> Reading:
    """One's own reading, else 404."""
    rows = Reading.objects.visible_to(request.user).select_related("exam__question__challenge")
    return get_object_or_404(rows, pk=pk)


@login_required
@require_safe
def reading(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One exam, blind: its images, mask and values, and the grade. Nothing of the centre, its number or its other readers."""
    found = own_reading(request, pk)
    question = found.exam.question
    if not has_signed(request.user, question.challenge, Charter.Audience.READER):
        return render(request, "grading/unsigned.html", {"challenge": question.challenge})
    spec = spec_of(question)
    language = get_language() or "en"
    after = next_reading(request.user, question, found)
    own = Reading.objects.visible_to(request.user).filter(exam__question=question)
    waiting = own.filter(state=Reading.State.WAITING).count()
    total = own.exclude(state=Reading.State.CANCELLED).count()
    images = [
        {
            "name": image.name,
            "label": capfirst(image.title.says(language)),
            "volume": _address("grading:volume", found, image.name),
            "mask": _address("grading:mask", found, image.name) if mask_field(spec, image.name) else "",
            "modality": image.modality[0] if len(image.modality) == 1 else "",
        }
        for image in spec.data.images.values()
    ]
    context = {
        "undo": _undoable(request),
        "reading": found,
        "question": question,
        "challenge": question.challenge,
        "images": images,
        "values": _values(found.exam, language),
        "waiting": waiting,
        "total": total,
        "place": total - waiting + (1 if found.state == Reading.State.WAITING else 0),
        "kept": spec.grading.kept,
        "next_url": reverse("grading:reading", args=[after.pk]) if after else reverse("grading:queue"),
        "next_volume": _address("grading:volume", after, images[0]["name"]) if after and images else "",
    }
    return render(request, "grading/reading.html", context)


def _address(name: str, reading: Reading, image: str) -> str:
    return f"{reverse(name, args=[reading.pk])}?image={image}"


def _values(exam: Exam, language: str) -> list[dict[str, Any]]:
    """What the centre said of the exam beside its masks: single values and lists."""
    fields = spec_of(exam.question).data.fields
    rows = []
    for annotation in exam.annotations.filter(is_chosen=True, blob_key="").order_by("field"):
        field = fields.get(annotation.field)
        if field is None or annotation.value in (None, "", []):
            continue
        listed = annotation.value if isinstance(annotation.value, list) else []
        columns = [name for name in field.columns if any(name in row for row in listed if isinstance(row, dict))]
        rows.append(
            {
                "title": field.title.says(language),
                "unit": unit_words(field.unit),
                "value": annotation.value,
                "columns": [column_words(field.columns[name]) for name in columns],
                "rows": [[row.get(name, "") for name in columns] for row in listed if isinstance(row, dict)],
            }
        )
    return rows


@login_required
@require_safe
def volume(request: HttpRequest, pk: UUID) -> FileResponse | HttpResponse:
    """The exam's image for the viewer: raw int16."""
    found = own_reading(request, pk)
    if not has_signed(request.user, found.exam.question.challenge, Charter.Audience.READER):
        return HttpResponse(status=403)
    try:
        picture = picture_of(found.exam, request.GET.get("image", ""))
    except StepError as error:
        return HttpResponse(error.words(), status=409, content_type="text/plain; charset=utf-8")
    return send_picture(picture.volume, picture.headers())


@login_required
@require_safe
def mask(request: HttpRequest, pk: UUID) -> FileResponse | HttpResponse:
    """The mask on the same grid: raw uint8; 404 where there is none."""
    found = own_reading(request, pk)
    if not has_signed(request.user, found.exam.question.challenge, Charter.Audience.READER):
        return HttpResponse(status=403)
    try:
        picture = picture_of(found.exam, request.GET.get("image", ""))
    except StepError as error:
        return HttpResponse(error.words(), status=409, content_type="text/plain; charset=utf-8")
    return send_picture(picture.mask, picture.headers())


@login_required
@require_POST
def opened(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The exam is on the reader's screen: said by the page itself, so that fetching ahead does not count."""
    open_reading(reading=own_reading(request, pk))
    return HttpResponse(status=204)


@login_required
@require_POST
def grade(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Saves the grade at once and goes to the next exam; the message there can take it back."""
    found = own_reading(request, pk)
    letter = request.POST.get("grade", "")
    try:
        grade_reading(reading=found, grade=letter, comment=request.POST.get("comment", ""), actor=request.user)
    except StepError as error:
        messages.error(request, error.words())
        return redirect("grading:reading", pk=found.pk)
    return _onward(request, found, gettext("Saved: grade %(letter)s.") % {"letter": letter})


@login_required
@require_POST
def judge_not(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The reader cannot judge this exam and says why."""
    found = own_reading(request, pk)
    try:
        cannot_judge(reading=found, comment=request.POST.get("comment", ""), actor=request.user)
    except StepError as error:
        messages.error(request, error.words())
        return redirect("grading:reading", pk=found.pk)
    return _onward(request, found, gettext("Saved: cannot be judged."))


def _onward(request: HttpRequest, found: Reading, said: str) -> HttpResponse:
    request.session["undo_reading"] = {"pk": str(found.pk), "said": said}
    after = next_reading(request.user, found.exam.question, found)
    return redirect("grading:reading", pk=after.pk) if after else redirect("grading:queue")


def _undoable(request: HttpRequest) -> dict[str, str] | None:
    """What was decided a moment ago, offered once; later it stands in the list of the queue's page."""
    found: dict[str, str] | None = request.session.pop("undo_reading", None)
    return found


@login_required
@require_POST
def undo(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Takes the own decision back and shows the exam again."""
    found = own_reading(request, pk)
    with attempt(request, _("Taken back. The exam waits for your grade again.")):
        reopen_reading(reading=found, actor=request.user)
    return redirect("grading:reading", pk=found.pk)


@login_required
@require_safe
def agreement(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """For organisers: kappas, the spread of grades, and the exams that wait for a decision."""
    found = organised_question(request.user, f"{challenge}/{question}")
    measured = agreement_of(found)
    ids = {reader for pair in measured["pairs"] for reader in pair["readers"]}
    names = {user.pk: str(user) for user in get_user_model().objects.filter(pk__in=ids)}
    waiting = awaiting_adjudication(found.exams.select_related("centre"))
    readers = dict.fromkeys(reading.reader_id for exam in waiting for reading in exam.readings.all())
    names |= {user.pk: str(user) for user in get_user_model().objects.filter(pk__in=list(readers))}
    page = Paginator(waiting, RECENT).get_page(request.GET.get("page"))
    context = {
        "challenge": found.challenge,
        "question": found,
        "measured": measured,
        "pairs": [
            {
                **pair,
                "names": [names.get(reader, "–") for reader in pair["readers"]],
                "share": round(100 * pair["same"]),
            }
            for pair in measured["pairs"]
        ],
        "spread": [{"grade": letter, "count": count} for letter, count in measured["distribution"].items()],
        "wanted": KAPPA_WANTED,
        "scale": SCALE,
        "page": page,
        "waiting": [
            {
                "exam": exam,
                "readings": [
                    {"reading": one, "reader": names.get(one.reader_id, "–")}
                    for one in exam.readings.all()
                    if one.state in (Reading.State.GRADED, Reading.State.CANNOT_JUDGE)
                ],
            }
            for exam in page.object_list
        ],
    }
    return render(request, "grading/agreement.html", context)


@login_required
@require_POST
def adjudicate(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """The organiser's grade of one exam, which is in force."""
    found = organised_question(request.user, f"{challenge}/{question}")
    exam = get_object_or_404(found.exams, pk=_uuid(request.POST.get("exam", "")))
    with attempt(request, _("The grade is in force.")):
        decide_grade(
            exam=exam,
            grade=request.POST.get("grade", ""),
            method="adjudicator",
            actor=request.user,
            note=request.POST.get("note", ""),
        )
    return redirect("grading:agreement", challenge, question)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
