"""The frame over HTTP: challenges with their questions, phases and timeline, and the charters people sign."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated, IsAuthenticatedOrReadOnly
from rest_framework.request import Request
from rest_framework.response import Response

from challenges.bodies import (
    ChallengeChangeBody,
    ChallengeDraftBody,
    CharterDraftBody,
    MilestoneDraftBody,
    MovedDatesBody,
    NextEditionBody,
    QuestionFileBody,
    QuestionTextBody,
    SignatureBody,
    WindowBody,
)
from challenges.charter import publish_charter, sign_charter
from challenges.editions import EditionNames, next_edition
from challenges.frame import (
    close_challenge,
    create_challenge,
    load_question,
    open_challenge,
    plan_milestone,
    reschedule_phase,
    update_challenge,
)
from challenges.lookup import organised_challenge
from challenges.models import Challenge, Charter, Phase, Question
from challenges.permissions import require_founder, require_organiser
from challenges.question_files import moved_to, question_mistakes, update_question
from challenges.serializers import (
    ChallengeSerializer,
    CharterSerializer,
    FileMistakeSerializer,
    MilestoneSerializer,
    MovedFileSerializer,
    PhaseSerializer,
    QuestionDetailSerializer,
    QuestionSerializer,
)
from concours.questions.schema import SpecError
from core.body import OptionalReasonBody, read_body, takes
from core.refusals import refusal


def answer_mistakes(error: SpecError) -> Response:
    """Every error of a question file, each with its line."""
    mistakes = [{"reason": "question_file", **asdict(mistake)} for mistake in question_mistakes(error)]
    return Response(refusal("question_file", mistakes[0]["message"], mistakes), status=400)


MISTAKES = OpenApiResponse(
    inline_serializer(
        "QuestionFileMistakes",
        {
            "reason": serializers.CharField(),
            "detail": serializers.CharField(),
            "errors": FileMistakeSerializer(many=True),
        },
    ),
    description="Every error of the file, each with its line.",
)


class ChallengeViewSet(viewsets.ReadOnlyModelViewSet[Challenge]):
    """Open challenges; drafts are their organisers'."""

    serializer_class = ChallengeSerializer
    permission_classes = [IsAuthenticatedOrReadOnly]
    lookup_field = "slug"

    def get_queryset(self) -> QuerySet[Challenge]:
        return Challenge.objects.visible_to(self.request.user).prefetch_related("questions")

    @takes(ChallengeDraftBody, responses={201: ChallengeSerializer})
    def create(self, request: Request) -> Response:
        """A draft; whoever makes it is its first organiser."""
        require_founder(request.user)
        draft = read_body(request)
        challenge = create_challenge(actor=request.user, **draft)
        return Response(ChallengeSerializer(challenge).data, status=201)

    @takes(ChallengeChangeBody, responses={200: ChallengeSerializer})
    def partial_update(self, request: Request, slug: str = "") -> Response:
        """Title, summary, contact or data protection officer, whichever are given."""
        challenge = organised_challenge(request.user, slug)
        update_challenge(challenge=challenge, actor=request.user, **read_body(request))
        return Response(ChallengeSerializer(challenge).data)

    @takes(None, responses={200: ChallengeSerializer})
    @action(detail=True, methods=["post"])
    def open(self, request: Request, slug: str = "") -> Response:
        """Makes the challenge public."""
        challenge = organised_challenge(request.user, slug)
        open_challenge(challenge=challenge, actor=request.user)
        return Response(ChallengeSerializer(challenge).data)

    @takes(OptionalReasonBody, responses={200: ChallengeSerializer})
    @action(detail=True, methods=["post"])
    def close(self, request: Request, slug: str = "") -> Response:
        challenge = organised_challenge(request.user, slug)
        close_challenge(challenge=challenge, actor=request.user, reason=read_body(request)["reason"])
        return Response(ChallengeSerializer(challenge).data)

    @takes(NextEditionBody, responses={201: ChallengeSerializer, 400: MISTAKES})
    @action(detail=True, methods=["post"], url_path="next-edition")
    def next_edition(self, request: Request, slug: str = "") -> Response:
        """A draft with the questions, charters and centres of this challenge, every date moved by the same days."""
        challenge, body = organised_challenge(request.user, slug), read_body(request)
        try:
            edition = next_edition(
                challenge=challenge,
                names=EditionNames(body["slug"], body["title"]),
                first=body["first_opening"],
                with_centres=body["with_centres"],
                actor=request.user,
            )
        except SpecError as error:
            return answer_mistakes(error)
        return Response(ChallengeSerializer(edition).data, status=201)

    @extend_schema(responses={200: MilestoneSerializer(many=True)})
    @action(detail=True)
    def timeline(self, request: Request, slug: str = "") -> Response:
        """Every moment of the challenge and its questions, in order."""
        challenge = self.get_object()
        return Response(MilestoneSerializer(challenge.milestones.select_related("question"), many=True).data)

    @takes(MilestoneDraftBody, responses={200: MilestoneSerializer})
    @timeline.mapping.post
    def plan(self, request: Request, slug: str = "") -> Response:
        """A moment of the challenge as a whole; the same key again moves it."""
        challenge = organised_challenge(request.user, slug)
        row = plan_milestone(challenge=challenge, **read_body(request))
        return Response(MilestoneSerializer(row).data)


