"""API of this app, below /api/v1/."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from pages.api import AuditViewSet, ProtectionView, WorkViewSet
from pages.api_notices import NoticeViewSet

router = SimpleRouter()
router.register("work", WorkViewSet, basename="work")
router.register("notices", NoticeViewSet, basename="notice")
router.register("audit", AuditViewSet, basename="audit")

urlpatterns = [
    path("challenges/<slug:slug>/protection/", ProtectionView.as_view(), name="challenge-protection"),
    path("", include(router.urls)),
]
