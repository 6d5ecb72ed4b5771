"""The jury over HTTP: as organisers follow it, and as a juror marks."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from challenges.bodies import QuestionBody
from challenges.lookup import organised_question, visible_question
from challenges.models import Question
from concours.formats.json import JsonObject
from core.actors import Reader
from core.body import read_body, takes
from core.storage import read_blob
from scoring.api_parameters import QUESTION
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
from scoring.models import JuryCase, JurySession, Submission
from scoring.permissions import is_organiser
from scoring.serializers import (
    JuryMarksBody,
    JuryOpeningBody,
    JurySessionSerializer,
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
