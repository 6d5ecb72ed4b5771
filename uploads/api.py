"""Uploads and exams over HTTP."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.payload import payload
from uploads.models import Exam, Upload
from uploads.serializers import ExamDetailSerializer, ExamSerializer, UploadSerializer
from uploads.withdraw import withdraw_exam


class UploadViewSet(mixins.RetrieveModelMixin, viewsets.GenericViewSet[Upload]):
    """What became of one's own upload. HEAD, PATCH and DELETE of this address are tus and answered before Django."""

    serializer_class = UploadSerializer

    def get_queryset(self) -> QuerySet[Upload]:
        return Upload.objects.visible_to(self.request.user).prefetch_related("exams")


class ExamFilter(filters.FilterSet):
    question = filters.CharFilter(field_name="question__slug")
    challenge = filters.CharFilter(field_name="question__challenge__slug")
    centre = filters.CharFilter(field_name="centre__slug")
    upload = filters.UUIDFilter(field_name="upload_id")

    class Meta:
        model = Exam
        fields = ["question", "challenge", "centre", "upload"]


class ExamViewSet(viewsets.ReadOnlyModelViewSet[Exam]):
    """Exams of one's centres (for organisers: of the challenge) with every reason in words."""

    filterset_class = ExamFilter

    def get_queryset(self) -> QuerySet[Exam]:
        return Exam.objects.visible_to(self.request.user).select_related("question__challenge", "centre")

    def get_serializer_class(self) -> Any:
        return ExamSerializer if self.action == "list" else ExamDetailSerializer

    @extend_schema(request={"application/json": {"type": "object", "properties": {"reason": {"type": "string"}}}})
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str | None = None) -> Response:
        """The patient or the centre takes the exam back."""
        exam = self.get_object()
        withdraw_exam(exam=exam, actor=request.user, reason=str(payload(request).get("reason", "")))
        return Response(ExamDetailSerializer(exam).data)
