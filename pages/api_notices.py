"""A person's own notices over HTTP."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.body import Body, read_body, takes
from core.models import Notice
from core.notices import mark_seen, subject_of, text_of


class NoticeSerializer(serializers.ModelSerializer[Notice]):
    """`subject` and `text` are in the language of the request."""

    subject = serializers.SerializerMethodField()
    text = serializers.SerializerMethodField()

    class Meta:
        model = Notice
        fields = ["id", "kind", "subject", "text", "path", "created_at", "seen_at", "mail", "mailed_at"]

    def get_subject(self, notice: Notice) -> str:
        return subject_of(notice)

    def get_text(self, notice: Notice) -> str:
        return text_of(notice)


class SeenBody(Body):
    """Without ids, all notices are meant."""

    ids = serializers.ListField(child=serializers.IntegerField(min_value=1), required=False, max_length=1000)


class NoticeViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Notice]):
    """What the person should know, the newest first."""

    serializer_class = NoticeSerializer
    filterset_fields = ["kind"]
    queryset = Notice.objects.none()

    def get_queryset(self) -> Any:
        return Notice.objects.filter(user=self.request.user.pk).order_by("-id")

    @takes(
        SeenBody,
        responses={200: inline_serializer("SeenNotices", {"seen": serializers.IntegerField()})},
    )
    @action(detail=False, methods=["post"])
    def seen(self, request: Request) -> Response:
        """Marks notices as seen, and says how many were new."""
        return Response({"seen": mark_seen(request.user, read_body(request).get("ids"))})
