"""The radiologist's pages: my queue and one reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from challenges.charter import has_signed
from challenges.frame import spec_of
from challenges.models import Challenge, Charter, Question
from challenges.question_words import column_words, unit_words
from challenges.unsigned import render_unsigned
from core.attempt import attempt
from core.errors import StepError
from core.for_page import refusal_text
from core.pages import render_page
from grading.api import send_picture
from grading.grade import cannot_judge, grade_reading, open_reading, reopen_reading
from grading.models import Reading
from grading.pictures import ViewedImage, picture_of, viewed_images
from grading.queues import Queue, next_reading, queues_of
from grading.words import grades_in_words
from uploads.models import Exam

RECENT = 25


@dataclass(frozen=True)
class SavedDecision:
    """A decision of a moment ago, which its message can take back."""

    pk: str
    message: str


@dataclass(frozen=True)
class QueueRow:
    """A question of the reader with the exam that comes next."""

    queue: Queue
    next: Reading | None


@dataclass(frozen=True)
class QueuePage:
    queues: list[QueueRow]
    page: Page[Reading]
    undo: SavedDecision | None


@dataclass(frozen=True)
class EnteredValue:
    """What the centre entered beside the images: a single value with its unit, or a list as columns and rows."""

    title: str
    unit: str
    value: Any
    columns: list[str]
    rows: list[list[Any]]


@dataclass(frozen=True)
class ReadingPage:
    """`place` of `total` exams; `kept`: the grades that are released. `next_*`: where the reader goes after this exam."""

    undo: SavedDecision | None
    reading: Reading
    question: Question
    challenge: Challenge
    images: list[ViewedImage]
    values: list[EnteredValue]
    waiting: int
    total: int
    place: int
    included_grades: Sequence[str]
    grades: list[tuple[str, str]]
    next_url: str
    next_volume: str


@login_required
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """What waits for me, question by question, and what I decided lately."""
    queues = [QueueRow(row, next_reading(request.user, row.question)) for row in queues_of(request.user)]
    decided = (
        Reading.objects.visible_to(request.user)
        .filter(state__in=[Reading.State.GRADED, Reading.State.CANNOT_JUDGE])
        .select_related("exam__question__challenge")
        .order_by("-graded_at", "pk")
    )
    page = Paginator(decided, RECENT).get_page(request.GET.get("page"))
    return render_page(request, "grading/queue.html", QueuePage(queues, page, _undoable(request)))


def own_reading(request: HttpRequest, pk: UUID) -> Reading:
    """One's own reading, else 404."""
    rows = Reading.objects.visible_to(request.user).select_related("exam__question__challenge")
    return get_object_or_404(rows, pk=pk)


