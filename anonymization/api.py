"""Reviews over HTTP, for organisers."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from anonymization.choices import Option
from anonymization.choose import NO_CHOICE, choose_series, open_choice
from anonymization.decide import confirm_review, refuse_review
from anonymization.looking import choices_of, looks_of, members_of, options_of, picture
from anonymization.models import ExamText, Review
from anonymization.points import points_from
from anonymization.texts import pieces_of
from anonymization.thumbnails import draw_thumbnail
from challenges.field_titles import field_titles
from challenges.frame import spec_of
from concours.deid.values import unsure_words
from concours.formats.json import Json, JsonObject
from core.body import Body, read_body, takes
from core.errors import InvalidInputError
from core.words import say
from uploads.models import Exam
from uploads.reasons import render_reason


class NoteBody(Body):
    note = serializers.CharField(default="", allow_blank=True)


class SeriesBody(NoteBody):
    """`series`: by image, the number of the chosen series."""

    series = serializers.DictField(child=serializers.IntegerField(), default=dict)


class SeriesOptionSerializer(serializers.Serializer[Json]):
    """A series to choose, in its key facts; lengths in mm, empty where the files do not state them."""

    number = serializers.IntegerField()
    name = serializers.CharField()
    images = serializers.IntegerField()
    thickness = serializers.CharField()
    spacing = serializers.CharField()
    plane = serializers.CharField()
    kernel = serializers.CharField()
    sequence = serializers.CharField()
    contrast = serializers.CharField()
    echo = serializers.CharField(help_text="Echo time in ms.")
    b_value = serializers.CharField(help_text="Diffusion b-value in s/mm².")
    phase = serializers.CharField(help_text="Position in time.")
    points = serializers.SerializerMethodField(help_text="What quality control would have a person check of it.")

    def get_points(self, option: Option) -> list[str]:
        return [say(point.template, point.values) for point in option.points]


class SeriesChoiceSerializer(serializers.Serializer[Json]):
    """The image for which a series is to be chosen, and the series that meet the criteria."""

    image = serializers.CharField()
    options = SeriesOptionSerializer(many=True)


class ConfirmBody(SeriesBody):
    """`keep`: of the unsure words in the exam's texts, those that stay; every other one is removed."""

    keep = serializers.ListField(child=serializers.CharField(max_length=60), default=list)


class ReviewSerializer(serializers.ModelSerializer[Review]):
    """Why a person must look, in words; `boxes` are half-open columns and rows of a frame."""

    question = serializers.SerializerMethodField()
    points = serializers.SerializerMethodField()
    choices = serializers.SerializerMethodField()
    words = serializers.SerializerMethodField()

    class Meta:
        model = Review
        fields = [
            "id",
            "question",
            "exam",
            "stage",
            "points",
            "words",
            "boxes",
            "choices",
            "chosen",
            "state",
            "note",
            "opened_at",
            "decided_at",
        ]

    def get_question(self, review: Review) -> str:
        return f"{review.exam.question.challenge.slug}/{review.exam.question.slug}"

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_points(self, review: Review) -> list[JsonObject]:
        listed, titles = [], field_titles(spec_of(review.exam.question))
        for point in points_from(review.points):
            message, where = render_reason(point.template, point.values, point.where, named=False, titles=titles)
            listed.append({"reason": point.reason, "where": where, "message": message})
        return listed

    @extend_schema_field(SeriesChoiceSerializer(many=True))
    def get_choices(self, review: Review) -> list[JsonObject]:
        return list(SeriesChoiceSerializer(choices_of(review), many=True).data)

    def get_words(self, review: Review) -> list[str]:
        """Words of the exam's texts that wait for this decision."""
        rows = review.exam.texts.filter(step=ExamText.Step.REVIEW) if review.state == Review.State.OPEN else []
        return list(dict.fromkeys(word for row in rows for word in unsure_words(pieces_of(row))))


class ReviewFilter(filters.FilterSet):
    challenge = filters.CharFilter(field_name="exam__question__challenge__slug")
    question = filters.CharFilter(field_name="exam__question__slug")

    class Meta:
        model = Review
        fields = ["state", "stage", "challenge", "question"]


def send_look(review: Review, number: int) -> HttpResponse:
    """The review's picture of this number as PNG. Raises Http404."""
    looks = looks_of(review, members_of(review))
    drawn = picture(review, looks[number]) if 0 <= number < len(looks) else None
    return png(drawn)


