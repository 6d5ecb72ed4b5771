"""API of this app, below /api/v1/."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from scoring.api import SubmissionViewSet
from scoring.api_jury import JuryImagesView, JurySessionViewSet, JuryView
from scoring.api_scores import RescoreView, ScoresView, TruthsView

router = SimpleRouter()
router.register("submissions", SubmissionViewSet, basename="submission")
router.register("jury/sessions", JurySessionViewSet, basename="jury-session")

urlpatterns = [
    path("submissions/scores/", ScoresView.as_view(), name="scores"),
    path("submissions/rescore/", RescoreView.as_view(), name="rescore"),
    path("truths/", TruthsView.as_view(), name="truths"),
    path("jury/", JuryView.as_view(), name="jury"),
    path("jury/cases/<uuid:pk>/images/", JuryImagesView.as_view(), name="jury-images"),
    path("", include(router.urls)),
]
