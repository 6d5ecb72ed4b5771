"""API of this app, below /api/v1/."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from leaderboard.api import AnnouncementViewSet, BoardView, CertificatesView, EditionView, MethodsView, RankingViewSet

router = SimpleRouter()
router.register("rankings", RankingViewSet, basename="ranking")
router.register("announcements", AnnouncementViewSet, basename="announcement")

urlpatterns = [
    path("results/<slug:challenge>/certificates/<slug:kind>/", CertificatesView.as_view(), name="certificates"),
    path("results/<slug:challenge>/methods/", MethodsView.as_view(), name="methods"),
    path("results/<slug:challenge>/", EditionView.as_view(), name="edition"),
    path("boards/<slug:challenge>/<slug:question>/", BoardView.as_view(), name="board"),
    path("", include(router.urls)),
]
