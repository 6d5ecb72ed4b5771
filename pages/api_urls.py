"""API of this app, below /api/v1/."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from pages.api import AuditViewSet, WorkViewSet

router = SimpleRouter()
router.register("work", WorkViewSet, basename="work")
router.register("audit", AuditViewSet, basename="audit")

urlpatterns = [path("", include(router.urls))]
