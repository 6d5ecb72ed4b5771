"""Submissions and the jury over HTTP."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from challenges.bodies import QuestionBody
from challenges.lookup import organised_question, visible_question
from challenges.models import Phase, Question, Team
from challenges.permissions import require_organiser
from concours.formats.json import JsonObject
from core.actors import Reader
from core.attachments import attachment
from core.body import OptionalReasonBody, read_body, takes
from core.clock import database_now
from core.storage import read_blob
from scoring.entered import enter_scores, record_measurement, scores_table
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
from scoring.known_cases import kit_for, known_manifest, sample_for
from scoring.models import JuryCase, JurySession, Submission, Truth
from scoring.permissions import entered_team, is_organiser, require_own
from scoring.quota import remaining
from scoring.rescore import rescore_phase
from scoring.serializers import (
    EvaluationSerializer,
    JuryMarksBody,
    JuryOpeningBody,
    JurySessionSerializer,
    MeasurementBody,
    RescoreBody,
    ScoresBody,
    SubmissionDraftBody,
    SubmissionSerializer,
)
from scoring.submit import choose_final, retry_submission, submissions_phases, submit
from scoring.take_back import cancel_submission, refund_submission
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


class ScoresView(APIView):
    """`POST`: a table of scores computed elsewhere, one row a team or submission; `GET`: the table to fill."""

    @extend_schema(
        parameters=[QUESTION, OpenApiParameter("phase", str)], responses={(200, "text/csv"): OpenApiTypes.STR}
    )
    def get(self, request: Request) -> HttpResponse:
        question = organised_question(request.user, request.query_params.get("question", ""))
        phase = _phase_of(question, request.query_params.get("phase", ""))
        return HttpResponse(scores_table(phase), content_type="text/csv; charset=utf-8")

    @takes(ScoresBody, responses={200: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        body = read_body(request)
        question = organised_question(request.user, body["question"])
        phase = _phase_of(question, body["phase"])
        file = body.get("file")
        content = file.read() if file is not None else body["table"].encode()
        name = file.name if file is not None else "scores.csv"
        return Response({"submissions": enter_scores(phase=phase, content=content, file_name=name, actor=request.user)})


def _phase_of(question: Question, name: str) -> Phase:
    phase = question.phases.accepting("submissions").select_related("question__challenge").filter(name=name).first()
    if phase is None:
        raise Http404
    return phase


class RescoreView(APIView):
    """`POST`: every scored submission of a phase is scored again; earlier evaluations stay on record."""

    @takes(RescoreBody, responses={202: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        body = read_body(request)
        question = organised_question(request.user, body["question"])
        phase = question.phases.filter(name=body["phase"]).first()
        if phase is None:
            raise Http404
        count = rescore_phase(phase=phase, actor=request.user, reason=body["reason"])
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

    @takes(JuryOpeningBody, responses={202: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        """Has the cases chosen."""
        body = read_body(request)
        question = organised_question(request.user, body["question"])
        open_jury(question=question, actor=request.user, seed=body["seed"])
        return Response(jury_document(question), status=202)


def jury_document(question: Question) -> JsonObject:
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

    @takes(QuestionBody, responses={201: JurySessionSerializer})
    def create(self, request: Request) -> Response:
        question = visible_question(request.user, read_body(request)["question"])
        session = begin_session(question=question, juror=request.user)
        return Response(JurySessionSerializer(session).data, status=201)

    @takes(JuryMarksBody, responses={200: JurySessionSerializer})
    @action(detail=True, methods=["post"])
    def mark(self, request: Request, pk: str | None = None) -> Response:
        """All criteria of one case at once."""
        session = self.get_object()
        body = read_body(request)
        case = session.question.jury_cases.filter(pk=body["case"]).first()
        if case is None:
            raise Http404
        mark(session=session, case=case, marks=body["marks"])
        return Response(JurySessionSerializer(session).data)

    @takes(None, responses={200: JurySessionSerializer})
    @action(detail=True, methods=["post"])
    def finish(self, request: Request, pk: str | None = None) -> Response:
        session = self.get_object()
        finish_session(session=session, actor=request.user)
        return Response(JurySessionSerializer(session).data)


class JuryImagesView(APIView):
    """`GET`: the images of a case, uint8 NPY (images, rows, columns), for its jurors and organisers."""

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: UUID) -> HttpResponse:
        case = visible_case(request.user, pk)
        return HttpResponse(
            read_blob("submissions", case.images_key),
            content_type="application/octet-stream",
            headers={"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"},
        )


def visible_case(user: Reader, case_id: UUID) -> JuryCase:
    """The case if the person has a session of its jury, or organises; what others ask for does not exist."""
    case = JuryCase.objects.filter(pk=case_id).select_related("question__challenge").first()
    if case is None:
        raise Http404
    in_jury = JurySession.objects.visible_to(user).filter(question=case.question).exists()
    if not in_jury and not is_organiser(user, case.question):
        raise Http404
    return case
