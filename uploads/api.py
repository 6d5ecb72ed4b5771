"""Uploads and exams over HTTP."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from challenges.models import Centre
from core.body import Body, read_body, takes
from core.refusals import refusal
from uploads import tus
from uploads.creation import CreationRefusedError, begin_upload, created_headers
from uploads.models import Exam, Upload
from uploads.reasons import centres_read_by
from uploads.serializers import ExamDetailSerializer, ExamSerializer, UploadSerializer
from uploads.withdraw import REASONS, withdraw_centre, withdraw_exam


class WithdrawalBody(Body):
    """Why: one of `REASONS`. Other words are not kept; they count as `other`."""

    reason = serializers.CharField(allow_blank=True, help_text=", ".join(REASONS))


class CreateUploadView(APIView):
    """The documented entry of `POST /api/v1/uploads/` (tus 1.0 creation).

    A running server answers it in `uploads.intake`, before Django, because it may carry the first bytes of the upload. Under a
    plain WSGI server this view answers and takes no bytes; the client sends them with PATCH, as the protocol allows.
    """

    permission_classes = [AllowAny]  # OPTIONS says what the server can do; POST requires a person below
    parser_classes: list[type[BaseParser]] = []

    def options(self, request: Request, *args: object, **kwargs: object) -> HttpResponse:  # type: ignore[override]
        return HttpResponse(status=204, headers=tus.capabilities(settings.UPLOAD_MAX_BYTES))

    @takes(
        None,
        parameters=[
            OpenApiParameter("Upload-Length", int, OpenApiParameter.HEADER),
            OpenApiParameter("Upload-Metadata", str, OpenApiParameter.HEADER),
        ],
        responses={201: None},
        description=begin_upload.__doc__,
    )
    def post(self, request: Request) -> HttpResponse:
        """Begins an upload."""
        if not request.user.is_authenticated:
            return _refused(401, _("Sign in, or send a token."), {"WWW-Authenticate": "Bearer"})
        try:
            upload = begin_upload(request.user, {name.lower(): value for name, value in request.headers.items()})
        except tus.HeaderError as error:
            return _refused(400, str(error))
        except CreationRefusedError as error:
            return _refused(error.status, error.words, error.headers)
        return HttpResponse(status=201, headers=created_headers(upload))


def _refused(status: int, words: str, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """A refusal of the protocol, in the shape of every refusal."""
    response = JsonResponse(refusal(tus.REASONS[status], words), status=status)
    for name, value in {"Tus-Resumable": tus.VERSION, **(headers or {})}.items():
        response[name] = value
    return response


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
    pseudonym = filters.CharFilter(
        method="of_patient", help_text="A patient of your own centre, computed with the centre's key."
    )

    class Meta:
        model = Exam
        fields = ["question", "challenge", "centre", "upload", "pseudonym"]

    def of_patient(self, exams: QuerySet[Exam], name: str, value: str) -> QuerySet[Exam]:
        """Within one's own centres, for organisers too: nobody else may ask whether a patient takes part."""
        return exams.filter(centre__in=centres_read_by(self.request.user), patient__pseudonym=value)


class ExamViewSet(viewsets.ReadOnlyModelViewSet[Exam]):
    """Exams of one's centres (for organisers: of the challenge) with every reason in words."""

    filterset_class = ExamFilter

    def get_queryset(self) -> QuerySet[Exam]:
        return Exam.objects.visible_to(self.request.user).select_related("question__challenge", "centre")

    def get_serializer_class(self) -> type[ExamSerializer]:
        return ExamSerializer if self.action == "list" else ExamDetailSerializer

    @takes(WithdrawalBody, responses={200: ExamDetailSerializer})
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str | None = None) -> Response:
        """The patient or the centre takes the exam back. `reason` is one of the list; other words are not kept (`other`)."""
        exam = self.get_object()
        withdraw_exam(exam=exam, actor=request.user, reason=read_body(request)["reason"])
        return Response(ExamDetailSerializer(exam, context=self.get_serializer_context()).data)


class WithdrawCentreView(APIView):
    """`POST`: the centre leaves with every exam it sent, and sends nothing more. For its own people and organisers."""

    @takes(WithdrawalBody, responses={202: None})
    def post(self, request: Request, pk: int) -> Response:
        centre = get_object_or_404(Centre.objects.visible_to(request.user).select_related("challenge"), pk=pk)
        withdraw_centre(centre=centre, actor=request.user, reason=read_body(request)["reason"])
        return Response(status=202)
