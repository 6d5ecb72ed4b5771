"""API of this app, below /api/v1/."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from challenges.api import ChallengeViewSet, CharterViewSet, PhaseViewSet, QuestionViewSet
from challenges.api_drafts import QuestionDraftViewSet
from challenges.api_people import CentreViewSet, InvitationViewSet, RoleViewSet
from challenges.api_sessions import SignedSessionViewSet
from challenges.api_teams import TeamViewSet
from challenges.api_tokens import AccessTokenViewSet

router = SimpleRouter()
router.register("challenges", ChallengeViewSet, basename="challenge")
router.register("questions", QuestionViewSet, basename="question")
router.register("drafts", QuestionDraftViewSet, basename="draft")
router.register("phases", PhaseViewSet, basename="phase")
router.register("charters", CharterViewSet, basename="charter")
router.register("centres", CentreViewSet, basename="centre")
router.register("teams", TeamViewSet, basename="team")
router.register("invitations", InvitationViewSet, basename="invitation")
router.register("roles", RoleViewSet, basename="role")
router.register("tokens", AccessTokenViewSet, basename="token")
router.register("sessions", SignedSessionViewSet, basename="signed-session")

urlpatterns = [path("", include(router.urls))]
