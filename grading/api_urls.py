"""API of this app, below /api/v1/."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from grading.api import ReadingViewSet

router = SimpleRouter()
router.register("readings", ReadingViewSet, basename="reading")

urlpatterns = [path("", include(router.urls))]
