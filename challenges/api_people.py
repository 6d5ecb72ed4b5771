"""Who takes part, over HTTP: centres, invitations and roles."""

from __future__ import annotations

from dataclasses import asdict

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from challenges.bodies import (
    CentreDraftBody,
    CentreRevocationBody,
    InvitationDraftBody,
    InvitationSecretBody,
    RoleDraftBody,
)
from challenges.centre_keys import hand_out_key
from challenges.centres import add_centre
from challenges.invitations import (
    accept_invitation,
    cancel_invitation,
    invitation_link,
    invite_from_draft,
    require_inviter,
    resend_invitation,
)
from challenges.lookup import named_question, organised_challenge, visible_challenge
from challenges.models import Centre, Challenge, Invitation, Role, Team
from challenges.permissions import require_organiser
from challenges.revoke import revoke_membership, revoke_role
from challenges.roles import grant_role
from challenges.serializers import (
    CentreSerializer,
    InvitationSerializer,
    RoleSerializer,
)
from core.body import ReasonBody, read_body, takes
from core.errors import InvalidInputError
from core.models import User

NEW_INVITATION = inline_serializer(
    "NewInvitation",
    {
        "id": serializers.IntegerField(),
        "secret": serializers.CharField(),
        "link": serializers.URLField(),
        "expires_at": serializers.DateTimeField(),
    },
)


CENTRE_KEY = inline_serializer(
    "CentreKey",
    {
        "centre": serializers.CharField(),
        "derivation": serializers.IntegerField(),
        "key": serializers.CharField(help_text="Base64; keep it as you keep a password."),
    },
)


class CentreFilter(filters.FilterSet):
    challenge = filters.CharFilter(field_name="challenge__slug")

    class Meta:
        model = Centre
        fields = ["challenge", "slug"]


class CentreViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Centre]):
    """One's own centres; for organisers, those of the challenge."""

    serializer_class = CentreSerializer
    filterset_class = CentreFilter

    def get_queryset(self) -> QuerySet[Centre]:
        visible = Centre.objects.visible_to(self.request.user)
        return visible.select_related("challenge").prefetch_related("memberships__user")

    @takes(CentreDraftBody, responses={201: CentreSerializer})
    def create(self, request: Request) -> Response:
        draft = read_body(request)
        challenge = organised_challenge(request.user, draft.pop("challenge"))
        return Response(CentreSerializer(add_centre(challenge=challenge, actor=request.user, **draft)).data, status=201)

    @takes(CentreRevocationBody, responses={204: None})
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: str | None = None) -> Response:
        """The person sends nothing for this centre any more, from this moment; the reason is kept."""
        centre = self.get_object()
        require_organiser(request.user, centre.challenge)
        body = read_body(request)
        row = centre.memberships.filter(user__email__iexact=body["email"]).first()
        if row is None:
            raise InvalidInputError(gettext_noop("No uploader with this address in this centre."))
        revoke_membership(membership=row, actor=request.user, reason=body["reason"])
        return Response(status=204)

    @takes(None, responses={200: CENTRE_KEY})
    @action(detail=True, methods=["post"])
    def key(self, request: Request, pk: str | None = None) -> Response:
        """The centre's own key, for its people alone: pseudonyms are HMACs under it. Every time is on record."""
        handed = hand_out_key(centre=self.get_object(), actor=request.user)
        return Response(asdict(handed), headers={"Cache-Control": "no-store"})


class InvitationFilter(filters.FilterSet):
    challenge = filters.CharFilter(field_name="challenge__slug")

    class Meta:
        model = Invitation
        fields = ["challenge", "what", "email"]


def _with_link(invitation: Invitation, secret: str, status: int = 200) -> Response:
    document = InvitationSerializer(invitation).data
    return Response({**document, "secret": secret, "link": invitation_link(secret)}, status=status)


class InvitationViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Invitation]):
    """Invitations that one sent or to the team that one leads; for organisers, those of the challenge.

    Links are told once, when they are made.
    """

    serializer_class = InvitationSerializer
    filterset_class = InvitationFilter

    def get_queryset(self) -> QuerySet[Invitation]:
        user = self.request.user
        led = Q(team__in=Team.objects.filter(memberships__user=user.pk, memberships__leads=True))
        seen = Q(challenge__in=Challenge.objects.organised_by(user)) | Q(invited_by=user.pk) | led
        return Invitation.objects.filter(seen).select_related("challenge", "centre", "team", "question")

    @takes(
        InvitationDraftBody,
        responses={201: NEW_INVITATION},
    )
    def create(self, request: Request) -> Response:
        """Mails the invitation; the answer holds its link, this once. A team's lead may invite to that team."""
        draft = read_body(request)
        challenge = visible_challenge(request.user, draft.pop("challenge"))
        invitation, secret = invite_from_draft(challenge=challenge, actor=request.user, **draft)
        return _with_link(invitation, secret, 201)

    @takes(InvitationSecretBody, responses={200: InvitationSerializer})
    @action(detail=False, methods=["post"])
    def accept(self, request: Request) -> Response:
        """Accepts with the link's secret, as the person whose address was invited."""
        secret = read_body(request)["secret"].rstrip("/").rpartition("/")[2]
        return Response(InvitationSerializer(accept_invitation(secret=secret, user=request.user)).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        """Cancels an invitation that is not accepted: its link is dead."""
        invitation = self.get_object()
        require_inviter(request.user, invitation)
        cancel_invitation(invitation=invitation, actor=request.user)
        return Response(status=204)

    @takes(None, responses={200: NEW_INVITATION})
    @action(detail=True, methods=["post"])
    def resend(self, request: Request, pk: str | None = None) -> Response:
        """Mails a new link, which the answer holds, this once; the old one is dead."""
        invitation = self.get_object()
        require_inviter(request.user, invitation)
        return _with_link(invitation, resend_invitation(invitation=invitation, actor=request.user))


class RoleFilter(filters.FilterSet):
    challenge = filters.CharFilter(field_name="challenge__slug")

    class Meta:
        model = Role
        fields = ["challenge", "kind"]


class RoleViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Role]):
    """One's own roles; for organisers, everybody's in the challenge."""

    serializer_class = RoleSerializer
    filterset_class = RoleFilter

    def get_queryset(self) -> QuerySet[Role]:
        user = self.request.user
        seen = Q(challenge__in=Challenge.objects.organised_by(user)) | Q(user=user.pk)
        return Role.objects.filter(seen).select_related("challenge", "question", "user").order_by("id")

    @takes(RoleDraftBody, responses={201: RoleSerializer})
    def create(self, request: Request) -> Response:
        """Gives a role to somebody who has an account; others are invited."""
        draft = read_body(request)
        challenge = organised_challenge(request.user, draft["challenge"])
        user = User.objects.filter(email__iexact=draft["email"]).first()
        if user is None:
            raise InvalidInputError(gettext_noop("No account uses this address yet. Send an invitation instead."))
        question = named_question(challenge, draft["question"]) if draft.get("question") else None
        role = grant_role(challenge=challenge, user=user, kind=draft["kind"], question=question, actor=request.user)
        return Response(RoleSerializer(role).data, status=201)

    @takes(ReasonBody, responses={204: None})
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: str | None = None) -> Response:
        """The person holds the role no more, from this moment; the reason is kept. The last organiser stays."""
        role = self.get_object()
        require_organiser(request.user, role.challenge)
        revoke_role(role=role, actor=request.user, reason=read_body(request)["reason"])
        return Response(status=204)
