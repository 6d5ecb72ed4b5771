"""Corrections over HTTP: an exam's values, a new value or file, and the decisions of organisers."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from anonymization.api import png
from anonymization.correct import confirm_correction, reject_correction
from anonymization.correction_pictures import correction_picture
from anonymization.corrections_shown import ExamValue, points_of, texts_of, values_of
from anonymization.models import Correction
from anonymization.send_correction import send_correction
from challenges.models import Role
from challenges.permissions import has_role, require_organiser
from concours.formats.json import Json, JsonObject
from core.body import Body, read_body, takes
from uploads.models import Exam


class CorrectionBody(Body):
    """A new `value` (a text, a number, true or false; rows for a table), or a `file` (multipart) for a mask or table."""

    field = serializers.CharField(max_length=40, help_text="As the question file names it.")
    reason = serializers.CharField(
        allow_blank=True, help_text="Why, in plain words; at most 300 characters, without names, numbers and dates."
    )
    value = serializers.JSONField(required=False)
    file = serializers.FileField(required=False)

    def validate(self, attrs: JsonObject) -> JsonObject:
        if ("value" in attrs) == ("file" in attrs):
            raise serializers.ValidationError(_("Send the new value, or the new file."))
        return attrs


class ConfirmCorrectionBody(Body):
    """`keep`: of the unsure words of the new text, those that stay; every other one is removed."""

    note = serializers.CharField(default="", allow_blank=True, max_length=300)
    keep = serializers.ListField(child=serializers.CharField(max_length=60), default=list)


class RejectCorrectionBody(Body):
    note = serializers.CharField(allow_blank=True, max_length=300, help_text="Why; who proposed it reads it.")


class ExamValueSerializer(serializers.Serializer[ExamValue]):
    """A field as it is now. `shown` is in words; a sealed value is not shown to anybody."""

    name = serializers.CharField(source="field.name")
    title = serializers.CharField()
    type = serializers.CharField(source="field.type")
    shown = serializers.CharField()
    version = serializers.IntegerField()
    sealed = serializers.BooleanField()
    required = serializers.BooleanField()  # type: ignore[assignment]  # declared fields are taken off the class
    waits = serializers.BooleanField(help_text="Whether a correction of it is proposed.")


class CorrectionSerializer(serializers.ModelSerializer[Correction]):
    """`scope`: what was fixed (open, frozen, sealed). `value` is there while it is proposed, for organisers alone."""

    question = serializers.SerializerMethodField()
    value = serializers.SerializerMethodField("proposed_value")
    points = serializers.SerializerMethodField(help_text="What quality control would have a person check of it.")
    unsure = serializers.SerializerMethodField(help_text="Words of the new text that an organiser decides on.")
    proposed_by = serializers.CharField(source="proposed_by.email", read_only=True)
    decided_by = serializers.CharField(source="decided_by.email", read_only=True, default="")

    class Meta:
        model = Correction
        fields = [
            "id",
            "question",
            "exam",
            "field",
            "value",
            "reason",
            "scope",
            "state",
            "points",
            "unsure",
            "before",
            "version",
            "note",
            "proposed_by",
            "proposed_at",
            "decided_by",
            "decided_at",
            "applied_at",
        ]

    def get_question(self, row: Correction) -> str:
        return f"{row.exam.question.challenge.slug}/{row.exam.question.slug}"

    @extend_schema_field(OpenApiTypes.ANY)
    def proposed_value(self, row: Correction) -> Json:
        organises = has_role(self.context["request"].user, row.exam.question.challenge, Role.Kind.ORGANISER)
        return row.value if organises else None

    def get_points(self, row: Correction) -> list[str]:
        return points_of(row)

    def get_unsure(self, row: Correction) -> list[str]:
        return [run.text for text in texts_of(row) for run in text.runs if run.unsure]


class CorrectionFilter(filters.FilterSet):
    challenge = filters.CharFilter(field_name="exam__question__challenge__slug")
    question = filters.CharFilter(field_name="exam__question__slug")
    exam = filters.UUIDFilter(field_name="exam_id")

    class Meta:
        model = Correction
        fields = ["state", "scope", "challenge", "question", "exam"]


class CorrectionViewSet(viewsets.ReadOnlyModelViewSet[Correction]):
    """Corrections of the exams that one sees: of one's centres, for organisers of the challenge."""

    serializer_class = CorrectionSerializer
    filterset_class = CorrectionFilter

    def get_queryset(self) -> QuerySet[Correction]:
        rows = Correction.objects.visible_to(self.request.user)
        return rows.select_related("exam__question__challenge", "proposed_by", "decided_by")

    def _decidable(self, request: Request) -> Correction:
        correction: Correction = self.get_object()
        require_organiser(request.user, correction.exam.question.challenge)
        return correction

    @extend_schema(responses={(200, "image/png"): OpenApiTypes.BINARY})
    @action(detail=True)
    def mask(self, request: Request, pk: str | None = None) -> HttpResponse:
        """For organisers, the proposed mask on its largest slice, as PNG."""
        return png(correction_picture(self._decidable(request)))

    @takes(ConfirmCorrectionBody, responses={200: CorrectionSerializer})
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: str | None = None) -> Response:
        """It holds, and what is made of the value is made again. Of a sealed truth by another organiser than who proposed it."""
        correction, body = self._decidable(request), read_body(request)
        confirm_correction(correction=correction, actor=request.user, note=body["note"], keep=body["keep"])
        return Response(CorrectionSerializer(correction, context=self.get_serializer_context()).data)

    @takes(RejectCorrectionBody, responses={200: CorrectionSerializer})
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str | None = None) -> Response:
        """Nothing changes, and the proposed value is erased."""
        correction = self._decidable(request)
        reject_correction(correction=correction, actor=request.user, note=read_body(request)["note"])
        return Response(CorrectionSerializer(correction, context=self.get_serializer_context()).data)


class ExamValuesViewSet(viewsets.GenericViewSet[Exam]):
    """The values of an exam, and their corrections."""

    pagination_class = None

    def get_serializer_class(self) -> type[serializers.Serializer[Json]]:
        return ExamValueSerializer

    def get_queryset(self) -> QuerySet[Exam]:
        return Exam.objects.visible_to(self.request.user).select_related("question__challenge", "centre")

    @extend_schema(responses={200: ExamValueSerializer(many=True)})
    @action(detail=True)
    def values(self, request: Request, pk: str | None = None) -> Response:
        """Every field that can be corrected, with its version."""
        return Response(ExamValueSerializer(instance=values_of(self.get_object()), many=True).data)  # type: ignore[arg-type]  # a list, with many

    @takes(CorrectionBody, responses={201: CorrectionSerializer})
    @action(detail=True, methods=["post"])
    def correct(self, request: Request, pk: str | None = None) -> Response:
        """A new value or file. It holds at once (`state` corrected), or waits for an organiser (`state` proposed)."""
        exam, body = self.get_object(), read_body(request)
        correction = send_correction(
            exam=exam,
            actor=request.user,
            field=body["field"],
            reason=body["reason"],
            value=body.get("value"),
            file=body.get("file"),
        )
        return Response(CorrectionSerializer(correction, context=self.get_serializer_context()).data, status=201)
