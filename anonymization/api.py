"""Reviews over HTTP, for organisers."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field, inline_serializer
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from anonymization.decide import confirm_review, refuse_review
from anonymization.looking import looks_of, members_of, picture
from anonymization.models import Review
from core.payload import payload
from core.words import say

NOTE = inline_serializer("ReviewNote", {"note": serializers.CharField(required=False)})


class ReviewSerializer(serializers.ModelSerializer[Review]):
    """Why a person must look, in words; `boxes` are half-open columns and rows of a frame."""

    question = serializers.SerializerMethodField()
    points = serializers.SerializerMethodField()

    class Meta:
        model = Review
        fields = ["id", "question", "exam", "stage", "points", "boxes", "state", "note", "opened_at", "decided_at"]

    def get_question(self, review: Review) -> str:
        return f"{review.exam.question.challenge.slug}/{review.exam.question.slug}"

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_points(self, review: Review) -> list[dict[str, Any]]:
        return [
            {
                "reason": point["reason"],
                "where": point.get("where", ""),
                "message": say(point.get("template", ""), point.get("values")),
            }
            for point in review.points
        ]


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
    if drawn is None:
        raise Http404
    return HttpResponse(drawn, content_type="image/png", headers={"Cache-Control": "private, no-store"})


class ReviewViewSet(viewsets.ReadOnlyModelViewSet[Review]):
    """Exams that the platform is not sure of."""

    serializer_class = ReviewSerializer
    filterset_class = ReviewFilter

    def get_queryset(self) -> QuerySet[Review]:
        return Review.objects.visible_to(self.request.user).select_related("exam__question__challenge")

    @extend_schema(request=NOTE, responses={200: ReviewSerializer})
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: str | None = None) -> Response:
        """Nothing speaks against the exam: it goes on from where it stopped."""
        review = self.get_object()
        confirm_review(review=review, actor=request.user, note=str(payload(request).get("note", "")))
        return Response(ReviewSerializer(review).data)

    @extend_schema(request=NOTE, responses={200: ReviewSerializer})
    @action(detail=True, methods=["post"])
    def refuse(self, request: Request, pk: str | None = None) -> Response:
        """The exam is refused; its centre reads the note."""
        review = self.get_object()
        refuse_review(review=review, actor=request.user, note=str(payload(request).get("note", "")))
        return Response(ReviewSerializer(review).data)

    @extend_schema(responses={(200, "image/png"): OpenApiTypes.BINARY})
    @action(detail=True, url_path=r"pictures/(?P<number>\d+)")
    def pictures(self, request: Request, pk: str | None = None, number: str = "0") -> HttpResponse:
        """The frames in question, numbered from 0, as PNG with their boxes drawn."""
        return send_look(self.get_object(), int(number))
