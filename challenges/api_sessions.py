"""One's own sessions in browsers, over HTTP: listed, and ended from elsewhere."""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from challenges.serializers import SignedSessionSerializer
from core.body import takes
from core.models import SignedSession
from core.signed_sessions import end_other_sessions, end_session, living_sessions


class SignedSessionViewSet(mixins.ListModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet[SignedSession]):
    """One's own sessions in browsers. Deleting one signs it out at once."""

    serializer_class = SignedSessionSerializer
    queryset = SignedSession.objects.none()  # the schema is made without a person and without a database

    def get_queryset(self) -> QuerySet[SignedSession]:
        return living_sessions(self.request.user).select_related("user")

    def perform_destroy(self, instance: SignedSession) -> None:
        end_session(instance)

    @takes(None, responses={204: None})
    @action(detail=False, methods=["post"], url_path="end-others")
    def end_others(self, request: Request) -> Response:
        """Ends every session of one's own but the one that this request is sent in; with a token, all of them."""
        present = None if request.auth is not None else request.session.session_key
        end_other_sessions(request.user, present)  # type: ignore[arg-type]
        return Response(status=204)
