"""API of this app, below /api/v1/."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from batches.api import BatchViewSet, SplitViewSet

router = SimpleRouter()
router.register("splits", SplitViewSet, basename="split")
router.register("batches", BatchViewSet, basename="batch")

urlpatterns = [path("", include(router.urls))]
