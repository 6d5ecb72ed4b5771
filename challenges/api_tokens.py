"""One's own access tokens over HTTP."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext_noop
from drf_spectacular.utils import inline_serializer
from rest_framework import mixins, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from challenges.bodies import (
    TokenDraftBody,
)
from challenges.serializers import (
    AccessTokenSerializer,
)
from challenges.tokens import issue_token, revoke_token
from core.body import read_body, takes
from core.errors import NotAllowedError
from core.models import AccessToken


class AccessTokenViewSet(mixins.ListModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet[AccessToken]):
    """One's own access tokens. The secret is told once, when the token is made; deleting it ends it at once."""

    serializer_class = AccessTokenSerializer

    def perform_destroy(self, instance: AccessToken) -> None:
        revoke_token(token=instance)

    def get_queryset(self) -> QuerySet[AccessToken]:
        return AccessToken.objects.filter(user=self.request.user.pk).order_by("-created_at")

    @takes(
        TokenDraftBody,
        responses={
            201: inline_serializer(
                "NewToken",
                {
                    "id": serializers.IntegerField(),
                    "name": serializers.CharField(),
                    "secret": serializers.CharField(),
                    "expires_at": serializers.DateTimeField(),
                },
            )
        },
    )
    def create(self, request: Request) -> Response:
        """A new token, made by a person who is signed in: a token that leaked cannot make itself successors."""
        if request.auth is not None:
            raise NotAllowedError(gettext_noop("A token cannot create other tokens. Sign in with your password."))
        token, secret = issue_token(user=request.user, **read_body(request))
        return Response({**AccessTokenSerializer(token).data, "secret": secret}, status=201)
