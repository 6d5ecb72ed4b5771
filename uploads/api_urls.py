"""API of this app, below /api/v1/."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from uploads.api import CreateUploadView, ExamViewSet, UploadViewSet, WithdrawCentreView

router = SimpleRouter()
router.register("exams", ExamViewSet, basename="exam")

urlpatterns = [
    path("uploads/", CreateUploadView.as_view(), name="uploads"),
    path("uploads/<uuid:pk>", UploadViewSet.as_view({"get": "retrieve"}), name="upload-address"),
    path("centres/<int:pk>/withdraw/", WithdrawCentreView.as_view(), name="centre-withdraw"),
    path("", include(router.urls)),
]
