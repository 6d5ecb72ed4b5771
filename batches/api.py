"""Splits and batches over HTTP."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field, inline_serializer
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from batches.corrections import notices_of
from batches.deletion import attest_deletion
from batches.models import Batch, DeletionRequest, Split
from batches.permissions import may_download, require_built, sees_deletions
from batches.readiness import freeze_obstacles, release_obstacles
from batches.release import choose_face, reschedule_batch, revoke_batch
from batches.split import draft_split, freeze_split
from challenges.bodies import SeedBody
from challenges.lookup import organised_question
from challenges.models import Challenge
from challenges.permissions import require_organiser
from concours.formats.json import JsonObject
from core.body import Body, OptionalReasonBody, ReasonBody, read_body, takes
from core.moments import MomentField
from core.readiness import readiness_document

READINESS = OpenApiResponse(JsonObject, description=readiness_document.__doc__ or "")


class SplitFreezeBody(Body):
    face = serializers.ChoiceField(Batch.Face.choices, default="", allow_blank=True)


class BatchReleaseBody(OptionalReasonBody):
    released_at = MomentField()


class BatchFaceBody(OptionalReasonBody):
    face = serializers.ChoiceField(Batch.Face.choices)


class SplitSerializer(serializers.ModelSerializer[Split]):
    question = serializers.SerializerMethodField()
    faces = serializers.SerializerMethodField(help_text="Exams from which a face can be rendered.")

    class Meta:
        model = Split
        fields = ["id", "question", "number", "state", "seed", "rule", "balance", "faces", "sha256", "created_at"]

    def get_question(self, split: Split) -> str:
        return f"{split.question.challenge.slug}/{split.question.slug}"

    def get_faces(self, split: Split) -> int:
        return split.items.filter(exam__face_possible=True).count()


class SplitViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Split]):
    """Sets drawn from kept exams; organisers only."""

    serializer_class = SplitSerializer
    filterset_fields = ["question", "state"]

    def get_queryset(self) -> QuerySet[Split]:
        organised = Challenge.objects.organised_by(self.request.user)
        return Split.objects.filter(question__challenge__in=organised).select_related("question__challenge")

    @takes(SeedBody, responses={201: SplitSerializer})
    def create(self, request: Request) -> Response:
        """Draws a draft from the question's kept exams; an earlier draft is replaced."""
        body = read_body(request)
        question = organised_question(request.user, body["question"])
        split = draft_split(question=question, actor=request.user, seed=body["seed"])
        return Response(SplitSerializer(split).data, status=201)

    @takes(SplitFreezeBody, responses={200: SplitSerializer})
    @action(detail=True, methods=["post"])
    def freeze(self, request: Request, pk: str | None = None) -> Response:
        """Fixes the sets and plans the question's batches; `face` (keep, blank) outweighs the question file's."""
        split = self.get_object()
        freeze_split(split=split, actor=request.user, face=read_body(request)["face"])
        return Response(SplitSerializer(split).data)

    @extend_schema(responses={200: READINESS})
    @action(detail=True)
    def readiness(self, request: Request, pk: str | None = None) -> Response:
        """What a freeze would leave behind, by name; what blocks it."""
        return Response(readiness_document(freeze_obstacles(self.get_object())))


class BatchSerializer(serializers.ModelSerializer[Batch]):
    """A batch as teams see it: nothing of its set's size in the split, its seed, or who is in it beyond public ids."""

    question = serializers.SerializerMethodField()
    corrections = serializers.SerializerMethodField(help_text="Since the release: when and why labels were corrected.")
    exams = serializers.SerializerMethodField()
    download = serializers.SerializerMethodField()

    class Meta:
        model = Batch
        fields = [
            "id",
            "question",
            "name",
            "state",
            "face",
            "version",
            "corrections",
            "released_at",
            "exams",
            "manifest_sha256",
            "archive_sha256",
            "archive_bytes",
            "download",
        ]

    def get_question(self, batch: Batch) -> str:
        return f"{batch.question.challenge.slug}/{batch.question.slug}"

    @extend_schema_field(
        inline_serializer(
            "CorrectionNotice", {"at": serializers.DateTimeField(), "reason": serializers.CharField()}, many=True
        )
    )
    def get_corrections(self, batch: Batch) -> list[JsonObject]:
        return [{"at": notice.at, "reason": notice.reason} for notice in notices_of([batch])[batch.pk]]

    def get_exams(self, batch: Batch) -> int:
        return len(batch.manifest.get("cases", []))

    def get_download(self, batch: Batch) -> str:
        return f"/batches/{batch.pk}/download"


