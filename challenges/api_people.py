"""Who takes part, over HTTP: centres, teams, invitations, roles and one's own access tokens."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_noop
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from challenges.api import read_payload
from challenges.invitations import invitation_link, invite_from_draft, require_inviter
from challenges.lookup import organised_challenge, visible_challenge
from challenges.models import Centre, Challenge, Invitation, Question, Role, Team, TeamEntry
from challenges.people import (
    accept_invitation,
    add_centre,
    apply_team,
    approve_team,
    cancel_invitation,
    enter_question,
    exclude_entry,
    grant_role,
    leave_team,
    reject_team,
    require_organiser,
    resend_invitation,
    waive_rules,
)
from challenges.permissions import speaks_for
from challenges.revoke import revoke_membership, revoke_role
from challenges.serializers import (
    AccessTokenSerializer,
    CentreDraftSerializer,
    CentreSerializer,
    InvitationDraftSerializer,
    InvitationSerializer,
    RoleDraftSerializer,
    RoleSerializer,
    TeamDetailSerializer,
    TeamDraftSerializer,
    TeamSerializer,
)
from challenges.tokens import issue_token, revoke_token
from core.errors import InvalidInputError, NotAllowedError
from core.models import AccessToken, User
from core.payload import payload

NEW_INVITATION = inline_serializer(
    "NewInvitation",
    {
        "id": serializers.IntegerField(),
        "secret": serializers.CharField(),
        "link": serializers.URLField(),
        "expires_at": serializers.DateTimeField(),
    },
)
REASON = inline_serializer("TeamReason", {"reason": serializers.CharField()})


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

    @extend_schema(request=CentreDraftSerializer, responses={201: CentreSerializer})
    def create(self, request: Request) -> Response:
        draft = read_payload(CentreDraftSerializer, request)
        challenge = organised_challenge(request.user, draft.pop("challenge"))
        return Response(CentreSerializer(add_centre(challenge=challenge, actor=request.user, **draft)).data, status=201)

    @extend_schema(
        request=inline_serializer(
            "CentreRevocation", {"email": serializers.EmailField(), "reason": serializers.CharField()}
        ),
        responses={204: None},
    )
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: str | None = None) -> Response:
        """The person sends nothing for this centre any more, from this moment; the reason is kept."""
        centre = self.get_object()
        require_organiser(request.user, centre.challenge)
        row = centre.memberships.filter(user__email__iexact=str(payload(request).get("email", ""))).first()
        if row is None:
            raise InvalidInputError(gettext_noop("Nobody with this address sends for this centre."))
        revoke_membership(membership=row, actor=request.user, reason=str(payload(request).get("reason", "")))
        return Response(status=204)


class TeamFilter(filters.FilterSet):
    challenge = filters.CharFilter(field_name="challenge__slug")

    class Meta:
        model = Team
        fields = ["challenge", "slug", "state"]


class TeamViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Team]):
    """One's own team; for organisers, every team of the challenge."""

    filterset_class = TeamFilter

    def get_queryset(self) -> QuerySet[Team]:
        visible = Team.objects.visible_to(self.request.user)
        return visible.select_related("challenge").prefetch_related("memberships__user", "entries__question")

    def get_serializer_class(self) -> Any:
        return TeamSerializer if self.action == "list" else TeamDetailSerializer

    def _answer(self, team: Team, status: int = 200) -> Response:
        fresh = self.get_queryset().get(pk=team.pk)
        return Response(TeamDetailSerializer(fresh, context=self.get_serializer_context()).data, status=status)

    def _organised(self, request: Request) -> Team:
        team = self.get_object()
        require_organiser(request.user, team.challenge)
        return team

    @extend_schema(request=TeamDraftSerializer, responses={201: TeamDetailSerializer})
    def create(self, request: Request) -> Response:
        """Applies with a new team; whoever applies is its lead. `is_baseline` is the organisers' to say."""
        draft = read_payload(TeamDraftSerializer, request)
        challenge = visible_challenge(request.user, draft.pop("challenge"))
        if draft.get("is_baseline"):
            require_organiser(request.user, challenge)
        return self._answer(apply_team(challenge=challenge, user=request.user, **draft), 201)

    @extend_schema(
        request=inline_serializer("Waiver", {"waiver": serializers.CharField(required=False, allow_blank=True)}),
        responses={200: TeamDetailSerializer},
    )
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str | None = None) -> Response:
        """Lets the team in; where a rule is not met, `waiver` says why it is waived, if its question lets it be."""
        team = self._organised(request)
        approve_team(team=team, actor=request.user, waiver=str(payload(request).get("waiver", "")))
        return self._answer(team)

    @extend_schema(request=REASON, responses={200: TeamDetailSerializer})
    @action(detail=True, methods=["post"])
    def waive(self, request: Request, pk: str | None = None) -> Response:
        """Waives, for a team that is approved already, the rules that the question files let an organiser waive."""
        team = self._organised(request)
        waive_rules(team=team, actor=request.user, reason=str(payload(request).get("reason", "")))
        return self._answer(team)

    @extend_schema(request=REASON, responses={200: TeamDetailSerializer})
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str | None = None) -> Response:
        team = self._organised(request)
        reject_team(team=team, actor=request.user, reason=str(payload(request).get("reason", "")))
        return self._answer(team)

    @extend_schema(
        request=inline_serializer("Entry", {"question": serializers.CharField()}), responses={200: TeamDetailSerializer}
    )
    @action(detail=True, methods=["post"])
    def enter(self, request: Request, pk: str | None = None) -> Response:
        """Enters a question of the challenge, named by its slug; from now on the team is on its board."""
        team = self.get_object()
        if not speaks_for(request.user, team):
            raise Http404
        question = named_question(team.challenge, str(payload(request).get("question", "")))
        enter_question(team=team, question=question, actor=request.user)
        return self._answer(team)

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def leave(self, request: Request, pk: str | None = None) -> Response:
        """The person leaves the team; a team that nobody is left in is withdrawn."""
        leave_team(team=self.get_object(), user=request.user)
        return Response(status=204)

    @extend_schema(
        request=inline_serializer(
            "Exclusion", {"question": serializers.CharField(), "reason": serializers.CharField()}
        ),
        responses={200: TeamDetailSerializer},
    )
    @action(detail=True, methods=["post"])
    def exclude(self, request: Request, pk: str | None = None) -> Response:
        """Takes the team out of a question's ranking, with the reason on the board."""
        team = self._organised(request)
        question = named_question(team.challenge, str(payload(request).get("question", "")))
        entry = get_object_or_404(TeamEntry.objects.select_related("team"), team=team, question=question)
        exclude_entry(entry=entry, actor=request.user, reason=str(payload(request).get("reason", "")))
        return self._answer(team)


