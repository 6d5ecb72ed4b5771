"""Rankings, boards and announcements over HTTP."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny, IsAuthenticated, IsAuthenticatedOrReadOnly
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from challenges.bodies import PhaseBody, QuestionBody
from challenges.lookup import organised_question, visible_challenge, visible_question
from challenges.models import Team
from challenges.permissions import require_organiser
from core.body import LARGEST, Body, NamesField, read_body, takes
from core.moments import MomentField
from core.readiness import readiness_document
from leaderboard.announce import announce
from leaderboard.board import board, number_in
from leaderboard.certificates import KINDS, certificates_for
from leaderboard.edition_tables import edition_tables
from leaderboard.methods import methods_draft
from leaderboard.models import Announcement, Ranking
from leaderboard.permissions import shows_cases
from leaderboard.publish import ask_for_ranking, publish_ranking
from leaderboard.readiness import announce_obstacles, publish_obstacles
from scoring.permissions import is_organiser


class PublicationBody(Body):
    at = MomentField(allow_null=True, default=None)


class AnnouncementDraftBody(QuestionBody):
    ranking = serializers.IntegerField(min_value=1, max_value=LARGEST)
    announced_at = MomentField()
    words = NamesField(default=dict, help_text="A word of the organisers, by language.")


class RankingSerializer(serializers.ModelSerializer[Ranking]):
    """A ranking's place in time; its lines are on the board."""

    question = serializers.SerializerMethodField()
    phase = serializers.CharField(source="phase.name", read_only=True)

    class Meta:
        model = Ranking
        fields = [
            "id",
            "question",
            "phase",
            "part",
            "number",
            "sha256",
            "cause",
            "reason",
            "computed_at",
            "published_at",
        ]

    def get_question(self, ranking: Ranking) -> str:
        return f"{ranking.question.challenge.slug}/{ranking.question.slug}"


class RankingDetailSerializer(RankingSerializer):
    """For organisers also the snapshot in full precision: rule, ranked set, versions, seeds, hashes, statistics.

    `plots`, what the pictures of single cases are drawn from, is for everybody once the results are final.
    """

    snapshot = serializers.SerializerMethodField()
    plots = serializers.SerializerMethodField()

    class Meta(RankingSerializer.Meta):
        fields = [*RankingSerializer.Meta.fields, "snapshot", "plots"]

    @extend_schema_field(dict[str, Any])
    def get_snapshot(self, ranking: Ranking) -> dict[str, Any] | None:
        user = self.context["request"].user
        return ranking.snapshot if is_organiser(user, ranking.question) else None

    @extend_schema_field(dict[str, Any])
    def get_plots(self, ranking: Ranking) -> dict[str, Any] | None:
        shown = shows_cases(self.context["request"].user, ranking)
        return ranking.statistics.get("plots") if shown else None


class RankingViewSet(viewsets.ReadOnlyModelViewSet[Ranking]):
    """Published rankings; for organisers every one that was computed."""

    permission_classes = [IsAuthenticatedOrReadOnly]
    filterset_fields = {
        "question__slug": ["exact"],
        "question__challenge__slug": ["exact"],
        "phase__name": ["exact"],
        "part": ["exact"],
    }

    def get_queryset(self) -> QuerySet[Ranking]:
        visible = Ranking.objects.visible_to(self.request.user).select_related("phase", "question__challenge")
        return visible.defer("snapshot", "statistics") if self.action == "list" else visible

    def get_serializer_class(self) -> Any:
        return RankingSerializer if self.action == "list" else RankingDetailSerializer

    @takes(PhaseBody, responses={202: None})
    def create(self, request: Request) -> Response:
        """Has a phase ranked again."""
        body = read_body(request)
        question = organised_question(request.user, body["question"])
        phase = question.phases.filter(name=body["phase"]).first()
        if phase is None:
            raise Http404
        ask_for_ranking(phase=phase, actor=request.user)
        return Response(status=202)

    @takes(PublicationBody, responses={200: RankingSerializer})
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, pk: str | None = None) -> Response:
        """Makes it public, now or at a given moment."""
        ranking = self.get_object()
        publish_ranking(ranking=ranking, actor=request.user, **read_body(request))
        return Response(RankingSerializer(ranking).data)

    @extend_schema(
        parameters=[OpenApiParameter("step", str, enum=["publish", "announce"])],
        responses={200: OpenApiResponse(dict[str, Any], description=readiness_document.__doc__ or "")},
    )
    @action(detail=True)
    def readiness(self, request: Request, pk: str | None = None) -> Response:
        """What stands in the way of a publication (or, with `step=announce`, of an announcement)."""
        ranking = self.get_object()
        require_organiser(request.user, ranking.question.challenge)
        announces = request.query_params.get("step") == "announce"
        obstacles = announce_obstacles(ranking.question, ranking) if announces else publish_obstacles(ranking)
        return Response(readiness_document(obstacles))


