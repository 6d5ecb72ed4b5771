"""Scores that organisers enter, count again, and the truths that they are of, over HTTP."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from challenges.lookup import organised_question
from challenges.models import Phase, Question
from core.body import read_body, takes
from scoring.api_parameters import QUESTION
from scoring.entered import enter_scores, scores_table
from scoring.models import Truth
from scoring.rescore import rescore_phase
from scoring.serializers import (
    RescoreBody,
    ScoresBody,
)


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
