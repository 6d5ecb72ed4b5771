"""The images of one exam in the viewer, for its centre and the organisers: the same pictures that readers see."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from challenges.frame import spec_of
from challenges.models import Challenge, Question
from core.errors import StepError
from core.for_page import refusal_text
from core.pages import render_page
from grading.api import send_picture
from grading.pictures import ViewedImage, picture_of, viewed_images
from uploads.models import Exam


@dataclass(frozen=True)
class ExamImagesPage:
    exam: Exam
    question: Question
    challenge: Challenge
    images: list[ViewedImage]


def _exam(request: HttpRequest, pk: UUID) -> Exam:
    exams = Exam.objects.visible_to(request.user).select_related("question__challenge", "centre")
    return get_object_or_404(exams, pk=pk)


@login_required
@require_safe
def exam_images(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The exam's images with their masks."""
    exam = _exam(request, pk)
    images = viewed_images(
        spec_of(exam.question),
        get_language() or "en",
        volume=reverse("grading:exam_volume", args=[exam.pk]),
        mask=reverse("grading:exam_mask", args=[exam.pk]),
    )
    page = ExamImagesPage(exam, exam.question, exam.question.challenge, images)
    return render_page(request, "grading/exam_images.html", page)


@login_required
@require_safe
def exam_volume(request: HttpRequest, pk: UUID) -> FileResponse | HttpResponse:
    """An image of the exam for the viewer: raw int16; 409 with words where there is none to draw."""
    try:
        picture = picture_of(_exam(request, pk), request.GET.get("image", ""))
    except StepError as error:
        return refusal_text(error)
    return send_picture(picture.volume, picture.headers())


@login_required
@require_safe
def exam_mask(request: HttpRequest, pk: UUID) -> FileResponse | HttpResponse:
    """The mask on the same grid: raw uint8; 409 with words where there is none that can be drawn."""
    try:
        picture = picture_of(_exam(request, pk), request.GET.get("image", ""))
        drawn = picture.require_mask()
    except StepError as error:
        return refusal_text(error)
    return send_picture(drawn, picture.headers())
