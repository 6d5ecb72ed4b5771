"""Submissions and the jury over HTTP."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from challenges.lookup import organised_question, visible_question
from challenges.models import Phase, Team
from challenges.people import require_organiser
from core.clock import database_now
from core.errors import InvalidInputError
from core.payload import payload
from core.storage import read_blob
from formats.fault import gettext_noop
from scoring.jury import (
    agreement,
    all_finished,
    begin_session,
    finish_session,
    jury_of,
    jury_scores,
    mark,
    open_jury,
)
from scoring.models import JuryCase, JurySession, Submission, Truth
from scoring.permissions import entered_team, is_organiser, require_own
from scoring.quota import remaining
from scoring.rescore import rescore_phase
from scoring.serializers import EvaluationSerializer, JurySessionSerializer, SubmissionSerializer
from scoring.submit import cancel_submission, choose_final, retry_submission, submissions_phases, submit
from uploads.models import Upload

QUESTION = OpenApiParameter("question", str, description="challenge/question")


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

    @extend_schema(
        request=inline_serializer(
            "SubmissionCreation",
            {
                "upload": serializers.UUIDField(),
                "description": serializers.CharField(required=False),
                "declared": serializers.JSONField(required=False),
                "idempotency_key": serializers.CharField(required=False),
            },
        ),
        responses={201: SubmissionSerializer},
    )
    def create(self, request: Request) -> Response:
        """Makes a submission of a stored upload, or gives the one it already is. A refusal says when and why in words."""
        upload_id = serializers.UUIDField().run_validation(payload(request).get("upload"))
        upload = (
            Upload.objects.visible_to(request.user)
            .filter(pk=upload_id)
            .select_related("question__challenge", "team", "owner")
            .first()
        )
        if upload is None:
            raise Http404
        declared = payload(request).get("declared") or {}
        if not isinstance(declared, dict):
            raise InvalidInputError(gettext_noop("'declared' is an object of names and values."))
        submission = submit(
            upload=upload,
            actor=request.user,
            description=str(payload(request).get("description", "")),
            declared=declared,
            idempotency_key=str(payload(request).get("idempotency_key", "")),
        )
        return Response(SubmissionSerializer(submission).data, status=201)

    @extend_schema(request=None, responses={200: SubmissionSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str | None = None) -> Response:
        """Takes back what is not scored yet; it costs no attempt."""
        submission = self.get_object()
        require_own(request.user, submission)
        cancel_submission(submission=submission, actor=request.user)
        return Response(SubmissionSerializer(submission).data)

    @extend_schema(request=None, responses={200: SubmissionSerializer})
    @action(detail=True, methods=["post"])
    def choose(self, request: Request, pk: str | None = None) -> Response:
        """Makes this the one by which the team is ranked, while the phase is open."""
        submission = self.get_object()
        require_own(request.user, submission)
        choose_final(submission=submission, actor=request.user)
        return Response(SubmissionSerializer(submission).data)

    @extend_schema(request=None, responses={200: SubmissionSerializer})
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str | None = None) -> Response:
        """An organiser has a failed submission tried again."""
        submission = self.get_object()
        require_organiser(request.user, submission.team.challenge)
        retry_submission(submission=submission, actor=request.user)
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


def remaining_document(team: Team, phase: Phase) -> dict[str, Any]:
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


class RescoreView(APIView):
    """`POST`: every scored submission of a phase is scored again; earlier evaluations stay on record."""

    @extend_schema(
        request=inline_serializer(
            "Rescore",
            {
                "question": serializers.CharField(),
                "phase": serializers.CharField(),
                "reason": serializers.CharField(),
            },
        ),
        responses={202: OpenApiTypes.OBJECT},
    )
    def post(self, request: Request) -> Response:
        question = organised_question(request.user, str(payload(request).get("question", "")))
        phase = question.phases.filter(name=str(payload(request).get("phase", ""))).first()
        if phase is None:
            raise Http404
        count = rescore_phase(phase=phase, actor=request.user, reason=str(payload(request).get("reason", "")))
        return Response({"submissions": count}, status=202)


class TruthsView(APIView):
    """`GET`: the sealed truths of a question: versions, hashes and numbers of cases, never what is in them."""

    @extend_schema(parameters=[QUESTION], responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        question = organised_question(request.user, request.query_params.get("question", ""))
        rows = Truth.objects.filter(batch__question=question).select_related("batch")
        return Response(
            [
                {
                    "batch": row.batch.name,
                    "version": row.version,
                    "cases": row.cases,
                    "sha256": row.sha256,
                    "sealed_at": row.sealed_at,
                    "reason": row.reason,
                }
                for row in rows
            ]
        )


class JuryView(APIView):
    """The jury of a question as its organisers follow it. Scores show when every juror has finished."""

    @extend_schema(parameters=[QUESTION], responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        question = organised_question(request.user, request.query_params.get("question", ""))
        return Response(jury_document(question))

    @extend_schema(
        request=inline_serializer(
            "JuryOpening", {"question": serializers.CharField(), "seed": serializers.IntegerField(required=False)}
        ),
        responses={202: OpenApiTypes.OBJECT},
    )
    def post(self, request: Request) -> Response:
        """Has the cases chosen."""
        question = organised_question(request.user, str(payload(request).get("question", "")))
        seed = payload(request).get("seed")
        open_jury(
            question=question,
            actor=request.user,
            seed=None if seed is None else serializers.IntegerField().run_validation(seed),
        )
        return Response(jury_document(question), status=202)


def jury_document(question: Any) -> dict[str, Any]:
    """What organisers follow: who has finished, and the outcome once all have."""
    jury = jury_of(question)
    cases = question.jury_cases.count()
    scores = jury_scores(question)
    teams = dict(Submission.objects.filter(pk__in=list(scores or {})).values_list("pk", "team__name"))
    return {
        "cases": cases,
        "jurors": jury.jurors,
        "max": jury.max,
        "sessions": [
            {
                "juror": session.juror.get_full_name(),
                "marked": session.marks.values("case").distinct().count(),
                "finished_at": session.finished_at,
            }
            for session in question.jury_sessions.select_related("juror").order_by("pk")
        ],
        "finished": all_finished(question),
        "scores": None if scores is None else {teams[key]: value for key, value in scores.items()},
        "agreement": agreement(question),
    }


class JurySessionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[JurySession]):
    """One's own session: `POST` begins it, `mark` marks a case, `finish` ends it."""

    serializer_class = JurySessionSerializer

    def get_queryset(self) -> QuerySet[JurySession]:
        return JurySession.objects.visible_to(self.request.user).select_related("question__challenge").order_by("pk")

    @extend_schema(
        request=inline_serializer("JuryBeginning", {"question": serializers.CharField()}),
        responses={201: JurySessionSerializer},
    )
    def create(self, request: Request) -> Response:
        question = visible_question(request.user, str(payload(request).get("question", "")))
        session = begin_session(question=question, juror=request.user)
        return Response(JurySessionSerializer(session).data, status=201)

    @extend_schema(
        request=inline_serializer(
            "JuryMarks",
            {"case": serializers.UUIDField(), "marks": serializers.DictField(child=serializers.IntegerField())},
        ),
        responses={200: JurySessionSerializer},
    )
    @action(detail=True, methods=["post"])
    def mark(self, request: Request, pk: str | None = None) -> Response:
        """All criteria of one case at once."""
        session = self.get_object()
        case_id = serializers.UUIDField().run_validation(payload(request).get("case"))
        case = session.question.jury_cases.filter(pk=case_id).first()
        if case is None:
            raise Http404
        marks = payload(request).get("marks")
        mark(session=session, case=case, marks=marks if isinstance(marks, dict) else {})
        return Response(JurySessionSerializer(session).data)

    @extend_schema(request=None, responses={200: JurySessionSerializer})
    @action(detail=True, methods=["post"])
    def finish(self, request: Request, pk: str | None = None) -> Response:
        session = self.get_object()
        finish_session(session=session, actor=request.user)
        return Response(JurySessionSerializer(session).data)


class JuryImagesView(APIView):
    """`GET`: the images of a case, uint8 NPY (images, rows, columns), for its jurors and organisers."""

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: Any) -> HttpResponse:
        case = visible_case(request.user, pk)
        return HttpResponse(
            read_blob("submissions", case.images_key),
            content_type="application/octet-stream",
            headers={"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"},
        )


def visible_case(user: Any, case_id: Any) -> JuryCase:
    """The case if the person has a session of its jury, or organises; what others ask for does not exist."""
    case = JuryCase.objects.filter(pk=case_id).select_related("question__challenge").first()
    if case is None:
        raise Http404
    in_jury = JurySession.objects.visible_to(user).filter(question=case.question).exists()
    if not in_jury and not is_organiser(user, case.question):
        raise Http404
    return case
