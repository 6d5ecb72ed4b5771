"""Slices of an exam's images, and the series among which its centre or an organiser chooses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from anonymization.api import png, send_thumbnail
from anonymization.choices import Option, facts_of
from anonymization.choose import choose_series, open_choice
from anonymization.looking import choices_of
from anonymization.models import Review
from anonymization.thumbnails import Thumbnail, draw_thumbnail, image_title, thumbnails_of
from challenges.field_titles import field_titles
from challenges.frame import spec_of
from challenges.models import Challenge, Question
from core.attempt import attempt
from core.pages import render_page
from core.words import say
from uploads.models import Exam
from uploads.reasons import centres_read_by, folder_of


@dataclass(frozen=True)
class ThumbnailRow:
    """A slice with the title of its image."""

    thumbnail: Thumbnail
    title: str


@dataclass(frozen=True)
class SeriesCard:
    """One series with its key facts as (name, value), and what a person would have to check of it."""

    option: Option
    facts: Sequence[tuple[str, str]]
    points: Sequence[str]


@dataclass(frozen=True)
class SeriesToChoose:
    """The series among which one is chosen for an image; `only`: the question has no other image."""

    image: str
    only: bool
    title: str
    options: Sequence[SeriesCard]


def series_to_choose(review: Review) -> list[SeriesToChoose]:
    """The series to choose, image by image."""
    titles = field_titles(spec_of(review.exam.question))
    return [
        SeriesToChoose(
            image=choice.image,
            only=len(spec_of(review.exam.question).data.images) == 1,
            title=image_title(review.exam, choice.image, get_language() or "en"),
            options=[
                SeriesCard(
                    option,
                    facts_of(option),
                    [say(point.template, titles.values(point.values)) for point in option.points],
                )
                for option in choice.options
            ],
        )
        for choice in choices_of(review)
    ]


def chosen_series(request: HttpRequest) -> dict[str, str]:
    """{image: number} of the radio buttons `series.<image>`."""
    prefix = "series."
    return {name.removeprefix(prefix): str(value) for name, value in request.POST.items() if name.startswith(prefix)}


def thumbnail_rows(exam: Exam) -> list[ThumbnailRow]:
    """The thumbnails with the titles of their images."""
    language = get_language() or "en"
    return [ThumbnailRow(slice_, image_title(exam, slice_.image, language)) for slice_ in thumbnails_of(exam)]


def _own_exam(request: HttpRequest, pk: UUID) -> Exam:
    return get_object_or_404(
        Exam.objects.visible_to(request.user).select_related("question__challenge", "centre"), pk=pk
    )


@dataclass(frozen=True)
class SeriesPage:
    exam: Exam
    question: Question
    challenge: Challenge
    choices: Sequence[SeriesToChoose]
    folder: str


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def series(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The centre's page: several series meet the criteria, and one is chosen."""
    exam = _own_exam(request, pk)
    waiting = open_choice(exam)
    if waiting is None:
        return redirect("uploads:exam", pk=exam.pk)
    if request.method == "POST":
        with attempt(request, _("The series is chosen. The exam is checked with it now.")):
            choose_series(review=waiting, actor=request.user, series=chosen_series(request))
            return redirect("uploads:exam", pk=exam.pk)
        return redirect("anonymization:series", pk=exam.pk)
    page = SeriesPage(
        exam=exam,
        question=exam.question,
        challenge=exam.question.challenge,
        choices=series_to_choose(waiting),
        folder=folder_of(exam, centres_read_by(request.user)),
    )
    return render_page(request, "anonymization/series.html", page)


@dataclass(frozen=True)
class Thumbnails:
    """`several`: the question has more than one image."""

    exam: Exam
    thumbnails: Sequence[ThumbnailRow]
    several: bool


@login_required
@require_safe
def thumbnails(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Fragment: slices of each image, for the exam's page."""
    exam = _own_exam(request, pk)
    several = len(spec_of(exam.question).data.images) > 1
    return render_page(request, "anonymization/thumbnails.html", Thumbnails(exam, thumbnail_rows(exam), several))


@login_required
@require_safe
def thumbnail(request: HttpRequest, pk: UUID, number: int) -> HttpResponse:
    """One slice of an exam, as PNG."""
    return png(draw_thumbnail(_own_exam(request, pk), number))


@login_required
@require_safe
def series_picture(request: HttpRequest, pk: UUID, number: int) -> HttpResponse:
    """The middle slice of a series to choose, as PNG."""
    return send_thumbnail(_own_exam(request, pk), number)