@login_required
@require_safe
def reading(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One exam, blind: its images, mask and values, and the grade. Nothing of the centre, its number or its other readers."""
    reading_row = own_reading(request, pk)
    question = reading_row.exam.question
    if not has_signed(request.user, question.challenge, Charter.Audience.READER):
        return render_unsigned(request, question.challenge)
    spec = spec_of(question)
    language = get_language() or "en"
    after = next_reading(request.user, question, reading_row)
    own = Reading.objects.visible_to(request.user).filter(exam__question=question)
    waiting = own.filter(state=Reading.State.WAITING).count()
    total = own.exclude(state=Reading.State.CANCELLED).count()
    images = viewed_images(
        spec,
        language,
        volume=reverse("grading:volume", args=[reading_row.pk]),
        mask=reverse("grading:mask", args=[reading_row.pk]),
    )
    after_volume = reverse("grading:volume", args=[after.pk]) if after else ""
    page = ReadingPage(
        undo=_undoable(request),
        reading=reading_row,
        question=question,
        challenge=question.challenge,
        images=images,
        values=_values(reading_row.exam, language),
        waiting=waiting,
        total=total,
        place=total - waiting + (1 if reading_row.state == Reading.State.WAITING else 0),
        included_grades=spec.grading.kept,
        grades=grades_in_words(spec.grading.scale),
        next_url=reverse("grading:reading", args=[after.pk]) if after else reverse("grading:queue"),
        next_volume=f"{after_volume}?image={images[0].name}" if after and images else "",
    )
    return render_page(request, "grading/reading.html", page)


def _values(exam: Exam, language: str) -> list[EnteredValue]:
    """What the centre said of the exam beside its masks: single values and lists."""
    fields = spec_of(exam.question).data.fields
    values = []
    for annotation in exam.annotations.filter(is_chosen=True, blob_key="").order_by("field"):
        field = fields.get(annotation.field)
        if field is None or annotation.value in (None, "", []):
            continue
        listed = annotation.value if isinstance(annotation.value, list) else []
        columns = [name for name in field.columns if any(name in row for row in listed if isinstance(row, dict))]
        values.append(
            EnteredValue(
                title=field.title.says(language),
                unit=unit_words(field.unit),
                value=annotation.value,
                columns=[column_words(field.columns[name]) for name in columns],
                rows=[[row.get(name, "") for name in columns] for row in listed if isinstance(row, dict)],
            )
        )
    return values


@login_required
@require_safe
def volume(request: HttpRequest, pk: UUID) -> FileResponse | HttpResponse:
    """The exam's image for the viewer: raw int16."""
    reading_row = own_reading(request, pk)
    if not has_signed(request.user, reading_row.exam.question.challenge, Charter.Audience.READER):
        return HttpResponse(status=403)
    try:
        picture = picture_of(reading_row.exam, request.GET.get("image", ""))
    except StepError as error:
        return refusal_text(error)
    return send_picture(picture.volume, picture.headers())


@login_required
@require_safe
def mask(request: HttpRequest, pk: UUID) -> FileResponse | HttpResponse:
    """The mask on the same grid: raw uint8; 404 where there is none, 409 with words where there is one that cannot be drawn."""
    reading_row = own_reading(request, pk)
    if not has_signed(request.user, reading_row.exam.question.challenge, Charter.Audience.READER):
        return HttpResponse(status=403)
    try:
        picture = picture_of(reading_row.exam, request.GET.get("image", ""))
        drawn = picture.require_mask()
    except StepError as error:
        return refusal_text(error)
    return send_picture(drawn, picture.headers())


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
    reading_row = own_reading(request, pk)
    letter = request.POST.get("grade", "")
    try:
        grade_reading(reading=reading_row, grade=letter, comment=request.POST.get("comment", ""), actor=request.user)
    except StepError as error:
        messages.error(request, error.words())
        return redirect("grading:reading", pk=reading_row.pk)
    return _onward(request, reading_row, gettext("Saved: grade %(letter)s.") % {"letter": letter})


@login_required
@require_POST
def judge_not(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The reader cannot judge this exam and says why."""
    reading_row = own_reading(request, pk)
    try:
        cannot_judge(reading=reading_row, comment=request.POST.get("comment", ""), actor=request.user)
    except StepError as error:
        messages.error(request, error.words())
        return redirect("grading:reading", pk=reading_row.pk)
    return _onward(request, reading_row, gettext("Saved: cannot be judged."))


def _onward(request: HttpRequest, decided: Reading, message: str) -> HttpResponse:
    request.session["undo_reading"] = {"pk": str(decided.pk), "message": message}
    after = next_reading(request.user, decided.exam.question, decided)
    return redirect("grading:reading", pk=after.pk) if after else redirect("grading:queue")


def _undoable(request: HttpRequest) -> SavedDecision | None:
    """What was decided a moment ago, offered once; later it stands in the list of the queue's page."""
    saved = request.session.pop("undo_reading", None)
    return SavedDecision(saved["pk"], saved.get("message", "")) if saved else None


@login_required
@require_POST
def undo(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Takes the own decision back and shows the exam again."""
    reading_row = own_reading(request, pk)
    with attempt(request, _("Undone. The exam waits for your grade again.")):
        reopen_reading(reading=reading_row, actor=request.user)
    return redirect("grading:reading", pk=reading_row.pk)
