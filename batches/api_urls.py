"""API of this app, below /api/v1/."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from batches.api import BatchViewSet, DeletionRequestViewSet, SplitViewSet

router = SimpleRouter()
router.register("splits", SplitViewSet, basename="split")
router.register("batches", BatchViewSet, basename="batch")
router.register("deletions", DeletionRequestViewSet, basename="deletion")

urlpatterns = [path("", include(router.urls))]
