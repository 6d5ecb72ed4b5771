"""Readings, agreement and adjudications over HTTP."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from challenges.lookup import organised_question
from challenges.permissions import require_organiser
from core.body import Body, NamesField, ScalarField, read_body, takes
from grading.agreement import agreement_of
from grading.grade import cannot_judge, grade_reading, open_reading, reopen_reading
from grading.models import Reading
from grading.models.reading import Grade
from grading.pictures import picture_of
from grading.settle import awaiting_adjudication, decide_grade
from uploads.models import Exam

QUESTION = OpenApiParameter("question", str, description="challenge/question", required=True)
IMAGE = OpenApiParameter("image", str, description="an image of the question; by default its first")


class ReadingSerializer(serializers.ModelSerializer[Reading]):
    """A reading as its reader sees it: no centre, no number, nobody else's grade."""

    question = serializers.SerializerMethodField()

    class Meta:
        model = Reading
        fields = ["id", "question", "state", "grade", "comment", "opened_at", "graded_at", "seconds"]

    def get_question(self, reading: Reading) -> str:
        return f"{reading.exam.question.challenge.slug}/{reading.exam.question.slug}"


class GradeBody(Body):
    grade = serializers.ChoiceField(Grade.values)
    comment = serializers.CharField(default="", allow_blank=True)
    criteria = NamesField(child=ScalarField(), allow_null=True, required=False)


class CannotJudgeBody(Body):
    comment = serializers.CharField(allow_blank=True)


class AdjudicationBody(Body):
    exam = serializers.UUIDField()
    grade = serializers.ChoiceField(Grade.values)
    note = serializers.CharField(default="", allow_blank=True)


class ReadingFilter(filters.FilterSet):
    challenge = filters.CharFilter(field_name="exam__question__challenge__slug")
    question = filters.CharFilter(field_name="exam__question__slug")

    class Meta:
        model = Reading
        fields = ["state", "challenge", "question"]


def send_picture(path: Path | None, headers: dict[str, str]) -> FileResponse:
    """A raw file of a picture. Raises Http404 where there is none."""
    if path is None:
        raise Http404
    response = FileResponse(path.open("rb"), content_type="application/octet-stream")
    for name, value in headers.items():
        response[name] = value
    response["Cache-Control"] = "private, no-store"  # exams must not stay on the disk of a shared reading room
    return response


class ReadingViewSet(viewsets.ReadOnlyModelViewSet[Reading]):
    """One's own readings, in one's own order."""

    serializer_class = ReadingSerializer
    filterset_class = ReadingFilter

    def get_queryset(self) -> QuerySet[Reading]:
        return Reading.objects.visible_to(self.request.user).select_related("exam__question__challenge")

    @takes(GradeBody, responses={200: ReadingSerializer})
    @action(detail=True, methods=["post"])
    def grade(self, request: Request, pk: str | None = None) -> Response:
        """The reader's grade; may be changed while the exam is in no set yet."""
        reading = self.get_object()
        grade_reading(reading=reading, actor=request.user, **read_body(request))
        return Response(ReadingSerializer(reading).data)

    @takes(CannotJudgeBody, responses={200: ReadingSerializer})
    @action(detail=True, methods=["post"])
    def cannot_judge(self, request: Request, pk: str | None = None) -> Response:
        """The reader cannot judge this exam and says why; another reader gets it."""
        reading = self.get_object()
        cannot_judge(reading=reading, actor=request.user, **read_body(request))
        return Response(ReadingSerializer(reading).data)

    @takes(None, responses={200: ReadingSerializer})
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str | None = None) -> Response:
        """Takes one's decision back: the exam waits in the queue again."""
        reading = self.get_object()
        reopen_reading(reading=reading, actor=request.user)
        return Response(ReadingSerializer(reading).data)

    @extend_schema(parameters=[IMAGE], responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True)
    def volume(self, request: Request, pk: str | None = None) -> FileResponse:
        """Raw little-endian int16; X-Shape (slices, rows, columns), X-Spacing in mm, X-Window, X-Orientation."""
        reading = self.get_object()
        open_reading(reading=reading)
        picture = picture_of(reading.exam, str(request.query_params.get("image", "")))
        return send_picture(picture.volume, picture.headers())

    @extend_schema(parameters=[IMAGE], responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True)
    def mask(self, request: Request, pk: str | None = None) -> FileResponse:
        """Raw uint8 labels on the volume's grid; 404 where the exam has no mask."""
        picture = picture_of(self.get_object().exam, str(request.query_params.get("image", "")))
        return send_picture(picture.require_mask(), picture.headers())

    @extend_schema(parameters=[QUESTION], responses={200: dict[str, Any]})
    @action(detail=False)
    def agreement(self, request: Request) -> Response:
        """For organisers: Cohen's kappa of each pair of readers and Fleiss' of all, over grades A to D."""
        question = organised_question(request.user, str(request.query_params.get("question", "")))
        return Response(asdict(agreement_of(question)))

    @extend_schema(
        parameters=[QUESTION],
        responses={
            200: inline_serializer(
                "AwaitingAdjudication",
                {"exam": serializers.UUIDField(), "readings": serializers.ListField()},
                many=True,
            )
        },
    )
    @action(detail=False, pagination_class=None)
    def adjudications(self, request: Request) -> Response:
        """For organisers: exams whose readers disagree too far, or that nobody could judge."""
        question = organised_question(request.user, str(request.query_params.get("question", "")))
        return Response(
            [
                {
                    "exam": str(exam.pk),
                    "readings": [
                        {"state": reading.state, "grade": reading.grade, "comment": reading.comment}
                        for reading in exam.readings.all()
                    ],
                }
                for exam in awaiting_adjudication(question.exams.all())
            ]
        )

    @takes(
        AdjudicationBody,
        responses={
            200: inline_serializer("Adjudicated", {"exam": serializers.UUIDField(), "grade": serializers.CharField()})
        },
    )
    @adjudications.mapping.post
    def adjudicate(self, request: Request) -> Response:
        """The organiser's grade, which is in force."""
        body = read_body(request)
        exams = Exam.objects.visible_to(request.user).select_related("question__challenge")
        exam = get_object_or_404(exams, pk=body.pop("exam"))
        require_organiser(request.user, exam.question.challenge)
        decision = decide_grade(exam=exam, method="adjudicator", actor=request.user, **body)
        return Response({"exam": str(exam.pk), "grade": decision.grade})