def png(content: bytes | None) -> HttpResponse:
    """A picture that only its reader keeps. Raises Http404 where there is none."""
    if content is None:
        raise Http404
    return HttpResponse(content, content_type="image/png", headers={"Cache-Control": "private, no-store"})


class ReviewViewSet(viewsets.ReadOnlyModelViewSet[Review]):
    """Exams that the platform is not sure of."""

    serializer_class = ReviewSerializer
    filterset_class = ReviewFilter

    def get_queryset(self) -> QuerySet[Review]:
        return Review.objects.visible_to(self.request.user).select_related("exam__question__challenge")

    @takes(ConfirmBody, responses={200: ReviewSerializer})
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: str | None = None) -> Response:
        """Nothing speaks against the exam: it continues. Where `choices` lists series, `series` must name one for each image."""
        review, body = self.get_object(), read_body(request)
        confirm_review(review=review, actor=request.user, note=body["note"], series=body["series"], keep=body["keep"])
        return Response(ReviewSerializer(review).data)

    @takes(NoteBody, responses={200: ReviewSerializer})
    @action(detail=True, methods=["post"])
    def refuse(self, request: Request, pk: str | None = None) -> Response:
        """The exam is refused; its centre reads the note."""
        review = self.get_object()
        refuse_review(review=review, actor=request.user, note=read_body(request)["note"])
        return Response(ReviewSerializer(review).data)

    @extend_schema(responses={(200, "image/png"): OpenApiTypes.BINARY})
    @action(detail=True, url_path=r"pictures/(?P<number>\d+)")
    def pictures(self, request: Request, pk: str | None = None, number: str = "0") -> HttpResponse:
        """The frames in question, numbered from 0, as PNG with their boxes drawn."""
        return send_look(self.get_object(), int(number))


class SeriesChoiceViewSet(viewsets.GenericViewSet[Exam]):
    """The series of an exam among which its centre or an organiser chooses."""

    serializer_class = SeriesChoiceSerializer
    pagination_class = None

    def get_queryset(self) -> QuerySet[Exam]:
        return Exam.objects.visible_to(self.request.user).select_related("question__challenge", "centre")

    @extend_schema(responses={200: SeriesChoiceSerializer(many=True)})
    @action(detail=True, url_path="series", url_name="series")
    def series(self, request: Request, pk: str | None = None) -> Response:
        """The images for which a series is to be chosen; an empty list where there is nothing to choose."""
        review = open_choice(self.get_object())
        return Response(SeriesChoiceSerializer(choices_of(review) if review else [], many=True).data)

    @takes(SeriesBody, responses={200: OpenApiTypes.OBJECT})
    @series.mapping.post
    def choose(self, request: Request, pk: str | None = None) -> Response:
        """Quality control then judges the exam with the chosen series alone; the others are erased."""
        exam, body = self.get_object(), read_body(request)
        review = open_choice(exam)
        if review is None:
            raise InvalidInputError(NO_CHOICE)
        choose_series(review=review, actor=request.user, series=body["series"], note=body["note"])
        return Response({"exam": str(exam.pk), "chosen": review.chosen})

    @extend_schema(responses={(200, "image/png"): OpenApiTypes.BINARY})
    @action(detail=True, url_path=r"thumbnails/(?P<number>\d+)", url_name="thumbnail")
    def thumbnail(self, request: Request, pk: str | None = None, number: str = "0") -> HttpResponse:
        """Slices of the exam's images, numbered from 0, as PNG."""
        return png(draw_thumbnail(self.get_object(), int(number)))

    @extend_schema(responses={(200, "image/png"): OpenApiTypes.BINARY})
    @action(detail=True, url_path=r"series/(?P<number>\d+)/picture", url_name="series-picture")
    def picture(self, request: Request, pk: str | None = None, number: str = "0") -> HttpResponse:
        """The middle slice of a series to choose, as PNG."""
        return send_thumbnail(self.get_object(), int(number))


def send_thumbnail(exam: Exam, number: int) -> HttpResponse:
    """The middle slice of the series `number` that may be chosen for the exam. Raises Http404."""
    review = open_choice(exam)
    numbers = [option.number for option in options_of(review)] if review is not None else []
    if review is None or number not in numbers:
        raise Http404
    return send_look(review, numbers.index(number))