class BoardView(APIView):
    """`GET`: the board of a question as the reader may see it: places, rounded scores, intervals, tie groups, N.S."""

    permission_classes = [AllowAny]

    @extend_schema(
        parameters=[OpenApiParameter("phase", str), OpenApiParameter("part", str), OpenApiParameter("number", int)],
        responses={200: OpenApiTypes.OBJECT},
    )
    def get(self, request: Request, challenge: str, question: str) -> Response:
        question_row = visible_question(request.user, f"{challenge}/{question}")
        shown = board(
            request.user,
            question_row,
            phase=request.query_params.get("phase", ""),
            part=request.query_params.get("part", ""),
            number=number_in(request.query_params.get("number", "")),
        )
        if shown is None:
            raise Http404
        return Response(shown)


class AnnouncementSerializer(serializers.ModelSerializer[Announcement]):
    """Winners (several when tied), the best centre, and how many exams each centre had included."""

    question = serializers.SerializerMethodField()
    winners: serializers.SlugRelatedField[Team] = serializers.SlugRelatedField("name", many=True, read_only=True)
    best_centre = serializers.SerializerMethodField()

    class Meta:
        model = Announcement
        fields = ["id", "question", "ranking", "winners", "best_centre", "centre_exams", "words", "announced_at"]

    def get_question(self, announcement: Announcement) -> str:
        return f"{announcement.question.challenge.slug}/{announcement.question.slug}"

    def get_best_centre(self, announcement: Announcement) -> str | None:
        return announcement.best_centre.name if announcement.best_centre else None


class AnnouncementViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Announcement]):
    """What is announced; for organisers also what will be."""

    serializer_class = AnnouncementSerializer
    permission_classes = [IsAuthenticatedOrReadOnly]
    filterset_fields = {"question__slug": ["exact"], "question__challenge__slug": ["exact"]}

    def get_queryset(self) -> QuerySet[Announcement]:
        visible = Announcement.objects.visible_to(self.request.user)
        return visible.select_related("question__challenge", "best_centre").prefetch_related("winners").order_by("pk")

    @takes(AnnouncementDraftBody, responses={201: AnnouncementSerializer})
    def create(self, request: Request) -> Response:
        """Decides winners and best centre, out at `announced_at`."""
        body = read_body(request)
        question = organised_question(request.user, body["question"])
        ranking = Ranking.objects.visible_to(request.user).filter(question=question, pk=body["ranking"]).first()
        if ranking is None:
            raise Http404
        announcement = announce(
            question=question,
            ranking=ranking,
            announced_at=body["announced_at"],
            actor=request.user,
            words=body["words"],
        )
        return Response(AnnouncementSerializer(announcement).data, status=201)


class EditionView(APIView):
    """The tables of an edition: criteria, centres, received and kept, sets, scores, results, winners, teams."""

    permission_classes = [AllowAny]

    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request, challenge: str) -> Response:
        """By table: `{"title", "columns", "rows"}`. Before the announcement organisers see a preview; others see nothing."""
        challenge_row = visible_challenge(request.user, challenge)
        return Response({table.name: table.to_json() for table in edition_tables(challenge_row, request.user)})


class CertificatesView(APIView):
    """What certificates of teams, centres, readers or jurors say; the PDF is on the page of the results."""

    permission_classes = [IsAuthenticated]

    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request, challenge: str, kind: str) -> Response:
        """One's own certificates of the announced questions; for organisers all of the kind (teams, centres, readers, jurors)."""
        challenge_row = visible_challenge(request.user, challenge)
        granted = certificates_for(challenge_row, request.user, kind) if kind in KINDS else []
        if not granted:
            raise Http404
        return Response([certificate.to_json() for certificate in granted])


class MethodsView(APIView):
    """A draft of the methods section of the edition's paper."""

    permission_classes = [IsAuthenticated]

    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request, challenge: str) -> Response:
        """`{"markdown"}` with the edition's own figures; organisers only."""
        challenge_row = visible_challenge(request.user, challenge)
        require_organiser(request.user, challenge_row)
        questions = list(challenge_row.questions.select_related("challenge"))
        return Response({"markdown": methods_draft(challenge_row, questions)})