class BatchViewSet(viewsets.ReadOnlyModelViewSet[Batch]):
    """Batches that are out (organisers: all), with manifest and hashes; the archive is at `download`."""

    serializer_class = BatchSerializer
    filterset_fields = {"question__slug": ["exact"], "question__challenge__slug": ["exact"], "name": ["exact"]}

    def get_queryset(self) -> QuerySet[Batch]:
        return Batch.objects.visible_to(self.request.user).select_related("question__challenge")

    @extend_schema(responses={200: JsonObject})
    @action(detail=True)
    def manifest(self, request: Request, pk: str | None = None) -> Response:
        """Every case and file with its SHA-256."""
        batch = self.get_object()
        may_download(request.user, batch)
        require_built(batch)
        return Response(batch.manifest)

    @takes(None, responses={200: inline_serializer("DeletionAttested", {"attested": serializers.IntegerField()})})
    @action(detail=True, methods=["post"], url_path="attest-deletion")
    def attest_deletion(self, request: Request, pk: str | None = None) -> Response:
        """Declares that every copy of the cases that were withdrawn from this batch is deleted with oneself."""
        requests = DeletionRequest.objects.filter(user_id=int(request.user.pk or 0))
        batch = Batch.objects.filter(pk=str(pk), items__in=requests.values("item")).first()
        if batch is None:
            raise Http404
        return Response({"attested": attest_deletion(batch=batch, actor=request.user)})

    @extend_schema(responses={200: READINESS})
    @action(detail=True)
    def readiness(self, request: Request, pk: str | None = None) -> Response:
        """What prevents a release by hand."""
        batch = self.get_object()
        require_organiser(request.user, batch.question.challenge)
        return Response(readiness_document(release_obstacles(batch)))

    @takes(BatchReleaseBody, responses={200: BatchSerializer})
    @action(detail=True, methods=["post"])
    def reschedule(self, request: Request, pk: str | None = None) -> Response:
        batch = self.get_object()
        require_organiser(request.user, batch.question.challenge)
        reschedule_batch(batch=batch, actor=request.user, **read_body(request))
        return Response(BatchSerializer(batch).data)

    @takes(BatchFaceBody, responses={200: BatchSerializer})
    @action(detail=True, methods=["post"])
    def face(self, request: Request, pk: str | None = None) -> Response:
        """Keeps faces (`keep`) or has them blanked (`blank`); the batch is built again."""
        batch = self.get_object()
        require_organiser(request.user, batch.question.challenge)
        choose_face(batch=batch, actor=request.user, **read_body(request))
        return Response(BatchSerializer(batch).data)

    @takes(ReasonBody, responses={200: BatchSerializer})
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: str | None = None) -> Response:
        batch = self.get_object()
        require_organiser(request.user, batch.question.challenge)
        revoke_batch(batch=batch, actor=request.user, reason=read_body(request)["reason"])
        return Response(BatchSerializer(batch).data)


class DeletionRequestSerializer(serializers.ModelSerializer[DeletionRequest]):
    """A case that left a batch which somebody had fetched; the person's address is for organisers."""

    batch = serializers.UUIDField(source="item.batch_id")
    case = serializers.CharField(source="item.public_id")
    person = serializers.CharField(source="user.email")
    team = serializers.CharField(source="team.name", default=None)

    class Meta:
        model = DeletionRequest
        fields = ["id", "batch", "case", "person", "team", "requested_at", "mailed_at", "attested_at"]


class DeletionRequestViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[DeletionRequest]):
    """What one was asked to delete; for organisers and the data protection officer everybody's, with who has attested."""

    serializer_class = DeletionRequestSerializer
    filterset_fields = {"item__batch": ["exact"]}

    def get_queryset(self) -> QuerySet[DeletionRequest]:
        user = self.request.user
        if not user.is_authenticated:
            return DeletionRequest.objects.none()
        seen = Q(user=user) | Q(item__batch__question__challenge__in=sees_deletions(user))
        return DeletionRequest.objects.filter(seen).select_related("item", "user", "team").distinct().order_by("id")
