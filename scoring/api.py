"""Submissions over HTTP."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from challenges.lookup import visible_question
from challenges.models import Phase, Team
from challenges.permissions import require_organiser
from concours.formats.json import JsonObject
from core.attachments import attachment
from core.body import OptionalReasonBody, read_body, takes
from core.clock import database_now
from scoring.api_parameters import QUESTION
from scoring.entered import record_measurement
from scoring.known_cases import kit_for, known_manifest, sample_for
from scoring.models import Submission
from scoring.permissions import entered_team, is_organiser, require_own
from scoring.quota import remaining
from scoring.serializers import (
    EvaluationSerializer,
    MeasurementBody,
    SubmissionDraftBody,
    SubmissionSerializer,
)
from scoring.submit import choose_final, retry_submission, submissions_phases, submit
from scoring.take_back import cancel_submission, refund_submission
from uploads.models import Upload


class SubmissionFilter(filters.FilterSet):
    question = filters.CharFilter(field_name="phase__question__slug")
    challenge = filters.CharFilter(field_name="team__challenge__slug")
    phase = filters.CharFilter(field_name="phase__name")
    team = filters.CharFilter(field_name="team__slug")
    upload = filters.UUIDFilter(field_name="upload_id")

    class Meta:
        model = Submission
        fields = ["question", "challenge", "phase", "team", "upload", "state"]


class SubmissionViewSet(viewsets.ReadOnlyModelViewSet[Submission]):
    """One's team's submissions (for organisers: the challenge's) with every error in words."""

    serializer_class = SubmissionSerializer
    filterset_class = SubmissionFilter

    def get_queryset(self) -> QuerySet[Submission]:
        return Submission.objects.visible_to(self.request.user).select_related("team", "phase__question__challenge")

    @takes(SubmissionDraftBody, responses={201: SubmissionSerializer})
    def create(self, request: Request) -> Response:
        """Makes a submission of a stored upload, or gives the one it already is. A refusal says when and why in words."""
        body = read_body(request)
        upload = (
            Upload.objects.visible_to(request.user)
            .filter(pk=body.pop("upload"))
            .select_related("question__challenge", "team", "owner")
            .first()
        )
        if upload is None:
            raise Http404
        submission = submit(upload=upload, actor=request.user, **body)
        return Response(SubmissionSerializer(submission).data, status=201)

    @takes(OptionalReasonBody, responses={200: SubmissionSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str | None = None) -> Response:
        """Its team takes back what is not scored yet; an organiser cancels anything, with a reason. It costs no attempt."""
        submission = self.get_object()
        reason = read_body(request)["reason"]
        if reason.strip() and is_organiser(request.user, submission.phase.question):
            refund_submission(submission=submission, actor=request.user, reason=reason)
        else:
            require_own(request.user, submission)
            cancel_submission(submission=submission, actor=request.user)
        return Response(SubmissionSerializer(submission).data)

    @takes(None, responses={200: SubmissionSerializer})
    @action(detail=True, methods=["post"])
    def choose(self, request: Request, pk: str | None = None) -> Response:
        """Makes this the one by which the team is ranked, while the phase is open."""
        submission = self.get_object()
        require_own(request.user, submission)
        choose_final(submission=submission, actor=request.user)
        return Response(SubmissionSerializer(submission).data)

    @takes(None, responses={200: SubmissionSerializer})
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str | None = None) -> Response:
        """An organiser has a failed submission tried again."""
        submission = self.get_object()
        require_organiser(request.user, submission.team.challenge)
        retry_submission(submission=submission, actor=request.user)
        return Response(SubmissionSerializer(submission).data)

    @takes(MeasurementBody, responses={200: SubmissionSerializer})
    @action(detail=True, methods=["post"])
    def measure(self, request: Request, pk: str | None = None) -> Response:
        """What the organisers measured on the method replaces what the team declared; the ranking is computed again."""
        submission = self.get_object()
        require_organiser(request.user, submission.team.challenge)
        record_measurement(submission=submission, measured=read_body(request)["measured"], actor=request.user)
        return Response(SubmissionSerializer(submission).data)

    @extend_schema(responses={200: EvaluationSerializer(many=True)})
    @action(detail=True)
    def evaluations(self, request: Request, pk: str | None = None) -> Response:
        """Every scoring run with versions, seeds and hashes; organisers only."""
        submission = self.get_object()
        require_organiser(request.user, submission.team.challenge)
        runs = submission.evaluations.select_related("truth").prefetch_related("scores")
        return Response(EvaluationSerializer(runs, many=True).data)

    @extend_schema(parameters=[QUESTION], responses={200: OpenApiTypes.OBJECT})
    @action(detail=False)
    def remaining(self, request: Request) -> Response:
        """For each phase that takes submissions: how many one's team has left, and when the day's are renewed."""
        question = visible_question(request.user, request.query_params.get("question", ""))
        team = entered_team(request.user, question)
        if team is None:
            raise Http404
        return Response([remaining_document(team, phase) for phase in submissions_phases(question)])

    @extend_schema(parameters=[QUESTION, OpenApiParameter("phase", str)], responses={200: OpenApiTypes.OBJECT})
    @action(detail=False)
    def manifest(self, request: Request) -> Response:
        """What a submission must hold (ids, columns, grids, limits), as `concours check --manifest` takes it; no truth."""
        question = visible_question(request.user, request.query_params.get("question", ""))
        manifest = known_manifest(request.user, question, request.query_params.get("phase", ""))
        if manifest is None:
            raise Http404
        return Response(manifest.to_json())

    @extend_schema(parameters=[QUESTION], responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=False)
    def sample(self, request: Request) -> HttpResponse:
        """A submission that is accepted as it is, with the ids and grids of the cases once they are released to the caller."""
        return attachment(
            *sample_for(request.user, visible_question(request.user, request.query_params.get("question", "")))
        )

    @extend_schema(parameters=[QUESTION], responses={(200, "application/zip"): OpenApiTypes.BINARY})
    @action(detail=False)
    def kit(self, request: Request) -> HttpResponse:
        """The starter kit as a zip: README, data dictionary, terms, sample submission, baseline as script and notebook."""
        return attachment(
            *kit_for(request.user, visible_question(request.user, request.query_params.get("question", "")))
        )


def remaining_document(team: Team, phase: Phase) -> JsonObject:
    now = database_now()
    left = remaining(team=team, phase=phase, now=now)
    return {
        "phase": phase.name,
        "opens": phase.opens,
        "closes": phase.closes,
        "open": phase.is_open(now),
        "left": left.left,
        "per_day": left.per_day,
        "used_today": left.used_today,
        "per_phase": left.per_phase,
        "used_in_phase": left.used_in_phase,
        "resets_at": left.resets_at,
    }
