"""Teams over HTTP: applying, approval, entering questions, leaving."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django_filters import rest_framework as filters
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from challenges.bodies import (
    ApprovalBody,
    ExclusionBody,
    NamedQuestionBody,
    TeamConflictBody,
    TeamDraftBody,
    TeamMergerBody,
)
from challenges.conflicts import declare_conflict
from challenges.lookup import named_question, visible_challenge
from challenges.models import Team, TeamEntry
from challenges.permissions import require_organiser, speaks_for
from challenges.serializers import (
    TeamDetailSerializer,
    TeamSerializer,
)
from challenges.teams import (
    apply_team,
    approve_team,
    enter_question,
    exclude_entry,
    leave_team,
    merge_teams,
    reject_team,
    waive_rules,
)
from core.body import ReasonBody, read_body, takes


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

    @takes(TeamDraftBody, responses={201: TeamDetailSerializer})
    def create(self, request: Request) -> Response:
        """Registers a team; the person who registers it is its lead. Only organisers may set `is_baseline`."""
        draft = read_body(request)
        challenge = visible_challenge(request.user, draft.pop("challenge"))
        if draft.get("is_baseline"):
            require_organiser(request.user, challenge)
        return self._answer(apply_team(challenge=challenge, user=request.user, **draft), 201)

    @takes(ApprovalBody, responses={200: TeamDetailSerializer})
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str | None = None) -> Response:
        """Lets the team in; where a rule is not met, `waiver` says why it is waived, if its question lets it be."""
        team = self._organised(request)
        approve_team(team=team, actor=request.user, waiver=read_body(request)["waiver"])
        return self._answer(team)

    @takes(ReasonBody, responses={200: TeamDetailSerializer})
    @action(detail=True, methods=["post"])
    def waive(self, request: Request, pk: str | None = None) -> Response:
        """Waives, for a team that is approved already, the rules that the question files let an organiser waive."""
        team = self._organised(request)
        waive_rules(team=team, actor=request.user, reason=read_body(request)["reason"])
        return self._answer(team)

    @takes(ReasonBody, responses={200: TeamDetailSerializer})
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str | None = None) -> Response:
        team = self._organised(request)
        reject_team(team=team, actor=request.user, reason=read_body(request)["reason"])
        return self._answer(team)

    @takes(NamedQuestionBody, responses={200: TeamDetailSerializer})
    @action(detail=True, methods=["post"])
    def enter(self, request: Request, pk: str | None = None) -> Response:
        """Enters a question of the challenge, named by its slug; from now on the team is on its board."""
        team = self.get_object()
        if not speaks_for(request.user, team):
            raise Http404
        question = named_question(team.challenge, read_body(request)["question"])
        enter_question(team=team, question=question, actor=request.user)
        return self._answer(team)

    @takes(None, responses={204: None})
    @action(detail=True, methods=["post"])
    def leave(self, request: Request, pk: str | None = None) -> Response:
        """The person leaves the team; a team that nobody is left in is withdrawn."""
        leave_team(team=self.get_object(), user=request.user)
        return Response(status=204)

    @takes(TeamConflictBody, responses={200: TeamDetailSerializer})
    @action(detail=True, methods=["post"], url_path="declare-conflict")
    def declare_conflict(self, request: Request, pk: str | None = None) -> Response:
        """A member declares a conflict of interest: an own part in the challenge, or the institution's."""
        team = self.get_object()
        declare_conflict(team=team, actor=request.user, words=read_body(request)["conflict"])
        return self._answer(team)

    @takes(TeamMergerBody, responses={200: TeamDetailSerializer})
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: str | None = None) -> Response:
        """Merges the team into another one, which enters its questions too; answers with that other team."""
        team = self._organised(request)
        body = read_body(request)
        into = get_object_or_404(self.get_queryset(), challenge=team.challenge, slug=body["into"])
        merge_teams(team=team, into=into, actor=request.user, reason=body["reason"])
        return self._answer(into)

    @takes(ExclusionBody, responses={200: TeamDetailSerializer})
    @action(detail=True, methods=["post"])
    def exclude(self, request: Request, pk: str | None = None) -> Response:
        """Takes the team out of a question's ranking, with the reason on the board."""
        team = self._organised(request)
        body = read_body(request)
        question = named_question(team.challenge, body["question"])
        entry = get_object_or_404(TeamEntry.objects.select_related("team"), team=team, question=question)
        exclude_entry(entry=entry, actor=request.user, reason=body["reason"])
        return self._answer(team)
