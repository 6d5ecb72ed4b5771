"""The queue and the audit trail over HTTP, for organisers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from challenges.models import Challenge
from core.body import takes
from core.errors import MoveNotAllowedError
from core.models import AuditRecord, Work
from core.words import say
from pages.protection import protected_challenge, protection_tables
from pages.queue import retry_work, visible_records, visible_work
from pages.troubles import troubles_of


class WorkSerializer(serializers.ModelSerializer[Work]):
    """A piece of work; `reason` and `errors` say in words why it failed, `subject` names what it is about."""

    _titles: dict[int, str] | None = None
    subject = serializers.SerializerMethodField()
    reason = serializers.SerializerMethodField()
    errors = serializers.SerializerMethodField()  # type: ignore[assignment]

    class Meta:
        model = Work
        fields = [
            "id",
            "stage",
            "subject_id",
            "subject",
            "state",
            "attempts",
            "losses",
            "reason",
            "errors",
            "run_at",
            "created_at",
            "finished_at",
        ]

    def get_subject(self, row: Work) -> str:
        if self._titles is None:  # read once for the whole page
            rows = self.parent.instance if self.parent is not None else None
            self._titles = {trouble.row.pk: trouble.subject.title for trouble in troubles_of(rows or [row])}
        return self._titles[row.pk]

    def get_reason(self, row: Work) -> str:
        return say(row.faults[0]["template"], row.faults[0]["values"]) if row.faults else ""

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_errors(self, row: Work) -> list[dict[str, str]]:
        return [
            {"reason": fault["reason"], "where": fault["where"], "message": say(fault["template"], fault["values"])}
            for fault in row.faults
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

    @takes(None, responses={200: WorkSerializer})
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str | None = None) -> Response:
        """Offers failed work again from the start."""
        row = self.get_object()
        if not retry_work(row=row, actor=request.user):
            raise MoveNotAllowedError(gettext_noop("This task is running. Wait until it finishes."))
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
    search = filters.CharFilter(method="search_in_values")
    since = filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    until = filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt")

    class Meta:
        model = AuditRecord
        fields = ["verb", "subject_kind", "subject_id"]

    def in_challenge(self, rows: QuerySet[AuditRecord], name: str, value: str) -> QuerySet[AuditRecord]:
        return rows.filter(challenge_id__in=Challenge.objects.filter(slug=value).values("pk"))

    def search_in_values(self, rows: QuerySet[AuditRecord], name: str, value: str) -> QuerySet[AuditRecord]:
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


class ProtectionTableSerializer(serializers.Serializer[Any]):
    """A table of the data protection page: `rows` have one cell for each of `columns`."""

    name = serializers.CharField()
    title = serializers.CharField()
    columns = serializers.ListField(child=serializers.CharField())
    rows = serializers.ListField(child=serializers.ListField())
    note = serializers.CharField()


class ProtectionView(APIView):
    """`GET`: the tables of the data protection page with all their rows, for its officers and organisers."""

    @extend_schema(responses={200: ProtectionTableSerializer(many=True)})
    def get(self, request: Request, slug: str) -> Response:
        challenge = protected_challenge(request.user, slug)
        return Response([asdict(table) for table in protection_tables(challenge, limit=None)])
