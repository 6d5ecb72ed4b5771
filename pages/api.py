"""The queue and the audit trail over HTTP, for organisers."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from challenges.models import Challenge
from core.errors import MoveNotAllowedError
from core.models import AuditRecord, Work
from pages.queue import retry_work, visible_records, visible_work


class WorkSerializer(serializers.ModelSerializer[Work]):
    class Meta:
        model = Work
        fields = [
            "id",
            "stage",
            "subject_id",
            "state",
            "attempts",
            "losses",
            "reason",
            "run_at",
            "created_at",
            "finished_at",
        ]


class WorkFilter(filters.FilterSet):
    challenge = filters.CharFilter(method="in_challenge")

    class Meta:
        model = Work
        fields = ["state", "stage", "challenge"]

    def in_challenge(self, rows: QuerySet[Work], name: str, value: str) -> QuerySet[Work]:
        return rows.filter(challenge_id__in=Challenge.objects.filter(slug=value).values("pk"))


class WorkViewSet(viewsets.ReadOnlyModelViewSet[Work]):
    """The queue of one's challenges: what waits, runs, is done or has failed, with the reason."""

    serializer_class = WorkSerializer
    filterset_class = WorkFilter

    def get_queryset(self) -> QuerySet[Work]:
        return visible_work(self.request.user).order_by("id")

    @extend_schema(request=None, responses={200: WorkSerializer})
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str | None = None) -> Response:
        """Offers failed work again from the start."""
        row = self.get_object()
        if not retry_work(row=row, actor=request.user):
            raise MoveNotAllowedError(gettext_noop("This work is being done right now. Wait for its end."))
        row.refresh_from_db()
        return Response(WorkSerializer(row).data)


class AuditSerializer(serializers.ModelSerializer[AuditRecord]):
    actor = serializers.CharField(source="actor.email", default=None)

    class Meta:
        model = AuditRecord
        fields = [
            "id", "at", "actor", "verb", "subject_kind", "subject_id", "before", "after", "reason", "detail", "sequence", "chain",
        ]  # fmt: skip


class AuditFilter(filters.FilterSet):
    challenge = filters.CharFilter(method="in_challenge")
    search = filters.CharFilter(method="found")
    since = filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    until = filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt")

    class Meta:
        model = AuditRecord
        fields = ["verb", "subject_kind", "subject_id"]

    def in_challenge(self, rows: QuerySet[AuditRecord], name: str, value: str) -> QuerySet[AuditRecord]:
        return rows.filter(challenge_id__in=Challenge.objects.filter(slug=value).values("pk"))

    def found(self, rows: QuerySet[AuditRecord], name: str, value: str) -> QuerySet[AuditRecord]:
        return rows.filter(search_of(value))


def search_of(text: str) -> Q:
    """Records whose verb, subject, reason or actor hold the text."""
    return (
        Q(verb__icontains=text)
        | Q(subject_id__icontains=text)
        | Q(reason__icontains=text)
        | Q(actor__email__icontains=text)
        | Q(actor__full_name__icontains=text)
    )


class AuditViewSet(viewsets.ReadOnlyModelViewSet[AuditRecord]):
    """Who changed what, when and why, in one's challenges."""

    serializer_class = AuditSerializer
    filterset_class = AuditFilter

    def get_queryset(self) -> Any:
        return visible_records(self.request.user).select_related("actor").order_by("-id")
