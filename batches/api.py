"""Splits and batches over HTTP."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from batches.models import Batch, Split
from batches.permissions import may_download
from batches.release import choose_face, reschedule_batch, revoke_batch
from batches.split import draft_split, freeze_split
from challenges.lookup import organised_question
from challenges.models import Challenge
from challenges.people import require_organiser
from core.moments import MomentField
from core.payload import payload

REASON = inline_serializer("Reason", {"reason": serializers.CharField()})


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

    @extend_schema(
        request=inline_serializer(
            "SplitDraft", {"question": serializers.CharField(), "seed": serializers.IntegerField(required=False)}
        ),
        responses={201: SplitSerializer},
    )
    def create(self, request: Request) -> Response:
        """Draws a draft from the question's kept exams; an earlier draft is replaced."""
        question = organised_question(request.user, str(payload(request).get("question", "")))
        seed = payload(request).get("seed")
        split = draft_split(question=question, actor=request.user, seed=None if seed is None else int(seed))
        return Response(SplitSerializer(split).data, status=201)

    @extend_schema(
        request=inline_serializer("SplitFreeze", {"face": serializers.CharField(required=False)}),
        responses={200: SplitSerializer},
    )
    @action(detail=True, methods=["post"])
    def freeze(self, request: Request, pk: str | None = None) -> Response:
        """Fixes the sets and plans the question's batches; `face` (keep, blank) outweighs the question file's."""
        split = self.get_object()
        freeze_split(split=split, actor=request.user, face=str(payload(request).get("face", "")))
        return Response(SplitSerializer(split).data)


class BatchSerializer(serializers.ModelSerializer[Batch]):
    """A batch as teams see it: nothing of its set's size in the split, its seed, or who is in it beyond public ids."""

    question = serializers.SerializerMethodField()
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
            "released_at",
            "exams",
            "manifest_sha256",
            "archive_sha256",
            "archive_bytes",
            "download",
        ]

    def get_question(self, batch: Batch) -> str:
        return f"{batch.question.challenge.slug}/{batch.question.slug}"

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

    @extend_schema(responses={200: dict[str, Any]})
    @action(detail=True)
    def manifest(self, request: Request, pk: str | None = None) -> Response:
        """Every case and file with its SHA-256."""
        batch = self.get_object()
        may_download(request.user, batch)
        return Response(batch.manifest)

    @extend_schema(
        request=inline_serializer(
            "BatchRelease",
            {"released_at": MomentField(), "reason": serializers.CharField(required=False)},
        ),
        responses={200: BatchSerializer},
    )
    @action(detail=True, methods=["post"])
    def reschedule(self, request: Request, pk: str | None = None) -> Response:
        batch = self.get_object()
        require_organiser(request.user, batch.question.challenge)
        moment = MomentField().run_validation(payload(request).get("released_at"))
        reschedule_batch(
            batch=batch, released_at=moment, actor=request.user, reason=str(payload(request).get("reason", ""))
        )
        return Response(BatchSerializer(batch).data)

    @extend_schema(
        request=inline_serializer(
            "BatchFace", {"face": serializers.CharField(), "reason": serializers.CharField(required=False)}
        ),
        responses={200: BatchSerializer},
    )
    @action(detail=True, methods=["post"])
    def face(self, request: Request, pk: str | None = None) -> Response:
        """Keeps faces (`keep`) or has them blanked (`blank`); the batch is built again."""
        batch = self.get_object()
        require_organiser(request.user, batch.question.challenge)
        said = payload(request)
        choose_face(batch=batch, face=str(said.get("face", "")), actor=request.user, reason=str(said.get("reason", "")))
        return Response(BatchSerializer(batch).data)

    @extend_schema(request=REASON, responses={200: BatchSerializer})
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: str | None = None) -> Response:
        batch = self.get_object()
        require_organiser(request.user, batch.question.challenge)
        revoke_batch(batch=batch, actor=request.user, reason=str(payload(request).get("reason", "")))
        return Response(BatchSerializer(batch).data)
