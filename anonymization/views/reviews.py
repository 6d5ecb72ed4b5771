"""The organiser's pages of reviews: what the platform is not sure of, looked at and decided with one key."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from anonymization.api import send_look
from anonymization.corrections_shown import UnsureText
from anonymization.decide import confirm_review, refuse_review
from anonymization.looking import ReviewFrame, looks_of, members_of
from anonymization.models import ExamText, Review
from anonymization.points import points_from
from anonymization.texts import pieces_of
from anonymization.views.series import SeriesToChoose, ThumbnailRow, chosen_series, series_to_choose, thumbnail_rows
from challenges.field_titles import field_titles
from challenges.frame import spec_of
from challenges.lookup import organised_challenge
from challenges.models import Challenge
from concours.deid.values import word_runs
from core.attempt import attempt
from core.pages import render_page
from core.vocabulary import stage_word
from uploads.exams import exam_title
from uploads.models import Exam
from uploads.reasons import render_reason, shown_where

PAGE = 50
SHOWN_POINTS = 3  # in a row of the list
UID_PATH = re.compile(r"[0-9.]{20,}(/[0-9.]{20,})?")
ADVICE: dict[str, str | Promise] = {
    "several_series": gettext_lazy("Choose the series for the challenge. The others are erased."),
    "burned_in_text": gettext_lazy("Check the image for names, dates or numbers. Confirm only if there are none."),
    "residual_identifier": gettext_lazy("Check the location given. Confirm only if no one can be identified."),
}
ANY_ADVICE = gettext_lazy(
    "Confirm if the exam can be included as it is. Otherwise refuse it, with a note for its centre."
)


COMPARE = gettext_lazy("Compare it with %(exams)s. Refuse it if it belongs to the same patient.")
COMPARE_GONE = gettext_lazy("The exam that looks the same no longer exists. Confirm if this one can be included.")


@dataclass(frozen=True)
class PointWords:
    """A point of a review in words, with all places that it is about."""

    message: str
    where: str


@dataclass(frozen=True)
class ListedReview:
    review: Review
    stage: str
    points: Sequence[PointWords]


@dataclass(frozen=True)
class ReviewsPage:
    """`counts` are of open and decided reviews; `open`: the open ones are listed."""

    challenge: Challenge
    counts: Mapping[str, int]
    open: bool
    page: Page[Review]
    rows: Sequence[ListedReview]


@login_required
@require_safe
def reviews(request: HttpRequest, challenge: str) -> HttpResponse:
    """Open reviews first; decided ones on demand."""
    organised = organised_challenge(request.user, challenge)
    is_open = request.GET.get("state", Review.State.OPEN) == Review.State.OPEN
    rows = Review.objects.visible_to(request.user).filter(exam__question__challenge=organised)
    counts = rows.order_by().aggregate(
        open=Count("id", filter=Q(state=Review.State.OPEN)), decided=Count("id", filter=~Q(state=Review.State.OPEN))
    )
    rows = rows.filter(state=Review.State.OPEN) if is_open else rows.exclude(state=Review.State.OPEN)
    rows = rows.select_related("exam__question", "exam__centre", "decided_by")
    listed = Paginator(rows.order_by("opened_at" if is_open else "-decided_at", "pk"), PAGE)
    shown = listed.get_page(request.GET.get("page"))
    page = ReviewsPage(
        challenge=organised,
        counts=counts,
        open=is_open,
        page=shown,
        rows=[ListedReview(row, stage_word(row.stage), _point_words(row)[:SHOWN_POINTS]) for row in shown],
    )
    return render_page(request, "anonymization/reviews.html", page)


def _point_words(review: Review, alike: Sequence[AlikeExam] = ()) -> list[PointWords]:
    """Every sentence once, with all its places; `alike` are exams that the reader may see, which a point can name."""
    named = {str(other.exam.pk): exam_title(other.exam) for other in alike}
    titles = field_titles(spec_of(review.exam.question))
    places: dict[str, list[str]] = {}
    for point in points_from(review.points):
        message, where = render_reason(
            point.template, point.values, point.where, named=False, titles=titles, code=point.reason
        )
        where = shown_where(
            UID_PATH.sub("", titles.title(where)).strip(" ()"), message
        )  # a new name says nothing to a person
        others = [named[pk] for pk in point.others if pk in named]
        places.setdefault(message, []).extend(others or ([where] if where else []))
    return [
        PointWords(message, ", ".join(where[:4]) + (" …" if len(where) > 4 else ""))
        for message, where in places.items()
    ]


def _visible(request: HttpRequest, pk: int) -> Review:
    rows = Review.objects.visible_to(request.user).select_related(
        "exam__question__challenge", "exam__centre", "decided_by"
    )
    return get_object_or_404(rows, pk=pk)


@dataclass(frozen=True)
class AlikeExam:
    """An exam that looks the same, with its slices."""

    exam: Exam
    thumbnails: Sequence[ThumbnailRow]


@dataclass(frozen=True)
class ReviewPage:
    """`own` are slices of the exam itself, beside those of exams that look the same; `left` counts other open reviews."""

    review: Review
    exam: Exam
    challenge: Challenge
    stage: str
    points: Sequence[PointWords]
    advice: Sequence[str]
    looks: Sequence[ReviewFrame]
    texts: Sequence[UnsureText]
    undecided: bool
    choices: Sequence[SeriesToChoose]
    alike: Sequence[AlikeExam]
    own: Sequence[ThumbnailRow]
    left: int


@login_required
@require_safe
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """The points in words and the pictures with their boxes; C or Enter confirms, R refuses."""
    row = _visible(request, pk)
    alike = _alike(request, row)
    reasons = {point.reason for point in points_from(row.points)}
    is_open = row.state == Review.State.OPEN
    page = ReviewPage(
        review=row,
        exam=row.exam,
        challenge=row.exam.question.challenge,
        stage=stage_word(row.stage),
        points=_point_words(row, alike),
        advice=_advice(reasons, alike),
        looks=looks_of(row, members_of(row)) if _shows_looks(row, reasons) else [],
        texts=_texts(row) if is_open else [],
        undecided=is_open,
        choices=series_to_choose(row),
        alike=alike if is_open else [],
        own=thumbnail_rows(row.exam) if "duplicate_exam" in reasons else [],
        left=_open_in_turn(request, row).count(),
    )
    return render_page(request, "anonymization/review.html", page)


def _advice(reasons: set[str], alike: Sequence[AlikeExam]) -> list[str]:
    """What to do about each kind of reason; an exam that looks the same is named."""
    advice = [str(ADVICE[reason]) for reason in ADVICE if reason in reasons]
    if "duplicate_exam" in reasons:
        exams = ", ".join(exam_title(other.exam) for other in alike)
        advice.append(str(COMPARE) % {"exams": exams} if exams else str(COMPARE_GONE))
    return advice or [str(ANY_ADVICE)]


def _shows_looks(row: Review, reasons: set[str]) -> bool:
    """Pictures of the files in question; series to choose and exams to compare have pictures of their own."""
    return row.state == Review.State.OPEN and not row.choices and reasons != {"duplicate_exam"}


def _alike(request: HttpRequest, row: Review) -> list[AlikeExam]:
    """The exams that look the same, to be compared: those that the reader may see, with their slices."""
    ids = [pk for point in points_from(row.points) for pk in point.others]
    others = Exam.objects.visible_to(request.user).filter(pk__in=ids).select_related("centre", "question")
    return [AlikeExam(other, thumbnail_rows(other)) for other in others]


def _texts(row: Review) -> list[UnsureText]:
    """Texts of the exam with their unsure words, for those who decide on them."""
    fields, language = spec_of(row.exam.question).data.fields, get_language() or "en"
    texts = []
    for text in row.exam.texts.filter(step=ExamText.Step.REVIEW):
        field = fields.get(text.place.partition(".")[0])
        texts.append(UnsureText(field.title.says(language) if field else text.place, word_runs(pieces_of(text))))
    return texts


@login_required
@require_safe
def look(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """One picture of a review, as PNG."""
    return send_look(_visible(request, pk), number)


@login_required
@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """The exam continues; the next review opens."""
    row = _visible(request, pk)
    with attempt(request, _("The exam is included.")):
        keep, note = request.POST.getlist("keep"), request.POST.get("note", "")
        confirm_review(review=row, actor=request.user, note=note, series=chosen_series(request), keep=keep)
    return _onward(request, row)


@login_required
@require_POST
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    """The exam is refused; its centre reads the note."""
    row = _visible(request, pk)
    with attempt(request, _("The exam is refused; its centre can read your note.")):
        refuse_review(review=row, actor=request.user, note=request.POST.get("note", ""))
    return _onward(request, row)


def _open_in_turn(request: HttpRequest, row: Review) -> QuerySet[Review]:
    challenge = row.exam.question.challenge_id
    rows = Review.objects.visible_to(request.user).filter(exam__question__challenge=challenge, state=Review.State.OPEN)
    return rows.exclude(pk=row.pk).order_by("opened_at", "pk")


def _onward(request: HttpRequest, row: Review) -> HttpResponse:
    row.refresh_from_db()
    if row.state == Review.State.OPEN:
        return redirect("anonymization:review", pk=row.pk)
    after = _open_in_turn(request, row).first()
    if after is not None:
        return redirect("anonymization:review", pk=after.pk)
    return redirect("anonymization:reviews", row.exam.question.challenge.slug)
