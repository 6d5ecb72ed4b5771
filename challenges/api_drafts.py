"""Question files in the making, over HTTP: begin one, read what is wrong with it, write it, load it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.timezone import get_default_timezone
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from challenges.api import MISTAKES, answer_mistakes
from challenges.bodies import DraftStartBody, DraftTextBody, DraftTextOfBody
from challenges.drafts import delete_draft, load_draft, start_draft, write_draft
from challenges.lookup import named_question, organised_challenge
from challenges.models import Challenge, QuestionDraft
from challenges.serializers import DraftDetailSerializer, DraftSerializer, QuestionDetailSerializer
from concours.known_names import known_names
from concours.questions.schema import SpecError
from concours.questions.starting import Start, start_file
from core.body import read_body, takes


class QuestionDraftViewSet(viewsets.ReadOnlyModelViewSet[QuestionDraft]):
    """Drafts of the challenges that one organises. Each names what is still wrong with it."""

    permission_classes = [IsAuthenticated]

    def get_queryset(self) -> QuerySet[QuestionDraft]:
        organised = Challenge.objects.organised_by(self.request.user)
        return QuestionDraft.objects.filter(challenge__in=organised).select_related("challenge", "question")

    def get_serializer_class(self) -> Any:
        return DraftSerializer if self.action == "list" else DraftDetailSerializer

    @takes(DraftTextOfBody, responses={201: DraftDetailSerializer})
    def create(self, request: Request) -> Response:
        """A draft with this text; `question` names the question whose next revision it is to be."""
        body = read_body(request)
        challenge = organised_challenge(request.user, body["challenge"])
        question = named_question(challenge, body["question"]) if body["question"] else None
        draft = start_draft(challenge=challenge, text=body["text"], question=question, actor=request.user)
        return Response(DraftDetailSerializer(draft).data, status=201)

    @takes(DraftStartBody, responses={201: DraftDetailSerializer})
    @action(detail=False, methods=["post"])
    def begin(self, request: Request) -> Response:
        """Make a complete draft from the task, the images, the truth and the first day."""
        body = read_body(request)
        challenge, first = organised_challenge(request.user, body.pop("challenge")), body.pop("first_opening")
        text = start_file(Start(**body), known_names(), first, get_default_timezone())
        return Response(
            DraftDetailSerializer(start_draft(challenge=challenge, text=text, actor=request.user)).data, status=201
        )

    @takes(DraftTextBody, responses={200: DraftDetailSerializer})
    def update(self, request: Request, pk: str = "") -> Response:
        """The draft with another text. `version` is the one that was read: nobody's changes are undone unseen."""
        draft = write_draft(draft=self.get_object(), actor=request.user, **read_body(request))
        return Response(DraftDetailSerializer(draft).data)

    @takes(None, responses={204: None})
    def destroy(self, request: Request, pk: str = "") -> Response:
        delete_draft(draft=self.get_object(), actor=request.user)
        return Response(status=204)

    @takes(None, responses={200: QuestionDetailSerializer, 400: MISTAKES})
    @action(detail=True, methods=["post"])
    def load(self, request: Request, pk: str = "") -> Response:
        """The question that the draft describes; the draft goes. With mistakes it stays, and every one is listed."""
        try:
            question = load_draft(draft=self.get_object(), actor=request.user)
        except SpecError as error:
            return answer_mistakes(error)
        return Response(QuestionDetailSerializer(question).data)
