"""API of this app, below /api/v1/."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from anonymization.api import ReviewViewSet, SeriesChoiceViewSet
from anonymization.api_corrections import CorrectionViewSet, ExamValuesViewSet
from anonymization.api_texts import TextViewSet, WordViewSet

router = SimpleRouter()
router.register("reviews", ReviewViewSet, basename="review")
router.register("exams", SeriesChoiceViewSet, basename="exam")
router.register("corrections", CorrectionViewSet, basename="correction")
router.register("words", WordViewSet, basename="word")
router.register("texts", TextViewSet, basename="text")

# A router of its own: these are exams too, and a router has one viewset of a name.
values = SimpleRouter()
values.register("exams", ExamValuesViewSet, basename="exam")

urlpatterns = [path("", include(router.urls)), path("", include(values.urls))]