class QuestionFilter(filters.FilterSet):
    challenge = filters.CharFilter(field_name="challenge__slug")
    slug = filters.CharFilter(field_name="slug")

    class Meta:
        model = Question
        fields = ["challenge", "slug"]


class QuestionViewSet(viewsets.ReadOnlyModelViewSet[Question]):
    """Questions, named challenge/question. Each is a file; sending a new file is a new revision."""

    permission_classes = [IsAuthenticatedOrReadOnly]
    filterset_class = QuestionFilter
    lookup_value_regex = "[^/.]+/[^/.]+"

    def get_queryset(self) -> QuerySet[Question]:
        return Question.objects.visible_to(self.request.user).select_related("challenge")

    def get_serializer_class(self) -> Any:
        return QuestionSerializer if self.action == "list" else QuestionDetailSerializer

    def get_object(self) -> Question:
        challenge, _slash, slug = self.kwargs["pk"].partition("/")
        question = (
            self.get_queryset()
            .filter(challenge__slug=challenge, slug=slug)
            .prefetch_related("phases__question__challenge")
            .first()
        )
        if question is None:
            raise Http404
        return question

    @takes(QuestionFileBody, responses={201: QuestionDetailSerializer, 400: MISTAKES})
    def create(self, request: Request) -> Response:
        """Creates or updates the question that the file names; all of it or nothing."""
        draft = read_body(request)
        challenge = organised_challenge(request.user, draft["challenge"])
        try:
            first = draft.get("first_opening")
            text = moved_to(draft["text"], first).text if first else draft["text"]
            question = load_question(challenge=challenge, text=text, actor=request.user)
        except SpecError as error:
            return answer_mistakes(error)
        return Response(QuestionDetailSerializer(question).data, status=201)

    @takes(MovedDatesBody, responses={200: MovedFileSerializer, 400: MISTAKES})
    @action(detail=False, methods=["post"], url_path="move-dates", permission_classes=[IsAuthenticated])
    def move_dates(self, request: Request) -> Response:
        """The file with its dates moved, each beside what it was. Nothing is loaded."""
        draft = read_body(request)
        try:
            moved = moved_to(draft["text"], draft["first_opening"])
        except SpecError as error:
            return answer_mistakes(error)
        return Response(MovedFileSerializer(moved).data)

    @takes(QuestionTextBody, responses={200: QuestionDetailSerializer, 400: MISTAKES})
    def update(self, request: Request, pk: str = "") -> Response:
        """A new revision of this question. The file must keep its slug."""
        question = self.get_object()
        require_organiser(request.user, question.challenge)
        draft = read_body(request)
        try:
            question = update_question(question=question, text=draft["text"], actor=request.user)
        except SpecError as error:
            return answer_mistakes(error)
        return Response(QuestionDetailSerializer(question).data)


class PhaseFilter(filters.FilterSet):
    challenge = filters.CharFilter(field_name="question__challenge__slug")
    question = filters.CharFilter(field_name="question__slug")

    class Meta:
        model = Phase
        fields = ["challenge", "question", "name"]


class PhaseViewSet(viewsets.ReadOnlyModelViewSet[Phase]):
    """Named windows; open while opens <= now < closes."""

    serializer_class = PhaseSerializer
    permission_classes = [IsAuthenticatedOrReadOnly]
    filterset_class = PhaseFilter

    def get_queryset(self) -> QuerySet[Phase]:
        visible = Question.objects.visible_to(self.request.user)
        return Phase.objects.filter(question__in=visible).select_related("question__challenge")

    @takes(WindowBody, responses={200: PhaseSerializer})
    @action(detail=True, methods=["post"])
    def reschedule(self, request: Request, pk: str | None = None) -> Response:
        """Moves the window, with the reason on record."""
        phase = self.get_object()
        require_organiser(request.user, phase.question.challenge)
        reschedule_phase(phase=phase, actor=request.user, **read_body(request))
        return Response(PhaseSerializer(phase).data)


class CharterFilter(filters.FilterSet):
    challenge = filters.CharFilter(field_name="challenge__slug")

    class Meta:
        model = Charter
        fields = ["challenge", "audience", "version"]


class CharterViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Charter]):
    """Charters in versions; the newest of an audience is in force, and its people sign it."""

    serializer_class = CharterSerializer
    filterset_class = CharterFilter

    def get_queryset(self) -> QuerySet[Charter]:
        visible = Challenge.objects.visible_to(self.request.user)
        return Charter.objects.filter(challenge__in=visible).select_related("challenge").prefetch_related("signatures")

    @takes(CharterDraftBody, responses={201: CharterSerializer})
    def create(self, request: Request) -> Response:
        """Publishes a version; everybody of the audience is asked to sign it."""
        draft = read_body(request)
        challenge = organised_challenge(request.user, draft.pop("challenge"))
        charter = publish_charter(challenge=challenge, actor=request.user, **draft)
        return Response(self.get_serializer(charter).data, status=201)

    @takes(SignatureBody, responses={200: CharterSerializer})
    @action(detail=True, methods=["post"])
    def sign(self, request: Request, pk: str | None = None) -> Response:
        """Signs this version with one's full name."""
        sign_charter(
            charter=self.get_object(),
            user=request.user,
            name=read_body(request)["name"],
            address=request.META.get("REMOTE_ADDR") or None,
        )
        return Response(self.get_serializer(self.get_object()).data)