def named_question(challenge: Challenge, name: str) -> Question:
    """A question of this challenge by its slug, or by challenge/slug."""
    slug = name.rpartition("/")[2]
    question = challenge.questions.filter(slug=slug).first()
    if question is None:
        raise InvalidInputError(gettext_noop("This challenge has no question '%(name)s'."), name=name[:80])
    return question


class InvitationFilter(filters.FilterSet):
    challenge = filters.CharFilter(field_name="challenge__slug")

    class Meta:
        model = Invitation
        fields = ["challenge", "what", "email"]


def _told(invitation: Invitation, secret: str, status: int = 200) -> Response:
    said = InvitationSerializer(invitation).data
    return Response({**said, "secret": secret, "link": invitation_link(secret)}, status=status)


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

    @extend_schema(
        request=InvitationDraftSerializer,
        responses={201: NEW_INVITATION},
    )
    def create(self, request: Request) -> Response:
        """Mails the invitation; the answer holds its link, this once. A team's lead may invite to that team."""
        draft = read_payload(InvitationDraftSerializer, request)
        challenge = visible_challenge(request.user, draft.pop("challenge"))
        invitation, secret = invite_from_draft(challenge=challenge, actor=request.user, **draft)
        return _told(invitation, secret, 201)

    @extend_schema(
        request=inline_serializer("InvitationSecret", {"secret": serializers.CharField()}),
        responses={200: InvitationSerializer},
    )
    @action(detail=False, methods=["post"])
    def accept(self, request: Request) -> Response:
        """Accepts with the link's secret, as the person whose address was invited."""
        secret = str(payload(request).get("secret", "")).rstrip("/").rpartition("/")[2]
        return Response(InvitationSerializer(accept_invitation(secret=secret, user=request.user)).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        """Cancels an invitation that is not accepted: its link is dead."""
        invitation = self.get_object()
        require_inviter(request.user, invitation)
        cancel_invitation(invitation=invitation, actor=request.user)
        return Response(status=204)

    @extend_schema(request=None, responses={200: NEW_INVITATION})
    @action(detail=True, methods=["post"])
    def resend(self, request: Request, pk: str | None = None) -> Response:
        """Mails a new link, which the answer holds, this once; the old one is dead."""
        invitation = self.get_object()
        require_inviter(request.user, invitation)
        return _told(invitation, resend_invitation(invitation=invitation, actor=request.user))


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

    @extend_schema(request=RoleDraftSerializer, responses={201: RoleSerializer})
    def create(self, request: Request) -> Response:
        """Gives a role to somebody who has an account; others are invited."""
        draft = read_payload(RoleDraftSerializer, request)
        challenge = organised_challenge(request.user, draft["challenge"])
        user = User.objects.filter(email__iexact=draft["email"]).first()
        if user is None:
            raise InvalidInputError(gettext_noop("Nobody here uses this address yet. Send an invitation instead."))
        question = named_question(challenge, draft["question"]) if draft.get("question") else None
        role = grant_role(challenge=challenge, user=user, kind=draft["kind"], question=question, actor=request.user)
        return Response(RoleSerializer(role).data, status=201)

    @extend_schema(
        request=inline_serializer("RoleRevocation", {"reason": serializers.CharField()}), responses={204: None}
    )
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: str | None = None) -> Response:
        """The person holds the role no more, from this moment; the reason is kept. The last organiser stays."""
        role = self.get_object()
        require_organiser(request.user, role.challenge)
        revoke_role(role=role, actor=request.user, reason=str(payload(request).get("reason", "")))
        return Response(status=204)


class AccessTokenViewSet(mixins.ListModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet[AccessToken]):
    """One's own access tokens. The secret is told once, when the token is made; deleting it ends it at once."""

    serializer_class = AccessTokenSerializer

    def perform_destroy(self, instance: AccessToken) -> None:
        revoke_token(token=instance)

    def get_queryset(self) -> QuerySet[AccessToken]:
        return AccessToken.objects.filter(user=self.request.user.pk).order_by("-created_at")

    @extend_schema(
        request=inline_serializer(
            "TokenDraft", {"name": serializers.CharField(), "days": serializers.IntegerField(required=False)}
        ),
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
            raise NotAllowedError(gettext_noop("A token cannot make tokens. Sign in with your password."))
        name = serializers.CharField(max_length=80).run_validation(payload(request).get("name"))
        days = serializers.IntegerField(min_value=1, max_value=365).run_validation(payload(request).get("days", 90))
        token, secret = issue_token(user=request.user, name=name, days=days)
        return Response({**AccessTokenSerializer(token).data, "secret": secret}, status=201)
